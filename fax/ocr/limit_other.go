//go:build !linux

package ocr

// limitMemory does nothing here: only Linux keeps to an address space limit
// that the Go runtime can live with.
func limitMemory(int64) error { return nil }
