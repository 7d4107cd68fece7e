package faxtest

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Real is a HylaFAX server of this machine's own, without modems: what is submitted stays in its queue.
type Real struct {
	Address string
	Spool   string
}

// NewReal starts hfaxd and faxq (Debian: hylafax-server) on a spool of their own. The test is skipped where they are not installed or may not
// be started.
func NewReal(t testing.TB) *Real {
	t.Helper()
	hfaxd, err := exec.LookPath("hfaxd")
	if err != nil {
		t.Skip("hfaxd is not installed: apt-get install hylafax-server")
	}
	faxq, err := exec.LookPath("faxq")
	if err != nil || os.Getuid() != 0 {
		t.Skip("hfaxd runs as root alone, with faxq beside it")
	}
	spool := t.TempDir()
	for dir := filepath.Dir(spool); dir != "/" && dir != os.TempDir(); dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil { // it runs as another user
			t.Fatal(err)
		}
	}
	for _, dir := range []string{"archive", "bin", "client", "config", "dev", "docq", "doneq", "etc", "info", "log", "pollq", "recvq", "sendq", "status", "tmp"} {
		if err := os.Mkdir(filepath.Join(spool, dir), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{
		"etc/setup.cache": "", "etc/hosts.hfaxd": "localhost\n127.0.0.1\n", "etc/config": "CountryCode: 1\nAreaCode: 555\nLongDistancePrefix: 1\nInternationalPrefix: 011\n",
	} {
		if err := os.WriteFile(filepath.Join(spool, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := exec.Command("chown", "-R", "uucp:uucp", spool).CombinedOutput(); err != nil {
		t.Skipf("no user uucp for hfaxd: %s", out)
	}
	r := &Real{Spool: spool}
	start(t, faxq, "-D", "-q", spool)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r.Address = l.Addr().String()
	l.Close()
	_, port, _ := net.SplitHostPort(r.Address)
	start(t, hfaxd, "-d", "-i", port, "-l", "127.0.0.1", "-q", spool)
	r.await(t)
	return r
}

// await waits until the server answers.
func (r *Real) await(t testing.TB) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(15 * time.Second)
	for {
		if c, err := net.Dial("tcp", r.Address); err == nil {
			c.Close()
			if _, err := os.Stat(filepath.Join(r.Spool, "FIFO")); err == nil {
				return
			}
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("hfaxd did not answer within 15 s")
		}
	}
}

// Finish ends a job as its modem would: its file, changed, goes to doneq.
func (r *Real) Finish(t testing.TB, id string, change func(string) string) {
	t.Helper()
	from := filepath.Join(r.Spool, "sendq", "q"+id)
	b, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(from, []byte(change(string(b))), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(from, filepath.Join(r.Spool, "doneq", "q"+id)); err != nil {
		t.Fatal(err)
	}
}

// Set changes one key of a job file.
func Set(file, key, value string) string {
	lines := strings.Split(file, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, key+":") {
			lines[i] = key + ":" + value
		}
	}
	return strings.Join(lines, "\n")
}

// start runs a program until the test ends.
func start(t testing.TB, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(name, args...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // killed: its status says so
	})
}
