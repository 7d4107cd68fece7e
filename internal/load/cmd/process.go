package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"refloop/internal/enginetest"
	"refloop/internal/load"
)

// process is a child that serves MLLP.
type process struct {
	cmd     *exec.Cmd
	address string
	log     *tail
}

// tail keeps the last bytes that a child wrote and waits for the line `ready`.
type tail struct {
	ready chan struct{} // closed by it

	mu   sync.Mutex
	b    []byte
	seen bool
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.b = append(t.b, p...)
	if !t.seen && bytes.Contains(t.b, []byte("ready\n")) {
		t.seen = true
		close(t.ready)
	}
	t.b = t.b[max(0, len(t.b)-4096):]
	return len(p), nil
}

func (p *process) stderr() error {
	p.log.mu.Lock()
	defer p.log.mu.Unlock()
	return fmt.Errorf("the daemon's last words: %s", p.log.b)
}

func (p *process) kill() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	timer := time.AfterFunc(30*time.Second, func() { _ = p.cmd.Process.Kill() })
	_ = p.cmd.Wait() // how it ended does not matter: it was told to
	timer.Stop()
}

// cpu is what the process has used, user and system, from /proc.
func (p *process) cpu() (time.Duration, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(b), ") ")
	f := strings.Fields(rest)
	if len(f) < 13 {
		return 0, fmt.Errorf("bench: /proc/PID/stat: got %d fields, want 50", len(f))
	}
	user, err1 := strconv.ParseInt(f[11], 10, 64)
	system, err2 := strconv.ParseInt(f[12], 10, 64)
	return time.Duration(user+system) * 10 * time.Millisecond, errors.Join(err1, err2)
}

// memory is the resident set in bytes.
func (p *process) memory() int64 {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", p.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	f := strings.Fields(string(b))
	pages, err := strconv.ParseInt(f[1], 10, 64)
	if err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}

// start runs a child and waits for the line `ready`.
func start(cmd *exec.Cmd, address string) (*process, error) {
	p := &process{cmd: cmd, address: address, log: &tail{ready: make(chan struct{})}}
	cmd.Stderr = p.log
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	select {
	case <-p.log.ready:
		return p, nil
	case <-time.After(30 * time.Second):
		defer p.kill()
		return nil, errors.Join(errors.New("bench: the child did not get ready in 30 s"), p.stderr())
	}
}

func startFloor(folder string) (*process, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	return start(exec.Command(os.Args[0], "floor", address, filepath.Join(folder, "floor.bin")), address)
}

func startDaemon(ctx context.Context, o options, sink string) (*process, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	if o.binary == "" {
		cmd := exec.CommandContext(ctx, os.Args[0], "node", filepath.Join(o.folder, "refloop.db"), address, sink)
		cmd.Env = append(os.Environ(), "BENCH_PROFILE="+o.profile)
		return start(cmd, address)
	}
	file := filepath.Join(o.folder, "refloop.yaml")
	if err := os.WriteFile(file, []byte(configuration(address, sink)), 0o600); err != nil {
		return nil, err
	}
	return start(exec.Command(o.binary, "serve", "-c", file, "--log-level", "warn"), address)
}

// configuration is a hospital that orders by MLLP and a specialist that is reached by MLLP.
func configuration(address, sink string) string {
	return fmt.Sprintf(`demo: true
socket: refloop.sock
organization: {name: Northside Primary Care, oid: 2.16.840.1.113883.3.72.5.9.1, npi: "1234567893"}
store: {url: "sqlite:refloop.db", seal_key: {file: seal.key}}
channels:
  - name: ehr-orders
    type: mllp
    listen: %s
    partner: northside-ehr
    when: 'type in ["REF^I12","REF^I13","REF^I14","REF^I15","OMG^O19"] || type == "ORM^O01" && msg("OBR-24") in ["REF","CON"]'
    set: {specialty: 'msg("PR1-3.1") == "57133-1" ? "cardiology" : ""'}
partners:
  - {id: northside-ehr, name: Northside EHR, application: NSEHR, facility: NORTHSIDE, own: true, rails: [{type: mllp, address: "%s"}]}
  - id: lakeside-cardiology
    name: Lakeside Cardiology
    npi: "1992999825"
    clinicians: [{name: "Ana Ruiz MD", npi: "1245319599"}]
    specialties: [cardiology]
    rails: [{type: mllp, address: "%s"}]
routes:
  - {when: 'referral.specialty == "cardiology"', to: lakeside-cardiology}
console: {listen: 127.0.0.1:0}
`, address, sink, sink)
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// serveFloor is the child that is the floor.
func serveFloor(address, path string) error {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	f, err := load.NewFloor(path)
	if err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, "ready")
	return f.Serve(l)
}

// serveNode is the child that is engine, store and MLLP server without the daemon around them.
func serveNode(path, address, sink string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	n, err := enginetest.NewNode(ctx, path, address, sink, slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})))
	if err != nil {
		return err
	}
	if out := os.Getenv("BENCH_PROFILE"); out != "" {
		f, err := os.Create(out)
		if err != nil {
			return err
		}
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	fmt.Fprintln(os.Stderr, "ready")
	return n.Run(ctx)
}
