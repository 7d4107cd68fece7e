package fax

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"
)

// exitNoTool is the exit code of a worker that does not find its tool.
const exitNoTool = 69

// What a worker can be told to do.
const (
	modeDraw  = "draw"
	modeWords = "words"
)

// Worker is the body of the hidden command pdf-worker: it sets limits on its own process and then becomes pdftoppm or pdftotext, which
// read the PDF from standard input and write what they find on one page to standard output. The arguments are those that Drawer adds:
// what to do, bytes of address space, seconds of processor time, page. It only returns when that fails; the result is the exit code.
func Worker(args []string) int {
	if len(args) != 4 || args[0] != modeDraw && args[0] != modeWords {
		fmt.Fprintln(os.Stderr, "pdf-worker: got other arguments than the daemon gives; it is not meant to be called by hand")
		return 2
	}
	var values [3]uint64
	for i, s := range args[1:] {
		n, err := strconv.ParseUint(s, 10, 63)
		if err != nil {
			fmt.Fprintln(os.Stderr, "pdf-worker: got an argument that is no number")
			return 2
		}
		values[i] = n
	}
	page := strconv.FormatUint(values[2], 10)
	command := []string{"pdftoppm", "-q", "-gray", "-r", strconv.Itoa(drawDPI), "-f", page, "-l", page, "-"}
	if args[0] == modeWords {
		command = []string{"pdftotext", "-q", "-bbox-layout", "-enc", "UTF-8", "-f", page, "-l", page, "-", "-"}
	}
	tool, err := exec.LookPath(command[0])
	if err != nil {
		fmt.Fprintln(os.Stderr, "pdf-worker: a tool is not installed; apt-get install poppler-utils")
		return exitNoTool
	}
	if err := limit(values[0], values[1]); err != nil {
		fmt.Fprintln(os.Stderr, "pdf-worker:", err)
		return 1
	}
	err = syscall.Exec(tool, command, os.Environ())
	fmt.Fprintln(os.Stderr, "pdf-worker: starting the tool:", err)
	return 1
}

// limit bounds this process and what it becomes: memory, processor time, no files of more than a page, no core dumps.
func limit(memory, seconds uint64) error {
	var errs []error
	for _, l := range []struct {
		what  int
		value uint64
	}{{syscall.RLIMIT_CORE, 0}, {syscall.RLIMIT_FSIZE, maxPicture}, {syscall.RLIMIT_CPU, seconds}, {syscall.RLIMIT_AS, memory}} {
		if err := syscall.Setrlimit(l.what, &syscall.Rlimit{Cur: l.value, Max: l.value}); err != nil {
			errs = append(errs, fmt.Errorf("limit %d: %w", l.what, err))
		}
	}
	return errors.Join(errs...)
}
