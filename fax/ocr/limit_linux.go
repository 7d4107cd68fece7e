package ocr

import (
	"fmt"
	"syscall"
)

// limitMemory caps the address space of this process, so that a page which
// makes the engine ask for gigabytes ends the child and not the machine.
func limitMemory(bytes int64) error {
	if bytes <= 0 {
		return nil
	}
	lim := syscall.Rlimit{Cur: uint64(bytes), Max: uint64(bytes)}
	if err := syscall.Setrlimit(syscall.RLIMIT_AS, &lim); err != nil {
		return fmt.Errorf("ocr: memory limit of %d bytes: %w", bytes, err)
	}
	return nil
}
