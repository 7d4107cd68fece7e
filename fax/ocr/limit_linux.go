package ocr

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
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

// endAtCPU makes this process end with cpuExit when the kernel says that the
// budget of a page is used up. It works while native code is busy, because Go
// handles signals on a thread of its own. It never stops watching.
func endAtCPU() {
	used := make(chan os.Signal, 1)
	signal.Notify(used, syscall.SIGXCPU)
	go func() {
		<-used
		os.Exit(cpuExit)
	}()
}

// budgetCPU lets this process use more processor time by d, rounded up to
// whole seconds, than it has used so far.
func budgetCPU(d time.Duration) error {
	if d <= 0 {
		return nil
	}
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return fmt.Errorf("ocr: processor time: %w", err)
	}
	var lim syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_CPU, &lim); err != nil {
		return fmt.Errorf("ocr: processor time: %w", err)
	}
	used := time.Duration(u.Utime.Nano() + u.Stime.Nano())
	lim.Cur = min(uint64((used+d+time.Second-1)/time.Second), lim.Max)
	if err := syscall.Setrlimit(syscall.RLIMIT_CPU, &lim); err != nil {
		return fmt.Errorf("ocr: processor time limit of %v: %w", d, err)
	}
	return nil
}
