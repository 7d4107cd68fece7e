package mllp

import (
	"context"
	"errors"
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

// script is a peer that answers each message of each connection by a function.
type script struct {
	addr string
	mu   sync.Mutex
	got  []string // control IDs, with the number of the connection
}

// answerFunc gives what goes back over the wire for one message; close ends the connection after it.
type answerFunc func(connection, message int, m *hl7.Message) (wire string, close bool)

func scripted(t *testing.T, f answerFunc) *script {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &script{addr: l.Addr().String()}
	var wg sync.WaitGroup
	var open []net.Conn
	wg.Go(func() {
		for n := 1; ; n++ {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			open = append(open, c)
			s.mu.Unlock()
			wg.Go(func() { s.serve(c, n, f) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		s.mu.Lock()
		for _, c := range open {
			_ = c.Close()
		}
		s.mu.Unlock()
		wg.Wait()
	})
	return s
}

func (s *script) serve(c net.Conn, n int, f answerFunc) {
	defer c.Close()
	r := codec.NewReader(c, codec.Config{})
	for i := 1; ; i++ {
		fr, err := r.Next()
		if err != nil {
			return
		}
		m, err := hl7.Parse(fr.Message, hl7.Limits{})
		if err != nil {
			return
		}
		s.mu.Lock()
		s.got = append(s.got, string(rune('0'+n))+":"+m.ControlID())
		s.mu.Unlock()
		wire, end := f(n, i, m)
		if _, err := c.Write([]byte(wire)); err != nil || end {
			return
		}
	}
}

func (s *script) received() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.got...)
}

func ack(code, id string, errs ...string) string {
	m := "MSH|^~\\&|EHR|N|HUB|X|20261102||ACK^T02^ACK|K1|P|2.5.1\rMSA|" + code + "|" + id + "\r"
	for _, e := range errs {
		m += "ERR||PID^1^3|" + e + "|E||||Doe not found\r"
	}
	return frame(m)
}

func newTestSender(t *testing.T, addr string, change ...func(*RailConfig)) *Sender {
	t.Helper()
	cfg := RailConfig{AckTimeout: config.Duration(10 * time.Second), Connection: "keep", TLS: "auto"}
	for _, c := range change {
		c(&cfg)
	}
	s, err := NewSender(cfg, SenderDeps{
		Lane: "ehr/mllp", Address: addr, Now: func() time.Time { return testTime }, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.c.close)
	return s
}

func send(s *Sender, id string) (channels.Receipt, error) {
	return s.Send(context.Background(), channels.Outbound{DeliveryID: "D-" + id, ControlID: id, Body: []byte(ref(id))})
}

func TestSenderReceipts(t *testing.T) {
	for _, c := range []struct {
		name, wire, level, code string
		fails, permanent        bool
	}{
		{"AA", ack("AA", "X"), channels.LevelDelivered, "AA", false, false},
		{"CA", ack("CA", "X"), channels.LevelTransport, "CA", false, false},
		{"AE", ack("AE", "X", "204"), channels.LevelFailed, "AE", true, true},
		{"AE without a reason", ack("AE", "X"), channels.LevelFailed, "AE", true, true},
		{"AE, internal error", ack("AE", "X", "207"), channels.LevelFailed, "AE", true, false},
		{"AE, record locked", ack("AE", "X", "206"), channels.LevelFailed, "AE", true, false},
		{"CE", ack("CE", "X"), channels.LevelFailed, "CE", true, true},
		{"AR", ack("AR", "X"), channels.LevelFailed, "AR", true, false},
		{"AR, type", ack("AR", "X", "200"), channels.LevelFailed, "AR", true, true},
		{"CR", ack("CR", "X", "207"), channels.LevelFailed, "CR", true, false},
		{"AR without MSA-2", ack("AR", ""), channels.LevelFailed, "AR", true, false},
		{"its own code", ack("Doe", "X"), channels.LevelFailed, "none of table 0008", true, false},
		{"RRI", frame("MSH|^~\\&|E|N|H|X|2026||RRI^I12|K|P|2.5.1\rMSA|AA|X\rRF1|A\r"), channels.LevelDelivered, "AA", false, false},
		{"late answer first", ack("AE", "OLD") + ack("AA", "X"), channels.LevelDelivered, "AA", false, false},
		{"every earlier message again", ack("AA", "1") + ack("AA", "2") + ack("AA", "X"), channels.LevelDelivered, "AA", false, false},
		{"end without CR", strings.TrimSuffix(ack("AA", "X"), "\r"), channels.LevelDelivered, "AA", false, false},
		{"stray bytes first", "hello\r\n" + ack("AA", "X"), channels.LevelDelivered, "AA", false, false},
	} {
		p := scripted(t, func(_, _ int, _ *hl7.Message) (string, bool) { return c.wire, false })
		r, err := send(newTestSender(t, p.addr), "X")
		var de *channels.DeliveryError
		if (err != nil) != c.fails || err != nil && (!errors.As(err, &de) || de.Permanent != c.permanent || de.Code != c.code) {
			t.Errorf("%s: got %v", c.name, err)
		}
		if r.Level != c.level || r.Code != c.code || r.ControlID != "X" || r.DeliveryID != "D-X" || !r.At.Equal(testTime) || len(r.Raw) == 0 {
			t.Errorf("%s: got %+v", c.name, r)
		}
		if strings.Contains(r.Text, "Doe") || err != nil && strings.Contains(err.Error(), "Doe") {
			t.Errorf("%s: the peer's text got into %q, %v", c.name, r.Text, err)
		}
	}
}

func TestSenderKeepsItsConnection(t *testing.T) {
	p := scripted(t, func(_, _ int, m *hl7.Message) (string, bool) { return ack("AA", m.ControlID()), false })
	s := newTestSender(t, p.addr)
	each := newTestSender(t, p.addr, func(c *RailConfig) { c.Connection = "each" })
	for _, id := range []string{"a", "b"} {
		if _, err := send(s, id); err != nil {
			t.Fatal(err)
		}
	}
	for _, id := range []string{"c", "d"} {
		if _, err := send(each, id); err != nil {
			t.Fatal(err)
		}
	}
	if d := cmp.Diff([]string{"1:a", "1:b", "2:c", "3:d"}, p.received()); d != "" {
		t.Error(d)
	}
}

func TestSenderReconnects(t *testing.T) {
	p := scripted(t, func(_, _ int, m *hl7.Message) (string, bool) { return ack("AA", m.ControlID()), true })
	s := newTestSender(t, p.addr)
	for _, id := range []string{"a", "b", "c"} { // each time the kept connection is dead
		if _, err := send(s, id); err != nil {
			t.Errorf("%s: %v", id, err)
		}
	}
	dies := scripted(t, func(_, _ int, _ *hl7.Message) (string, bool) { return "", true })
	r, err := send(newTestSender(t, dies.addr), "x")
	var de *channels.DeliveryError
	if !errors.As(err, &de) || de.Permanent || r.Level != "" {
		t.Errorf("a new connection that dies: got %+v, %v", r, err)
	}
	if n := len(dies.received()); n != 1 {
		t.Errorf("sent %d times in one attempt, want 1", n)
	}
}

func TestSenderTimesOutAndIgnoresTheLateAnswer(t *testing.T) {
	p := scripted(t, func(connection, _ int, m *hl7.Message) (string, bool) {
		switch {
		case connection == 1:
			return ack("AA", "WRONG"), false
		default:
			return ack("AA", m.ControlID()), false
		}
	})
	s := newTestSender(t, p.addr, func(c *RailConfig) { c.AckTimeout = config.Duration(50 * time.Millisecond) })
	_, err := send(s, "x")
	var de *channels.DeliveryError
	if !errors.Is(err, ErrNoAnswer) || !errors.As(err, &de) || de.Permanent {
		t.Fatalf("got %v", err)
	}
	s.c.timeout = 10 * time.Second
	if _, err := send(s, "x"); err != nil {
		t.Errorf("the repeat: %v", err)
	}
	if d := cmp.Diff([]string{"1:x", "2:x"}, p.received()); d != "" {
		t.Error(d)
	}
}

func TestSenderFaultyPeers(t *testing.T) {
	for name, wire := range map[string]string{
		"not HL7": frame("hello"), "cut": "\x0BMSH|^~\\&|E", "no MSH": frame("MSA|AA|x\r"), "endless": "\x0B" + strings.Repeat("x", maxAnswer+1),
		"garbage": strings.Repeat("y", 100<<10),
	} {
		p := scripted(t, func(_, _ int, _ *hl7.Message) (string, bool) { return wire, true })
		_, err := send(newTestSender(t, p.addr), "x")
		var de *channels.DeliveryError
		if !errors.As(err, &de) || de.Permanent {
			t.Errorf("%s: got %v", name, err)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	_ = l.Close()
	if _, err := send(newTestSender(t, addr), "x"); err == nil {
		t.Error("nobody listens, yet it was sent")
	}
}

func TestSenderStopsWithItsContext(t *testing.T) {
	arrived := make(chan struct{})
	p := scripted(t, func(_, _ int, _ *hl7.Message) (string, bool) { close(arrived); return "", false })
	s := newTestSender(t, p.addr)
	ctx, cancel := context.WithCancel(context.Background())
	go func() { <-arrived; cancel() }()
	if _, err := s.Send(ctx, channels.Outbound{ControlID: "x", Body: []byte(ref("x"))}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	take, end := context.WithCancel(context.Background())
	end()
	if err := s.Watch(take, context.Background(), nil); err != nil || s.c.link != nil {
		t.Errorf("Watch: %v, connection %v", err, s.c.link)
	}
}

func TestSenderPack(t *testing.T) {
	s := newTestSender(t, "127.0.0.1:1")
	part := channels.Part{Kind: channels.KindHL7, Body: []byte(ref("P1"))}
	got, err := s.Pack(context.Background(), channels.Shipment{Parts: []channels.Part{{Kind: channels.KindPDF}, part}})
	want := channels.Packed{Type: "REF^I12", ContentType: ContentType, ControlID: "P1", Recipient: "HUB|X", Body: part.Body}
	if err != nil || !cmp.Equal(got, want) {
		t.Errorf("%v %s", err, cmp.Diff(want, got))
	}
	for name, parts := range map[string][]channels.Part{
		"none": nil, "two": {part, part}, "garbage": {{Kind: channels.KindHL7, Body: []byte("x")}}, "no control ID": {{Kind: channels.KindHL7, Body: []byte(ref(""))}},
	} {
		if _, err := s.Pack(context.Background(), channels.Shipment{Parts: parts}); !channels.IsPermanent(err) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestSendFile(t *testing.T) {
	r := start(t, defaults(), &fakeEngine{})
	for _, c := range []struct {
		name, file string
		cr         bool
		want       []string // type and code
		bodies     []string
	}{
		{"one, as it is", "\xEF\xBB\xBF" + strings.ReplaceAll(ref("1"), "\r", "\n"), false, []string{"REF^I12 AA"}, []string{"\xEF\xBB\xBF" + strings.ReplaceAll(ref("1"), "\r", "\n")}},
		{"one, with CR", "\xEF\xBB\xBF" + strings.ReplaceAll(ref("2"), "\r", "\r\n"), true, []string{"REF^I12 AA"}, []string{ref("2")}},
		{"batch, one not to be answered", "BHS|^~\\&|\r" + ref("3") + ref("4", "NE", "NE") + ref("5", "AL") + "BTS|3\r", false, []string{"REF^I12 AA", "REF^I12 ", "REF^I12 CA"}, []string{ref("3"), ref("4", "NE", "NE"), ref("5", "AL")}},
		{"frames", frame(ref("6")) + "\r\n" + frame(ref("7")) + "\n", false, []string{"REF^I12 AA", "REF^I12 AA"}, []string{ref("6"), ref("7")}},
	} {
		before := len(r.engine.messages())
		var got []string
		err := SendFile(context.Background(), SendConfig{Address: r.addr, CR: c.cr}, []byte(c.file), func(x Exchange) error {
			got = append(got, x.Type+" "+codesIn(x))
			return nil
		})
		if err != nil || !cmp.Equal(got, c.want) {
			t.Errorf("%s: got %v, %v", c.name, got, err)
		}
		var bodies []string
		for _, in := range r.engine.messages()[before:] {
			bodies = append(bodies, string(in.Body))
		}
		if d := cmp.Diff(c.bodies, bodies); d != "" {
			t.Errorf("%s: %s", c.name, d)
		}
	}
	stop := errors.New("enough")
	if err := SendFile(context.Background(), SendConfig{Address: r.addr}, []byte(ref("8")), func(Exchange) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("got %v", err)
	}
	if err := SendFile(context.Background(), SendConfig{Address: r.addr}, []byte("no HL7"), nil); !errors.Is(err, hl7.ErrNotHL7) {
		t.Errorf("got %v", err)
	}
}

func TestSendOwnSamples(t *testing.T) {
	files, err := os.ReadDir("../../testdata/hl7/own")
	if err != nil || len(files) == 0 {
		t.Fatalf("no samples: %v", err)
	}
	r := start(t, defaults(), &fakeEngine{})
	answered := 0
	for _, f := range files {
		b, err := os.ReadFile("../../testdata/hl7/own/" + f.Name())
		if err != nil {
			t.Fatal(err)
		}
		if err := SendFile(context.Background(), SendConfig{Address: r.addr, Timeout: 10 * time.Second}, b, func(x Exchange) error {
			if len(x.Answers) > 0 {
				answered++
			}
			if x.Refused() {
				t.Errorf("%s: got %s", f.Name(), codesIn(x))
			}
			return nil
		}); err != nil {
			t.Errorf("%s: %v", f.Name(), err)
		}
	}
	if n := len(r.engine.messages()); answered < 9 || n < answered {
		t.Errorf("%d samples answered, %d arrived", answered, n)
	}
}
