package main

import (
	"fmt"
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"go.uber.org/goleak"
)

// TestMain lets this test program be refloop itself: as a command of scripts, and as the child process of a daemon, which is started
// through /proc/self/exe.
func TestMain(m *testing.M) {
	refloop := func() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }
	if len(os.Args) > 1 && (os.Args[1] == "ocr-worker" || os.Args[1] == "pdf-worker") {
		refloop()
	}
	testscript.Main(leakless{m}, map[string]func(){"refloop": refloop})
}

// leakless fails a run that leaves goroutines behind.
type leakless struct{ m *testing.M }

// Run implements testscript.TestingM.
func (l leakless) Run() int {
	code := l.m.Run()
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}
