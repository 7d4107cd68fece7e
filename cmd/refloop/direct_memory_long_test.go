//go:build long && linux

package main

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"refloop/internal/directkit"
)

// Twenty mails of 20 MB at once, and how much memory the daemon may have taken at its peak. limits.memory is 256 MiB, which counts what is
// being taken in and, at four times its size, what is being opened; the collector may have as much again. The rest is SQLite, code and stacks.
const (
	largeMails  = 20
	largeBytes  = 20_000_000
	largestPeak = 600 << 20
)

// TestTwentyLargeMails measures the resident memory of the daemon, in a process of its own, while twenty large mails come at once. Over the
// budget it answers 452 and the sender comes again, so all of them arrive.
func TestTwentyLargeMails(t *testing.T) {
	w := directkit.New(t)
	sink, relay := serveSink(t)
	listen, err := freeAddress()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	text := fmt.Sprintf(kitYAML, serveNothing(t), relay, listen)
	for name, b := range kitFiles(t, w) {
		if err := errors.Join(os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700), os.WriteFile(filepath.Join(dir, name), b, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	config := filepath.Join(dir, "refloop.yaml")
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	process := startDaemon(t, config)
	calm := memoryOf(t, process, "VmRSS")

	id := directkit.Leaf(t, "direct.large.example", "rsa2048b", &w.Anchor, nil)
	body := "Content-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=large.bin\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
		directkit.Base64(bytes.Repeat([]byte("synthetic "), largeBytes*10/18/10), 76, "\r\n")
	var raws [largeMails][]byte
	for i := range raws {
		raws[i] = directkit.Mail{
			From: "<clinic@direct.large.example>", To: "<" + directkit.North + ">", ID: fmt.Sprintf("<large%d@direct.large.example>", i), Body: body,
			Signers: []directkit.Signer{{Identity: id}}, Recipients: []*x509.Certificate{w.Ours[directkit.North].Certificate},
		}.Make(t)
	}
	var busy atomic.Int64
	var wg sync.WaitGroup
	for _, raw := range raws {
		wg.Go(func() { deliverLarge(t, listen, raw, &busy) })
	}
	wg.Wait()
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	for limit := time.After(5 * time.Minute); sink.count() < largeMails; { // each is answered by a processed notification
		select {
		case <-limit:
			t.Fatalf("%d of %d mails were answered", sink.count(), largeMails)
		case <-again.C:
		}
	}
	peak := memoryOf(t, process, "VmHWM")
	t.Logf("%d mails of %d bytes at once: resident memory %d MiB before, %d MiB at the peak; %d times answered 452", largeMails, len(raws[0]), calm>>20, peak>>20, busy.Load())
	if peak > largestPeak {
		t.Errorf("got %d MiB, want at most %d", peak>>20, largestPeak>>20)
	}
}

// deliverLarge sends a mail until it is taken.
func deliverLarge(t *testing.T, listen string, raw []byte, busy *atomic.Int64) {
	t.Helper()
	for range 1000 {
		c, err := smtp.Dial(listen)
		if err != nil {
			t.Error(err)
			return
		}
		c.SubmissionTimeout = 5 * time.Minute
		err = c.SendMail("clinic@direct.large.example", []string{directkit.North}, bytes.NewReader(raw))
		c.Close()
		var answered *smtp.SMTPError
		switch {
		case err == nil:
			return
		case errors.As(err, &answered) && answered.Code != 452:
			t.Errorf("got %d, want 250 or 452", answered.Code)
			return
		}
		busy.Add(1) // 452, or the connection was closed while we still sent
	}
	t.Error("never taken")
}

// startDaemon starts this program as refloop and waits until it is ready.
func startDaemon(t *testing.T, config string) int {
	t.Helper()
	ready := make(chan struct{})
	errs := &readyWriter{ready: ready}
	cmd := &exec.Cmd{Path: "/proc/self/exe", Args: []string{"refloop", "serve", "-c", config}, Env: os.Environ(), Stdout: errs, Stderr: errs}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { defer close(done); _ = cmd.Wait() }()
	t.Cleanup(func() { _ = cmd.Process.Signal(os.Interrupt); <-done })
	select {
	case <-ready:
	case <-done:
		t.Fatalf("the daemon ended: %s", errs.text())
	}
	return cmd.Process.Pid
}

// readyWriter looks for the line ready.
type readyWriter struct {
	mu    sync.Mutex
	b     bytes.Buffer
	once  sync.Once
	ready chan struct{}
}

func (w *readyWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.b.Write(p)
	if strings.Contains(w.b.String(), "ready") {
		w.once.Do(func() { close(w.ready) })
	}
	return len(p), nil
}

func (w *readyWriter) text() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.String()
}

// memoryOf reads a field of /proc/PID/status in bytes.
func memoryOf(t *testing.T, pid int, field string) int {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(field + `:\s+(\d+) kB`).FindSubmatch(b)
	if m == nil {
		t.Fatalf("no %s", field)
	}
	n, err := strconv.Atoi(string(m[1]))
	if err != nil {
		t.Fatal(err)
	}
	return n << 10
}

// count is how many mails left.
func (r *relaySink) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.mail)
}
