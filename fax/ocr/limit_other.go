//go:build !linux

package ocr

import "time"

// limitMemory does nothing here: only Linux keeps to an address space limit
// that the Go runtime can live with.
func limitMemory(int64) error { return nil }

// endAtCPU and budgetCPU do nothing here; Config.PageTime still ends a page.
func endAtCPU() {}

func budgetCPU(time.Duration) error { return nil }
