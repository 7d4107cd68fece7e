package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"refloop/hl7"
	"refloop/internal/enginetest"
	"refloop/mllp"
	"refloop/referral"
	"refloop/store"
)

// answersYAML is a site whose EHR takes application acknowledgements on a listener of its own, and a partner on a line.
const answersYAML = `
demo: true
socket: s.sock
organization: {name: Northside Primary Care, oid: 2.16.840.1.113883.3.72.5.9.1}
store: {url: "sqlite:refloop.db", seal_key: {file: seal.key}}
channels:
  - {name: in, type: mllp, listen: %q, partner: ehr, ack_return: %q}
partners:
  - {id: ehr, own: true, rails: [{type: file, folder: out}]}
  - {id: lakeside, npi: "1245319599", rails: [{type: mllp, address: %q, on_ae: park, retry: {first: 100ms, longest: 200ms}}]}
console: {listen: "127.0.0.1:0"}
`

func answersSite(t *testing.T, back, partner string) *site {
	t.Helper()
	addr, err := freeAddress()
	if err != nil {
		t.Fatal(err)
	}
	s := &site{dir: t.TempDir(), mllp: addr}
	s.write(t, fmt.Sprintf(answersYAML, addr, back, partner))
	s.reopen(t)
	return s
}

func (s *site) reopen(t *testing.T) {
	t.Helper()
	var err error
	if s.daemon, err = open(t.Context(), s.config(), nil, slog.New(slog.NewTextHandler(io.Discard, nil))); err != nil {
		t.Fatal(err)
	}
	s.run(t)
}

// said reads answers as MSA-1 and MSA-2.
func said(t *testing.T, r *mllp.Reader) string {
	t.Helper()
	f, err := r.Next()
	if err != nil {
		t.Fatal(err)
	}
	info, err := hl7.ParseAck(f.Message, hl7.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return info.Code + " " + info.About
}

// enhanced asks for both kinds of answer; whole: nothing in it is missing.
func enhanced(control string, whole bool) []byte {
	m := strings.Replace(enginetest.Request(control, "RF-"+control), "|P|2.5.1\r", "|P|2.5.1|||AL|AL\r", 1)
	if !whole {
		m = strings.Replace(m, enginetest.Person, "PID|1", 1)
	}
	return mllp.Append(nil, []byte(m))
}

// TestApplicationAnswersSurviveARestart: CA at once, and AA or AE on the sender's own listener, even when that is down and we are restarted before
// it comes up. The listing shows what was sent.
func TestApplicationAnswersSurviveARestart(t *testing.T) {
	back, err := freeAddress()
	if err != nil {
		t.Fatal(err)
	}
	s := answersSite(t, back, back)
	c, err := s.dial()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, m := range [][]byte{enhanced("C1", true), enhanced("C2", false)} {
		if _, err := c.Write(m); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{"CA C1", "CA C2"} {
		if got := said(t, c.r); got != want {
			t.Errorf("at once: got %s, want %s", got, want)
		}
	}
	for control, want := range map[string]string{"C1": "CA AA", "C2": "CA AE"} {
		found, err := s.store.Messages(t.Context(), store.MessageFilter{ControlID: control})
		if err != nil || len(found) != 1 || found[0].Code != want {
			t.Errorf("%s is listed as %+v, %v, want %s", control, found, err, want)
		}
	}
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", back)
	if err != nil {
		t.Skipf("the port was taken by somebody else: %v", err)
	}
	defer l.Close()
	s.reopen(t)
	got := map[string]bool{}
	for len(got) < 2 { // the request to the partner comes to the same listener, on a connection of its own
		b, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		_ = b.SetDeadline(time.Now().Add(30 * time.Second))
		r := mllp.NewReader(b, mllp.Config{})
		f, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		info, err := hl7.ParseAck(f.Message, hl7.Limits{})
		if err != nil {
			_ = b.Close() // the request
			continue
		}
		got[info.Code+" "+info.About] = true
		got[said(t, r)] = true
		_ = b.Close()
	}
	if !got["AA C1"] || !got["AE C2"] {
		t.Errorf("after the restart: got %v", got)
	}
}

// latePeer is a receiver that commits at once and lets its application speak when it is told to, on the same connection.
type latePeer struct {
	net.Listener
	speak chan string // MSA-1 for the last message
	mu    sync.Mutex
	took  []string
}

func newLatePeer(t *testing.T) *latePeer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &latePeer{Listener: l, speak: make(chan string)}
	done := make(chan struct{})
	go func() { defer close(done); p.serve() }()
	t.Cleanup(func() { _ = l.Close(); close(p.speak); <-done })
	return p
}

func (p *latePeer) serve() {
	c, err := p.Accept()
	if err != nil {
		return
	}
	defer c.Close()
	r, w := mllp.NewReader(c, mllp.Config{}), mllp.NewWriter(c)
	for {
		f, err := r.Next()
		if err != nil {
			return
		}
		m, err := hl7.Parse(f.Message, hl7.Limits{})
		if err != nil {
			return
		}
		answer := func(code string) error {
			return w.WriteMessage(hl7.Ack{Code: code, ControlID: code + m.ControlID()[:10], Problems: nil}.Bytes(m))
		}
		p.mu.Lock()
		p.took = append(p.took, m.ControlID())
		p.mu.Unlock()
		if answer("CA") != nil {
			return
		}
		code, ok := <-p.speak
		if !ok || answer(code) != nil {
			return
		}
	}
}

// TestLateAnswersAreProof: CA is transport, the AA that follows is delivery, an AE that follows is a refusal, and does what on_ae says.
func TestLateAnswersAreProof(t *testing.T) {
	peer := newLatePeer(t)
	s := answersSite(t, peer.Addr().String(), peer.Addr().String())
	trust := trustSite{t: t, site: s}
	for _, c := range []struct {
		control, says string
		want          referral.DeliveryState
	}{{"C1", "AA", referral.DeliveryDelivered}, {"C2", "AE", referral.DeliveryDead}} {
		deliveries := trust.ask(c.control)
		state := func(want referral.DeliveryState) func() bool {
			return func() bool { d := deliveries(); return len(d) == 1 && d[0].State == want }
		}
		trust.until(c.control+" after CA", state(referral.DeliveryTransportOK))
		peer.speak <- c.says
		trust.until(c.control+" after "+c.says, state(c.want))
	}
	open, err := s.store.Incidents(context.Background(), store.IncidentFilter{})
	if err != nil || len(open) != 1 || open[0].Kind != "delivery_dead" {
		t.Errorf("got %+v, %v, want the refused one before our staff", open, err)
	}
}
