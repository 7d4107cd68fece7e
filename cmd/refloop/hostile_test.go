package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"refloop/config"
	"refloop/console"
	"refloop/mllp"
	"refloop/store"
)

// siteYAML is a site with an MLLP channel, a folder and Direct.
const siteYAML = `
demo: true
socket: s.sock
organization: {name: Northside Primary Care, oid: 2.16.840.1.113883.3.72.5.9.1}
store: {url: "sqlite:refloop.db", seal_key: {file: seal.key}}
direct:
  address: referrals@direct.northside.example
  identities: [{domain: direct.northside.example, certificate: direct.crt, key: direct.key}]
  anchors: [{domain: "*", inbound: [anchors], outbound: [anchors]}]
channels:
  - {name: in, type: mllp, listen: %q, partner: ehr, idle_timeout: %s}
  - {name: mail, type: direct, listen: "127.0.0.1:0"}
  - {name: drop, type: file, folder: drop, scan: 50ms, settle: 10ms}
partners:
  - {id: ehr, own: true, rails: [{type: file, folder: out}]}
console: {listen: "127.0.0.1:0"}
`

// site is a daemon in this process.
type site struct {
	*daemon
	dir, mllp string
	stop      func() error // as SIGTERM does
}

// newSite opens a daemon; run starts it.
func newSite(t *testing.T) *site {
	t.Helper()
	addr, err := freeAddress()
	if err != nil {
		t.Fatal(err)
	}
	s := &site{dir: t.TempDir(), mllp: addr}
	s.configure(t, "10m")
	s.daemon, err = open(t.Context(), s.config(), nil, slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *site) config() string { return filepath.Join(s.dir, "refloop.yaml") }

// configure writes the file; another idle time makes another MLLP channel of it.
func (s *site) configure(t *testing.T, idle string) {
	t.Helper()
	s.write(t, fmt.Sprintf(siteYAML, s.mllp, idle))
}

func (s *site) write(t *testing.T, text string) {
	t.Helper()
	if err := os.WriteFile(s.config(), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// run starts the daemon and returns when it is ready.
func (s *site) run(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ready, done := make(chan struct{}), make(chan error, 1)
	go func() { done <- s.daemon.run(ctx, func() { close(ready) }) }()
	s.stop = sync.OnceValue(func() error { cancel(); return <-done })
	t.Cleanup(func() {
		if err := s.stop(); err != nil {
			t.Errorf("the daemon ended with: %v", err)
		}
	})
	select {
	case <-ready:
	case err := <-done:
		done <- err
		t.Fatalf("the daemon ended before it was ready: %v", err)
	}
}

func (s *site) health() console.Health {
	return answers{reader{s.store}, s.daemon}.Health(context.Background())
}

// line is one MLLP connection to the site.
type line struct {
	net.Conn
	r *mllp.Reader
}

func (s *site) dial() (*line, error) {
	c, err := net.Dial("tcp", s.mllp)
	if err != nil {
		return nil, err
	}
	if err := c.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		return nil, err
	}
	return &line{c, mllp.NewReader(c, mllp.Config{})}, nil
}

// send sends one referral and tells whether its AA came.
func (l *line) send(id string) bool {
	m := `MSH|^~\&|A|B|C|D|20261123080000||REF^I12^REF_I12|` + id + "|P|2.5.1\rRF1||||||" + id + "^A\r" +
		"PRD|RP|Morgan^Alex|||||1487654307^NPI\rPRD|RT|Ruiz^Ana|||||1245319599^NPI\rPID|1||" + id + "^^^A^MR||Testerly^Zelda||19580817|F\r"
	if _, err := l.Write(mllp.Append(nil, []byte(m))); err != nil {
		return false
	}
	f, err := l.r.Next()
	return err == nil && strings.Contains(string(f.Message), "MSA|AA|"+id)
}

// TestReloadTakesNewCertificates: the usual reason for a reload is a file that changed under its old name.
func TestReloadTakesNewCertificates(t *testing.T) {
	s := newSite(t)
	s.run(t)
	if err := s.reload(); err != nil { // the first start made the keys
		t.Fatal(err)
	}
	mail, in := s.rooms["channel/mail"], s.rooms["channel/in"]
	if err := s.reload(); err != nil {
		t.Fatal(err)
	}
	if s.rooms["channel/mail"] != mail {
		t.Error("a reload without a change opened the Direct channel anew")
	}
	b, err := os.ReadFile("../../testdata/direct/cms/ca.crt")
	if err == nil {
		err = os.WriteFile(filepath.Join(s.dir, "anchors", "peer.crt"), b, 0o600)
	}
	if err == nil {
		err = s.reload()
	}
	if err != nil {
		t.Fatal(err)
	}
	if s.rooms["channel/mail"] == mail {
		t.Error("the Direct channel still judges with the old anchors")
	}
	if s.rooms["channel/in"] != in {
		t.Error("the MLLP channel was opened anew, which has nothing to do with anchors")
	}
}

// TestFingerprintKnowsCertificates: a renewed certificate of a TLS listener makes another channel of it.
func TestFingerprintKnowsCertificates(t *testing.T) {
	s := &site{dir: t.TempDir(), mllp: "127.0.0.1:0"}
	s.configure(t, "10m")
	s.write(t, strings.Replace(fmt.Sprintf(siteYAML, s.mllp, "10m"), "partner: ehr,", "partner: ehr, tls: {certificate: t.crt, key: t.key},", 1))
	prints := map[string]bool{}
	for _, content := range []string{"", "first", "first", "second"} {
		if err := os.WriteFile(filepath.Join(s.dir, "t.crt"), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		cfg, problems := config.Load(s.config())
		if cfg == nil {
			t.Fatal(problems.Err())
		}
		prints[fingerprint(cfg.Channels[0].Node)] = true
	}
	if len(prints) != 3 {
		t.Errorf("got %d fingerprints of three different certificates", len(prints))
	}
}

// TestReloadBesideHalfMessage: a sender that stops in the middle of a message holds neither health nor the port for long.
func TestReloadBesideHalfMessage(t *testing.T) {
	s := newSite(t)
	s.run(t)
	half, err := s.dial()
	if err != nil {
		t.Fatal(err)
	}
	defer half.Close()
	if !half.send("H1") {
		t.Fatal("no AA")
	}
	if _, err := half.Write([]byte("\x0bMSH|^~\\&|")); err != nil {
		t.Fatal(err)
	}
	s.configure(t, "11m")
	reloaded := make(chan error, 1)
	go func() { reloaded <- s.reload() }()
	for closed := false; !closed; { // until the old listener has gone
		c, err := net.Dial("tcp", s.mllp)
		if closed = err != nil; !closed {
			c.Close()
		}
	}
	for len(reloaded) == 0 { // health answers while the channel changes; for how long it is not ready is its own affair
		s.health()
	}
	if err := <-reloaded; err != nil {
		t.Fatal(err)
	}
	if err := s.awaitReady(t.Context()); err != nil {
		t.Fatal(err)
	}
	again, err := s.dial()
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if !again.send("H2") {
		t.Error("no AA after the reload")
	}
}

// TestReloadBeforeRun: a SIGHUP that comes while the daemon starts opens nothing twice.
func TestReloadBeforeRun(t *testing.T) {
	s := newSite(t)
	s.configure(t, "11m")
	if err := s.reload(); err != nil {
		t.Fatal(err)
	}
	s.run(t)
	l, err := s.dial()
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if !l.send("B1") {
		t.Error("no AA")
	}
}

// TestReloadRestartsWhatEnded: a channel whose port was taken is opened by the next reload, with the same file.
func TestReloadRestartsWhatEnded(t *testing.T) {
	s := newSite(t)
	s.run(t)
	other, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	s.mllp = other.Addr().String()
	s.configure(t, "10m")
	if err := s.reload(); err != nil {
		t.Fatal(err)
	}
	for r := s.rooms["channel/in"]; r.failed() == nil; {
		if s.health().Ready {
			t.Fatal("ready without the MLLP channel")
		}
	}
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.reload(); err != nil {
		t.Fatal(err)
	}
	if err := s.awaitReady(t.Context()); err != nil {
		t.Errorf("after the port became free: %v", err)
	}
}

// TestReloadUnderTraffic: wrong files change nothing, and right ones lose nothing that was acknowledged.
func TestReloadUnderTraffic(t *testing.T) {
	s := newSite(t)
	s.run(t)
	end := make(chan struct{})
	var acked [4][]string
	var wg sync.WaitGroup
	for n := range acked {
		wg.Go(func() { acked[n] = s.traffic(n, end) })
	}
	for n := range 10 {
		s.write(t, "channels: [{name: x, type: nonsense}\n")
		if err := s.reload(); err == nil {
			t.Error("a wrong file was taken")
		}
		if h := s.health(); !h.Ready || len(h.Notes) == 0 {
			t.Errorf("health after a wrong file: got ready %v and %d notes, want ready and a note", h.Ready, len(h.Notes))
		}
		s.configure(t, fmt.Sprintf("%dm", 10+n%3))
		if err := s.reload(); err != nil {
			t.Fatal(err)
		}
		if err := s.awaitReady(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	close(end)
	wg.Wait()
	total := 0
	for _, ids := range acked {
		total += len(ids)
		for _, id := range ids {
			got, err := s.store.Messages(t.Context(), store.MessageFilter{ControlID: id})
			if err != nil || len(got) == 0 {
				t.Fatalf("acknowledged and not there: %v", err)
			}
		}
	}
	if total < 10 {
		t.Errorf("got %d messages through, want traffic", total)
	}
}

// traffic sends until end, connecting again when a connection ends, and returns what got its AA.
func (s *site) traffic(n int, end chan struct{}) (acked []string) {
	var l *line
	for i := 0; ; i++ {
		select {
		case <-end:
			if l != nil {
				l.Close()
			}
			return acked
		default:
		}
		if l == nil {
			if l, _ = s.dial(); l == nil {
				continue // its port is closed for a moment
			}
		}
		if id := fmt.Sprintf("T%d-%d", n, i); l.send(id) {
			acked = append(acked, id)
			continue
		}
		l.Close()
		l = nil
	}
}
