package mllp

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"refloop/channels"
	"refloop/config"
	"refloop/hl7"
)

func summary(t *testing.T, b []byte) string {
	t.Helper()
	a, err := hl7.ParseAck(b, hl7.Limits{})
	if err != nil {
		t.Fatalf("answer %q: %v", b, err)
	}
	s := a.Code + " " + a.About
	if len(a.Problems) > 0 {
		s += " " + a.Problems[0].Code
	}
	return s
}

func TestServerTakesAndAnswers(t *testing.T) {
	r := start(t, defaults(), &fakeEngine{})
	p := r.connect(t)
	p.write(frame(ref("A1")))
	if got := p.answer(); got != "AA A1" {
		t.Errorf("got %q", got)
	}
	in := r.engine.messages()[0]
	want := channels.Inbound{
		Channel: "in", Peer: "127.0.0.1", Type: "REF^I12", ContentType: ContentType, ControlID: "A1", Sender: "NSEHR|NORTH", Body: []byte(ref("A1")),
	}
	in.Answer, in.Says = nil, nil
	if d := cmp.Diff(want, in); d != "" {
		t.Error(d)
	}
	if err := r.Ready(); err != nil {
		t.Errorf("Ready: %v", err)
	}
	r.stop()
	if err := r.Ready(); err == nil {
		t.Error("ready after it was stopped")
	}
}

func TestServerSplitJoinedAndPipelined(t *testing.T) {
	r := start(t, defaults(), &fakeEngine{})
	p := r.connect(t)
	for _, b := range []byte(frame(ref("S1"))) {
		p.write(string(b))
	}
	if got := p.answer(); got != "AA S1" {
		t.Errorf("byte by byte: got %q", got)
	}
	var all strings.Builder
	for i := range 50 {
		all.WriteString(frame(ref(fmt.Sprint("P", i))))
	}
	p.write(all.String())
	for i := range 50 {
		if got, want := p.answer(), fmt.Sprint("AA P", i); got != want {
			t.Fatalf("got %q, want %q", got, want)
		}
	}
	p.write("\x0BMSH|^~\\&|half\r" + frame(ref("R1")))
	if got := p.answer(); got != "AA R1" {
		t.Errorf("after a restart: got %q", got)
	}
	p.write("\x0B" + ref("N1") + "\x1C")
	if got := p.answer(); got != "AA N1" {
		t.Errorf("end without CR: got %q", got)
	}
	p.write("\r\n" + frame(ref("N2")))
	if got := p.answer(); got != "AA N2" {
		t.Errorf("after it: got %q", got)
	}
	if n := r.Stats().Restarts.Load(); n != 1 {
		t.Errorf("got %d restarts, want 1", n)
	}
}

func TestServerAckModes(t *testing.T) {
	outcomes := map[string]channels.Outcome{
		"good": {}, "repair": {Verdict: channels.Repair, Problems: []channels.Problem{{Location: "PID[1]-3.1", Code: "101", Text: "empty"}}},
		"reject": {Verdict: channels.Reject, Problems: []channels.Problem{{Location: "MSH[1]-11", Code: "202", Text: "training"}}},
	}
	for _, c := range []struct{ mode, outcome, msh15, msh16, want string }{
		{"auto", "good", "", "", "AA"}, {"auto", "repair", "", "", "AE 101"}, {"auto", "reject", "", "", "AR 202"},
		{"auto", "good", "AL", "NE", "CA"}, {"auto", "repair", "AL", "NE", "CE 101"}, {"auto", "reject", "AL", "", "CR 202"},
		{"auto", "good", "NE", "AL", "AA"}, {"auto", "repair", "", "ER", "AE 101"}, {"auto", "good", "ER", "ER", ""}, {"auto", "repair", "ER", "NE", "CE 101"},
		{"auto", "good", "NE", "NE", ""}, {"auto", "good", "SU", "NE", "CA"}, {"auto", "good", "AL", "AL", "CA, AA"},
		{"original", "good", "AL", "NE", "AA"}, {"original", "good", "NE", "NE", "AA"},
		{"enhanced", "good", "", "", "CA"}, {"enhanced", "good", "NE", "AL", "AA"}, {"enhanced", "good", "NE", "NE", ""},
	} {
		m, err := hl7.Parse([]byte(ref("X", c.msh15, c.msh16)), hl7.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		cfg := defaults()
		cfg.Ack = c.mode
		o := outcomes[c.outcome]
		o.MessageID, o.ReceivedAt = "0198-long-enough-to-be-digested", testTime
		got := newAnswerer(cfg).answer(m, o)
		name := fmt.Sprintf("%s %s %q %q", c.mode, c.outcome, c.msh15, c.msh16)
		if c.want == "" {
			if got != nil {
				t.Errorf("%s: got %q, want no answer", name, got)
			}
			continue
		}
		var said []string
		for _, one := range separate(got) {
			said = append(said, strings.Replace(summary(t, one), " X", "", 1))
			if id := mustParse(t, one).ControlID(); len(id) > maxControlID {
				t.Errorf("%s: MSH-10 has %d characters", name, len(id))
			}
		}
		if s := strings.Join(said, ", "); s != c.want {
			t.Errorf("%s: got %q, want %q", name, s, c.want)
		}
	}
}

func mustParse(t *testing.T, b []byte) *hl7.Message {
	t.Helper()
	m, err := hl7.Parse(b, hl7.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestServerReplyForms(t *testing.T) {
	for form, want := range map[string]string{"ack": "ACK^I12", "rri": "RRI^I12", "orr": "ACK^I12", "org": "ACK^I12"} {
		cfg := defaults()
		cfg.Reply = form
		got := newAnswerer(cfg).answer(mustParse(t, []byte(ref("X"))), channels.Outcome{MessageID: "1", ReceivedAt: testTime})
		if typ := mustParse(t, got).Type(); typ != want {
			t.Errorf("%s: got %s, want %s", form, typ, want)
		}
	}
}

func TestServerNeverAnswersAnAck(t *testing.T) {
	r := start(t, defaults(), &fakeEngine{})
	p := r.connect(t)
	p.write(frame("MSH|^~\\&|A|B|C|D|2026||ACK^I12|1|P|2.5.1\rMSA|AA|OUT1\r") + frame(ref("NONE", "NE", "NE")) + frame(ref("Z1")))
	if got := p.answer(); got != "AA Z1" {
		t.Errorf("got %q", got)
	}
	if n := len(r.engine.messages()); n != 3 {
		t.Errorf("the engine got %d messages, want 3", n)
	}
}

func TestServerStoredAnswerOfADuplicate(t *testing.T) {
	first := []byte("MSH|^~\\&|X|||||ACK|OLD|P|2.5.1\rMSA|AA|D1\r")
	r := start(t, defaults(), &fakeEngine{outcome: func(channels.Inbound) (channels.Outcome, error) {
		return channels.Outcome{State: "duplicate", Answer: first}, nil
	}})
	p := r.connect(t)
	p.write(frame(ref("D1")))
	if f, err := p.r.Next(); err != nil || string(f.Message) != string(first) {
		t.Errorf("got %q, %v", f.Message, err)
	}
}

func TestServerStorageFailure(t *testing.T) {
	fails := &fakeEngine{outcome: func(channels.Inbound) (channels.Outcome, error) {
		return channels.Outcome{}, fmt.Errorf("disk full: %w", channels.ErrStorage)
	}}
	r := start(t, defaults(), fails)
	p := r.connect(t)
	p.write(frame(ref("F1")) + frame(ref("F2")))
	p.closed()
	if n := len(fails.messages()); n != 1 {
		t.Errorf("it went on after the failure: %d messages", n)
	}
	p = r.connect(t)
	p.write(frame(ref("F3", "AL", "NE")))
	if got := p.answer(); got != "CR F3 207" {
		t.Errorf("enhanced: got %q", got)
	}
	cfg := defaults()
	cfg.Storage = "AR"
	p = start(t, cfg, fails).connect(t)
	p.write(frame(ref("F4")))
	if got := p.answer(); got != "AR F4 207" {
		t.Errorf("on_storage_failure AR: got %q", got)
	}
}

func TestServerSurvivesAPanic(t *testing.T) {
	r := start(t, defaults(), &fakeEngine{outcome: func(in channels.Inbound) (channels.Outcome, error) {
		if in.ControlID == "BAD" {
			panic("boom")
		}
		return channels.Outcome{}, nil
	}})
	p := r.connect(t)
	p.write(frame(ref("BAD")))
	p.closed()
	p = r.connect(t)
	p.write(frame(ref("OK")))
	if got := p.answer(); got != "AA OK" || r.Stats().Panics.Load() != 1 {
		t.Errorf("got %q, %d panics", got, r.Stats().Panics.Load())
	}
}

func TestServerRefusesWhatIsNoHL7(t *testing.T) {
	r := start(t, defaults(), &fakeEngine{})
	p := r.connect(t)
	p.write(frame("Doe^Jane is not HL7") + frame("") + frame("MSH|^^|") + frame("MSH|^~\\&|\rMSH") + frame(ref("G1")))
	for range 3 {
		if got := p.answer(); got != "AR  200" {
			t.Errorf("got %q", got)
		}
	}
	if got := p.answer(); !strings.HasPrefix(got, "AA") {
		t.Errorf("a lone MSH at the end: got %q", got)
	}
	if got := p.answer(); got != "AA G1" {
		t.Errorf("got %q", got)
	}
	if n := r.Stats().Unreadable.Load(); n != 3 {
		t.Errorf("got %d unreadable, want 3", n)
	}
	web := r.connect(t)
	web.write("GET /doe-jane HTTP/1.1\r\n\r\n")
	_ = web.Conn.(interface{ CloseWrite() error }).CloseWrite()
	web.closed()
	r.stop()
	if l := r.log.String(); strings.Contains(strings.ToLower(l), "doe") || !strings.Contains(l, "HTTP") {
		t.Errorf("the log shows content or misses the stray bytes: %s", l)
	}
	cfg := defaults()
	cfg.Garbled = "close"
	p = start(t, cfg, &fakeEngine{}).connect(t)
	p.write(frame("garbage"))
	p.closed()
}

func TestServerBatch(t *testing.T) {
	r := start(t, defaults(), &fakeEngine{})
	p := r.connect(t)
	p.write(frame("FHS|^~\\&|\rBHS|^~\\&|\r" + ref("B1") + ref("B2") + "BTS|2\rFTS|1\r"))
	if a, b := p.answer(), p.answer(); a != "AA B1" || b != "AA B2" {
		t.Errorf("got %q %q", a, b)
	}
}

func TestServerTooLarge(t *testing.T) {
	budget := &fakeBudget{limit: 1 << 30}
	r := start(t, defaults(), &fakeEngine{}, func(d *Deps) { d.Max, d.Budget = 1<<20, budget })
	p := r.connect(t)
	done := make(chan struct{})
	go func() { // 100 MB without an end; the server closes long before
		defer close(done)
		chunk := strings.Repeat("x", 1<<20)
		p.Conn.Write([]byte("\x0BMSH|"))
		for range 100 {
			if _, err := p.Conn.Write([]byte(chunk)); err != nil {
				return
			}
		}
	}()
	if f, err := p.r.Next(); err == nil && summary(t, f.Message) != "AR  200" {
		t.Errorf("got %q", f.Message)
	}
	_ = p.Close()
	<-done
	r.stop()
	if budget.most.Load() > 3<<20 || budget.held.Load() != 0 || r.Stats().TooLarge.Load() != 1 {
		t.Errorf("held at most %d, now %d; %d too large", budget.most.Load(), budget.held.Load(), r.Stats().TooLarge.Load())
	}
}

type fakeBudget struct {
	limit      int64
	held, most atomic.Int64
	refused    chan struct{} // told of each refusal, when not nil
}

func (b *fakeBudget) Take(n int) error {
	if b.held.Add(int64(n)) > b.limit {
		b.held.Add(int64(-n))
		select {
		case b.refused <- struct{}{}:
		default:
		}
		return channels.ErrBusy
	}
	b.most.Store(max(b.most.Load(), b.held.Load()))
	return nil
}

func (b *fakeBudget) Give(n int) { b.held.Add(int64(-n)) }

func TestServerStopsReadingWhenMemoryIsUsedUp(t *testing.T) {
	began, release := make(chan struct{}), make(chan struct{})
	r := start(t, defaults(), &fakeEngine{outcome: func(in channels.Inbound) (channels.Outcome, error) {
		if in.ControlID == "W1" {
			close(began)
			<-release
		}
		return channels.Outcome{}, nil
	}}, func(d *Deps) { d.Budget = &fakeBudget{limit: 5 << 10, refused: make(chan struct{}, 1)} })
	budget := r.d.Budget.(*fakeBudget)
	a, b := r.connect(t), r.connect(t)
	a.write(frame(ref("W1")))
	<-began
	b.write(frame(ref("W2")))
	<-budget.refused // the second waits for the memory of the first
	close(release)
	got := map[string]bool{a.answer(): true, b.answer(): true}
	if !got["AA W1"] || !got["AA W2"] {
		t.Errorf("got %v", got)
	}
}

func TestServerSlowAndSilentSenders(t *testing.T) {
	cfg := defaults()
	cfg.Read, cfg.Idle = config.Duration(50*time.Millisecond), config.Duration(time.Minute)
	r := start(t, cfg, &fakeEngine{})
	p := r.connect(t)
	p.write("\x0BMSH|never ends")
	p.closed()
	cfg.Read, cfg.Idle = config.Duration(time.Minute), config.Duration(50*time.Millisecond)
	r = start(t, cfg, &fakeEngine{})
	p = r.connect(t)
	p.write(frame(ref("I1")))
	if got := p.answer(); got != "AA I1" {
		t.Errorf("got %q", got)
	}
	p.closed()
}

func TestServerLimitsConnections(t *testing.T) {
	cfg := defaults()
	cfg.Connections = 2
	r := start(t, cfg, &fakeEngine{})
	silent := r.connect(t)
	speaks := r.connect(t)
	speaks.write(frame(ref("L1")))
	speaks.answer()
	third := r.connect(t)
	third.write(frame(ref("L3")))
	if got := third.answer(); got != "AA L3" {
		t.Errorf("third: got %q", got)
	}
	silent.closed()
	fourth := r.connect(t)
	fourth.closed()
	speaks.write(frame(ref("L2")))
	if got := speaks.answer(); got != "AA L2" {
		t.Errorf("the one that spoke: got %q", got)
	}
	if e, n := r.Stats().Evicted.Load(), r.Stats().Refused.Load(); e != 1 || n != 1 {
		t.Errorf("got %d evicted, %d refused", e, n)
	}
}

// Garbage in frames does not make a connection worth keeping.
func TestServerEvictsWhoNeverSentAMessage(t *testing.T) {
	cfg := defaults()
	cfg.Connections = 3
	r := start(t, cfg, &fakeEngine{})
	for range 3 {
		p := r.connect(t)
		p.write(frame("no message"))
		p.answer()
	}
	p := r.connect(t)
	p.write(frame(ref("G1")))
	if got := p.answer(); got != "AA G1" {
		t.Errorf("got %q", got)
	}
}

// What a sender writes into MSH-9 goes into logs and listings: only what can be a message type does.
func TestServerTypeIsNoFreeText(t *testing.T) {
	e := &fakeEngine{}
	p := start(t, defaults(), e).connect(t)
	for _, bad := range []string{"Testerly^Zelda 1958", strings.Repeat("REF", 100), `REF^I\X0A\2`, "réf^I12"} {
		p.write(frame(strings.Replace(ref("T1"), "REF^I12", bad, 1)))
		p.answer()
	}
	p.write(frame(ref("T2")))
	p.answer()
	for i, m := range e.messages() {
		want := "unknown"
		if i == 4 {
			want = "REF^I12"
		}
		o, err := Open(channels.Archived{Body: m.Body}, hl7.Limits{})
		if err != nil || m.Type != want || o.Type != want {
			t.Errorf("message %d: got the type %q, opened %q (%v), want %q", i, m.Type, o.Type, err, want)
		}
	}
}

func TestServerAllowList(t *testing.T) {
	cfg := defaults()
	cfg.Allow = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	r := start(t, cfg, &fakeEngine{})
	r.connect(t).closed()
	cfg.Allow = append(cfg.Allow, netip.MustParsePrefix("127.0.0.0/8"))
	p := start(t, cfg, &fakeEngine{}).connect(t)
	p.write(frame(ref("OK")))
	p.answer()
}

func TestServerFinishesWhatItHas(t *testing.T) {
	began, release := make(chan struct{}), make(chan struct{})
	r := start(t, defaults(), &fakeEngine{outcome: func(channels.Inbound) (channels.Outcome, error) {
		close(began)
		<-release
		return channels.Outcome{}, nil
	}})
	idle, p := r.connect(t), r.connect(t)
	p.write(frame(ref("H1")) + frame(ref("H2")))
	<-began
	var wg sync.WaitGroup
	wg.Go(r.stop)
	idle.closed()
	close(release)
	if got := p.answer(); got != "AA H1" {
		t.Errorf("got %q", got)
	}
	p.closed()
	wg.Wait()
	if n := len(r.engine.messages()); n != 1 {
		t.Errorf("took %d messages, want only the one in hand", n)
	}
}

func TestServerManyConnections(t *testing.T) {
	r := start(t, defaults(), &fakeEngine{})
	var wg sync.WaitGroup
	var failed atomic.Int64
	for c := range 40 {
		wg.Go(func() {
			p := r.connect(t)
			for i := range 20 {
				id := fmt.Sprintf("%d.%d", c, i)
				p.write(frame(ref(id)))
				if f, err := p.r.Next(); err != nil || !strings.Contains(string(f.Message), "MSA|AA|"+id+"\r") {
					failed.Add(1)
				}
			}
		})
	}
	wg.Wait()
	if failed.Load() > 0 || len(r.engine.messages()) != 800 {
		t.Errorf("%d wrong answers, %d messages", failed.Load(), len(r.engine.messages()))
	}
}

func TestOpen(t *testing.T) {
	s, err := NewServer(defaults(), Deps{})
	if err != nil {
		t.Fatal(err)
	}
	body := []byte(ref("O1"))
	o, err := s.Open(channels.Archived{Body: body})
	if err != nil || o.Type != "REF^I12" || len(o.Parts) != 1 || o.Parts[0].Kind != channels.KindHL7 || string(o.Parts[0].Body) != string(body) {
		t.Errorf("got %+v, %v", o, err)
	}
	o, err = s.Open(channels.Archived{ReceivedAt: testTime, Body: []byte("MSH|^~\\&|A|B|C|D|2026||ACK|1|P|2.5.1\rMSA|AE|OUT1\rERR||PID^1^3|204^x^HL70357|E||||Doe unknown\r")})
	if err != nil || len(o.Parts) != 0 || len(o.Receipts) != 1 {
		t.Fatalf("got %+v, %v", o, err)
	}
	want := channels.Receipt{
		ControlID: "OUT1", Code: "AE", Level: channels.LevelFailed, Permanent: true, Text: "refused; 204 Unknown key identifier at PID[1]-3", Type: "ACK",
		RawType: ContentType, At: testTime,
	}
	if d := cmp.Diff(want, o.Receipts[0]); d != "" {
		t.Error(d)
	}
	for _, c := range []struct {
		body            string
		parts, receipts int
	}{
		{"ORR^O02|1|P|2.3\rMSA|AA|OUT1\rORC|OK|1\r", 0, 1}, {"ORG^O20|1|P|2.5\rORC|OK|1\r", 1, 0},
		{"RRI^I12|1|P|2.5\rMSA|AE|OUT1\rRF1|A\r", 1, 1}, {"RRI^I12|1|P|2.5\rMSA|AA\rRF1|A\r", 1, 0}, {"RRI^I12|1|P|2.5\rRF1|A\r", 1, 0},
	} {
		o, err := s.Open(channels.Archived{Body: []byte("MSH|^~\\&|A|B|C|D|2026||" + c.body)})
		if err != nil || len(o.Parts) != c.parts || len(o.Receipts) != c.receipts {
			t.Errorf("%q: got %d parts and %d receipts, %v", c.body, len(o.Parts), len(o.Receipts), err)
		}
	}
	if _, err := s.Open(channels.Archived{Body: []byte("x")}); !errors.Is(err, hl7.ErrNotHL7) {
		t.Errorf("got %v", err)
	}
}
