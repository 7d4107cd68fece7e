package ocr

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

// child is one running worker process.
type child struct {
	cmd   *exec.Cmd
	in    io.WriteCloser
	out   *bufio.Reader
	pages int
}

// startChild starts a worker and waits until its engine is loaded.
func startChild(ctx context.Context, cfg Config) (*child, error) {
	cmd := exec.Command(cfg.Command[0], cfg.Command[1:]...)
	// Tesseract's OpenMP threads spin on each other: with more than one a page
	// costs six times the time on two cores.
	cmd.Env = append(append(os.Environ(), "OMP_THREAD_LIMIT=1", "OMP_NUM_THREADS=1", "MALLOC_ARENA_MAX=2"), cfg.Env...)
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("ocr: starting a worker: %w", err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("ocr: starting a worker: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("ocr: starting a worker: %w", err)
	}
	c := &child{cmd: cmd, in: in, out: bufio.NewReaderSize(out, 1<<16)}
	var r ready
	err = c.guarded(ctx, func() error {
		if err := writeFrame(in, kindHello, hello{Memory: max(cfg.Memory, 0), CPU: max(cfg.PageCPU, 0), Language: cfg.Language}, nil); err != nil {
			return err
		}
		_, err := readFrame(c.out, kindReady, &r, 0)
		return err
	})
	if err != nil {
		how := c.end()
		return nil, fmt.Errorf("%w: the worker did not start (%s); do check that %q runs", ErrNoEngine, how, cfg.Command[0])
	}
	if r.Err != "" {
		c.end()
		return nil, fmt.Errorf("%w: %s", ErrNoEngine, strings.TrimPrefix(r.Err, ErrNoEngine.Error()+": "))
	}
	return c, nil
}

// ask sends one page and waits for its words. After an error the child must
// be ended.
func (c *child) ask(ctx context.Context, req Request) (reply Reply, refusal string, err error) {
	c.pages++
	err = c.guarded(ctx, func() error {
		if err := writeRequest(c.in, req); err != nil {
			return err
		}
		reply, refusal, err = readReply(c.out, req)
		return err
	})
	return reply, refusal, err
}

// guarded runs talk and kills the child when ctx ends first, which ends the
// blocked read or write with it.
func (c *child) guarded(ctx context.Context, talk func() error) error {
	stop := context.AfterFunc(ctx, func() { _ = c.cmd.Process.Kill() })
	err := talk()
	if !stop() {
		return errors.Join(ctx.Err(), err)
	}
	return err
}

// end closes the child's input, kills it and waits; it says how it ended.
func (c *child) end() string {
	_ = c.in.Close()
	_ = c.cmd.Process.Kill()
	if err := c.cmd.Wait(); err != nil {
		return err.Error()
	}
	return "exit status 0"
}

// usedUp tells of an ended child whether it was its processor time that ended it.
func (c *child) usedUp() bool {
	return c.cmd.ProcessState != nil && c.cmd.ProcessState.ExitCode() == cpuExit
}
