package mllp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"refloop/channels"
	"refloop/config"
	"refloop/hl7"
	codec "refloop/mllp"
)

// verdicts lets an engine answer by what a control ID begins with.
func verdicts(in channels.Inbound) (channels.Outcome, error) {
	o := channels.Outcome{}
	switch {
	case strings.HasPrefix(in.ControlID, "AE"):
		o.Verdict, o.Problems = channels.Repair, []channels.Problem{{Location: "PID[1]-3", Code: "101", Severity: "E", Text: "PID-3: empty"}}
	case strings.HasPrefix(in.ControlID, "AR"):
		o.Verdict, o.Problems = channels.Reject, []channels.Problem{{Location: "MSH-9", Code: "200", Severity: "E", Text: "type"}}
	}
	return o, nil
}

func TestBothAcknowledgements(t *testing.T) {
	for _, c := range []struct {
		name, accept, app, id string
		none                  bool
		want                  []string
	}{
		{"both", "AL", "AL", "1", false, []string{"CA 1", "AA 1"}},
		{"both, content wrong", "AL", "AL", "AE2", false, []string{"CA AE2", "AE AE2 101"}},
		{"both, refused", "AL", "AL", "AR3", false, []string{"CR AR3 200"}},
		{"accept, application on errors", "AL", "ER", "4", false, []string{"CA 4"}},
		{"accept, application on errors, wrong", "AL", "ER", "AE5", false, []string{"CA AE5", "AE AE5 101"}},
		{"accept on errors, application always", "ER", "AL", "6", false, []string{"AA 6"}},
		{"accept only", "AL", "NE", "AE7", false, []string{"CE AE7 101"}},
		{"application only", "NE", "AL", "8", false, []string{"AA 8"}},
		{"application switched off", "AL", "AL", "9", true, []string{"CA 9"}},
	} {
		cfg := defaults()
		if c.none {
			cfg.Application = "none"
		}
		r := start(t, cfg, &fakeEngine{outcome: verdicts})
		p := r.connect(t)
		p.write(frame(ref(c.id, c.accept, c.app)) + frame(ref("last")))
		var got []string
		for {
			a := p.answer()
			if a == "AA last" {
				break
			}
			got = append(got, a)
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s: %s", c.name, d)
		}
	}
}

func TestReturnConnection(t *testing.T) {
	cfg := defaults()
	cfg.Return = freePort(t)
	r := start(t, cfg, &fakeEngine{outcome: verdicts})
	p := r.connect(t)
	p.write(frame(ref("1", "AL", "AL")) + frame(ref("AE2", "AL", "AL")) + frame(ref("3", "NE", "AL")) + frame(ref("4")))
	for _, want := range []string{"CA 1", "CA AE2", "AA 4"} {
		if got := p.answer(); got != want {
			t.Errorf("on the connection: got %s, want %s", got, want)
		}
	}
	var got []string
	ids := map[string]bool{}
	for i, in := range r.engine.messages() {
		o, _ := verdicts(in)
		o.MessageID, o.ReceivedAt = fmt.Sprintf("M%d", i+1), testTime
		for _, n := range r.Notices(channels.Archived{Body: in.Body}, channels.Opened{}, o) {
			if n.Lane != "in/ack_return" || n.Address != cfg.Return || n.Event != EventApplicationAck {
				t.Errorf("got %+v", n)
			}
			info, err := hl7.ParseAck(n.Evidence, hl7.Limits{})
			if err != nil || ids[info.ControlID] {
				t.Errorf("the application acknowledgement has no number of its own: %v", err)
			}
			ids[info.ControlID] = true
			got = append(got, summary(t, n.Evidence))
			again := r.Notices(channels.Archived{Body: in.Body}, channels.Opened{}, channels.Outcome{Answer: []byte(ref("x") + string(n.Evidence))})
			if len(again) != 1 || string(again[0].Evidence) != string(n.Evidence) {
				t.Errorf("a duplicate does not get the same answer again: %v", again)
			}
		}
	}
	if d := cmp.Diff([]string{"AA 1", "AE AE2 101", "AA 3"}, got); d != "" {
		t.Error(d)
	}
}

func TestReturnSender(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	cfg := defaults()
	cfg.Return = l.Addr().String()
	clock := testTime
	s, err := NewReturnSender(cfg, SenderDeps{Lane: ReturnLane("in"), Now: func() time.Time { return clock }, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	take, end := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Watch(take, t.Context(), nil) }()
	send := func(id string) {
		t.Helper()
		packed, err := s.Pack(t.Context(), channels.Shipment{Notice: &channels.Notice{Event: EventApplicationAck, Evidence: []byte(strings.Trim(ack("AA", id), "\x0B\x1C\r") + "\r")}})
		if err != nil {
			t.Fatal(err)
		}
		r, err := s.Send(t.Context(), channels.Outbound{DeliveryID: "d" + id, Body: packed.Body})
		if err != nil || r.Level != channels.LevelSent || r.DeliveryID != "d"+id {
			t.Errorf("got %+v, %v", r, err)
		}
	}
	send("1")
	back, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer back.Close()
	send("2")
	reader := codec.NewReader(back, codec.Config{})
	for _, want := range []string{"AA 1", "AA 2"} {
		if f, err := reader.Next(); err != nil || summary(t, f.Message) != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	clock = clock.Add(2 * freshReturn) // who knows what became of it
	send("3")
	fresh, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer fresh.Close()
	if f, err := codec.NewReader(fresh, codec.Config{}).Next(); err != nil || summary(t, f.Message) != "AA 3" {
		t.Errorf("got %v", err)
	}
	_ = l.Close()
	_ = fresh.Close()
	clock = clock.Add(2 * freshReturn)
	var de *channels.DeliveryError
	if _, err := s.Send(t.Context(), channels.Outbound{Body: []byte(ref("4"))}); !errors.As(err, &de) || de.Permanent {
		t.Errorf("nobody listens: got %v, want an error that passes", err)
	}
	if _, err := s.Pack(t.Context(), channels.Shipment{}); err == nil {
		t.Error("packed something that is no acknowledgement")
	}
	end()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestBatchAck(t *testing.T) {
	batch := "FHS|^~\\&|A|B|C|D|20261102||||F7\rBHS|^~\\&|NSEHR|NORTH|HUB|X|20261102||||B7\r" + ref("1") + ref("AE2") + "BTS|2\rFTS|1\r"
	cfg := defaults()
	cfg.BatchAck = true
	r := start(t, cfg, &fakeEngine{outcome: verdicts})
	p := r.connect(t)
	p.write(frame(batch))
	f, err := p.r.Next()
	if err != nil {
		t.Fatal(err)
	}
	b, err := hl7.Split(f.Message, hl7.Limits{})
	if err != nil || len(b.Messages) != 2 || len(b.Warnings) != 0 || b.File == nil || len(b.Batches) != 1 {
		t.Fatalf("got %q, %v", f.Message, err)
	}
	if !strings.HasPrefix(string(b.Batches[0]), "BHS|^~\\&|HUB|X|NSEHR|NORTH|20261102090000+0000||||") || !strings.HasSuffix(string(b.Batches[0]), "|B7") {
		t.Errorf("got %q", b.Batches[0])
	}
	for i, want := range []string{"AA 1", "AE AE2 101"} {
		if got := summary(t, b.Messages[i].Bytes); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	plain := start(t, defaults(), &fakeEngine{outcome: verdicts}).connect(t)
	plain.write(frame(batch))
	for _, want := range []string{"AA 1", "AE AE2 101"} {
		if got := plain.answer(); got != want {
			t.Errorf("one frame each: got %s, want %s", got, want)
		}
	}
}

// confirms keeps late receipts.
type confirms struct {
	nullEngine
	mu   sync.Mutex
	got  []string
	from string
	fail bool
	came chan struct{}
}

func (c *confirms) Confirm(_ context.Context, r channels.Receipt) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fail {
		c.fail = false
		return errors.New("disk full")
	}
	c.got = append(c.got, r.Code+" "+r.ControlID+" "+r.Level)
	c.from = r.Recipient
	c.came <- struct{}{}
	return nil
}

func TestLateAnswersAreConfirmed(t *testing.T) {
	release := make(chan struct{})
	p := scripted(t, func(_, message int, m *hl7.Message) (string, bool) {
		id := m.ControlID()
		if message == 1 { // commits, and the application speaks when the connection is idle
			return ack("CA", id) + ack("AA", id), false
		}
		<-release
		return ack("AA", "1") + ack("CA", id) + ack("AE", id, "204") + ack("AE", id, "204"), false // says all again
	})
	s := newTestSender(t, p.addr)
	h := &confirms{came: make(chan struct{}, 10), fail: true}
	s.late.to(func(r channels.Receipt) error { return h.Confirm(t.Context(), r) }) // as Watch does
	r, err := send(s, "1")
	if err != nil || r.Level != channels.LevelTransport {
		t.Fatalf("got %+v, %v", r, err)
	}
	close(release)
	if _, err := send(s, "2"); err != nil {
		t.Fatal(err)
	}
	<-h.came
	<-h.came
	// the first AA could not be kept; said again, it is
	if d := cmp.Diff([]string{"AA 1 delivered", "AE 2 failed"}, h.got); d != "" || h.from != p.addr {
		t.Errorf("%s, from %q", d, h.from)
	}
}

func TestPolicy(t *testing.T) {
	for _, c := range []struct {
		code, err, ae, ar string
		permanent, park   bool
	}{
		{"AE", "204", "", "", true, false}, {"AE", "204", "retry", "", false, false}, {"AE", "204", "park", "retry", true, true},
		{"CE", "204", "next", "", true, false}, {"CE", "207", "auto", "", false, false}, {"CE", "207", "park", "", true, true},
		{"AR", "207", "", "", false, false}, {"AR", "200", "", "", true, false}, {"AR", "200", "park", "retry", false, false},
		{"CR", "207", "retry", "park", true, true}, {"AR", "207", "", "next", true, false},
	} {
		p := scripted(t, func(_, _ int, m *hl7.Message) (string, bool) { return ack(c.code, m.ControlID(), c.err), false })
		s := newTestSender(t, p.addr, func(r *RailConfig) { r.OnAE, r.OnAR = c.ae, c.ar })
		r, err := send(s, "x")
		if channels.IsPermanent(err) != c.permanent || channels.MustPark(err) != c.park || r.Permanent != c.permanent || err == nil {
			t.Errorf("%+v: got %+v, %v", c, r, err)
		}
	}
}

func TestCertificatesAreReloaded(t *testing.T) {
	old, next := newAuthority(t), newAuthority(t)
	cert, key := old.issue("server")
	ca := old.file
	cfg := defaults()
	cfg.TLS = &TLS{Certificate: cert, Key: key}
	r := start(t, cfg, &fakeEngine{})
	clock := time.Now()
	follow := func(k *keptTLS) {
		k.mu.Lock()
		defer k.mu.Unlock()
		at := clock
		k.now = func() time.Time { return at }
	}
	follow(r.tls)
	s := newTestSender(t, r.addr, func(c *RailConfig) { c.TLS, c.CA, c.Connection = "on", ca, "each" })
	tick := func() { clock = clock.Add(2 * statEvery); follow(r.tls); follow(s.c.tls) }
	try := func(what string, ok bool) {
		t.Helper()
		if _, err := send(s, "x"); (err == nil) != ok {
			t.Errorf("%s: got %v", what, err)
		}
	}
	copyFile := func(from, to config.Path) {
		t.Helper()
		b, err := os.ReadFile(string(from))
		if err == nil {
			err = os.WriteFile(string(to), append(b, '\n'), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		later := time.Now().Add(time.Hour)
		if err := os.Chtimes(string(to), later, later); err != nil {
			t.Fatal(err)
		}
	}
	try("as it began", true)
	newCert, newKey := next.issue("renewed")
	copyFile(newCert, cert)
	tick()
	try("half renewed: the key does not fit, the old pair stays", true)
	if !strings.Contains(r.log.String(), "the old certificate stays in use") {
		t.Error("the log says nothing of the wrong files")
	}
	copyFile(newKey, key)
	later := time.Now().Add(2 * time.Hour)
	_ = os.Chtimes(string(key), later, later)
	tick()
	try("renewed by another authority, the client knows the old one", false)
	copyFile(next.file, ca)
	tick()
	try("the client's file too", true)
}
