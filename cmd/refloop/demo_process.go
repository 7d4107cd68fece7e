package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// demoProcess is one running `refloop serve`.
type demoProcess struct {
	cmd  *exec.Cmd
	done chan error
}

// demoWait is the longest time any one thing of the demo may take.
const demoWait = 60 * time.Second

// start runs `refloop serve` in the site's folder and waits for its `ready`. Its log goes to serve.log.
func (s *demoSite) start(ctx context.Context, self string) error {
	log, err := os.Create(filepath.Join(s.dir, "serve.log"))
	if err != nil {
		return fmt.Errorf("demo: %s: %w", s.name, err)
	}
	defer log.Close()
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	cmd := exec.Command(self, "serve", "-c", "refloop.yaml")
	cmd.Dir, cmd.Stderr, cmd.Stdout = s.dir, w, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // ^C is for the demo, which stops them in order
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("demo: starting %s: %w", s.name, err)
	}
	if err := w.Close(); err != nil {
		return err
	}
	ready := make(chan bool, 1)
	go copyLog(r, filepath.Join(s.dir, "serve.log"), ready)
	s.process = &demoProcess{cmd: cmd, done: make(chan error, 1)}
	go func() { s.process.done <- cmd.Wait() }()
	select {
	case <-ready:
		return nil
	case err := <-s.process.done:
		return fmt.Errorf("demo: %s ended before it was ready (%v); see %s/serve.log", s.name, err, s.dir)
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(demoWait):
		return fmt.Errorf("demo: %s was not ready after %s; see %s/serve.log", s.name, demoWait, s.dir)
	}
}

// copyLog writes what a daemon prints to its log file and says when it printed ready. Without the file the lines are read all the same,
// so that the daemon never waits for us.
func copyLog(r *os.File, path string, ready chan<- bool) {
	defer r.Close()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o644)
	if err == nil {
		defer f.Close()
	}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if lines.Text() == "ready" {
			ready <- true
		}
		if f != nil {
			fmt.Fprintln(f, lines.Text())
		}
	}
}

// stop ends a site's daemon by its own pid and waits for it.
func (s *demoSite) stop() error {
	if s.process == nil {
		return nil
	}
	if err := s.process.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("demo: stopping %s: %w", s.name, err)
	}
	select {
	case err := <-s.process.done:
		return err
	case <-time.After(30 * time.Second):
		return fmt.Errorf("demo: %s did not stop within 30 s", s.name)
	}
}

// command runs one refloop command on the site, as its staff would, and returns what it printed.
func (d *demo) command(s *demoSite, stdin string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(d.ctx, d.self, append(args, "-c", "refloop.yaml")...)
	cmd.Dir = s.dir
	if stdin != "" {
		cmd.Stdin = strings.NewReader(stdin)
	}
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("demo: %s: refloop %s: %w: %s", s.name, strings.Join(args, " "), err, strings.TrimSpace(errs.String()))
	}
	return out.Bytes(), nil
}

// rows runs a listing and reads its JSON lines.
func (d *demo) rows(s *demoSite, args ...string) ([]map[string]any, error) {
	b, err := d.command(s, "", append(args, "--json")...)
	if err != nil {
		return nil, err
	}
	var out []map[string]any
	dec := json.NewDecoder(bytes.NewReader(b))
	for dec.More() {
		var row map[string]any
		if err := dec.Decode(&row); err != nil {
			return nil, fmt.Errorf("demo: %s: reading %s: %w", s.name, args[0], err)
		}
		out = append(out, row)
	}
	return out, nil
}

// until asks again and again until found is satisfied; what names the thing for the error.
func (d *demo) until(what string, found func() (bool, error)) error {
	deadline := time.NewTimer(demoWait)
	defer deadline.Stop()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		ok, err := found()
		if err != nil || ok {
			return err
		}
		select {
		case <-d.ctx.Done():
			return d.ctx.Err()
		case <-deadline.C:
			return fmt.Errorf("demo: waited %s for: %s", demoWait, what)
		case <-tick.C:
		}
	}
}
