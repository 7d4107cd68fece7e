package mllp

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"refloop/channels"
	"refloop/hl7"
)

func batchOf(messages ...string) string {
	return "BHS|^~\\&|NSEHR|NORTH|HUB|X|20261102||||B7\r" + strings.Join(messages, "") + fmt.Sprintf("BTS|%d\r", len(messages))
}

func TestBatchOverTheLimitIsRefusedWhole(t *testing.T) {
	for _, wrapped := range []bool{false, true} {
		cfg := defaults()
		cfg.Batch, cfg.BatchAck = 3, wrapped
		r := start(t, cfg, &fakeEngine{})
		p := r.connect(t)
		p.write(frame(batchOf(ref("1"), ref("2"), ref("3"), ref("4"))) + frame(ref("5")))
		f, err := p.r.Next()
		if err != nil {
			t.Fatal(err)
		}
		info, err := hl7.ParseAck(f.Message, hl7.Limits{})
		if err != nil || info.Code != "AR" || info.About != "" || len(info.Problems) != 1 || info.Problems[0].Code != hl7.CodeInternal ||
			!strings.Contains(info.Problems[0].Text, "more than 3 messages; none of it was taken") {
			t.Errorf("got %q, %v", f.Message, err)
		}
		if got := p.answer(); got != "AA 5" {
			t.Errorf("the connection goes on: got %s", got)
		}
		if n := len(r.engine.messages()); n != 1 || r.Stats().TooLarge.Load() != 1 {
			t.Errorf("%d messages were taken, want the last alone", n)
		}
	}
}

func TestBatchAckHasTheShapeOfTheFile(t *testing.T) {
	cfg := defaults()
	cfg.BatchAck = true
	r := start(t, cfg, &fakeEngine{outcome: verdicts})
	p := r.connect(t)
	p.write(frame("FHS|^~\\&|A|B|C|D|20261102||||F7\r" + batchOf(ref("1"), ref("AE2", "AL", "AL")) + strings.ReplaceAll(batchOf(ref("3"), "MSH|nonsense\r"), "B7", "B8") + "FTS|2\r"))
	f, err := p.r.Next()
	if err != nil {
		t.Fatal(err)
	}
	b, err := hl7.Split(f.Message, hl7.Limits{})
	if err != nil || len(b.Warnings) != 0 || b.File == nil || len(b.Batches) != 2 {
		t.Fatalf("got %q, %v", f.Message, err)
	}
	for i, of := range []string{"|B7", "|B8"} {
		if !strings.HasSuffix(string(b.Batches[i]), of) {
			t.Errorf("batch %d: got %q, want it to name %s", i, b.Batches[i], of)
		}
	}
	var got []string
	for _, m := range b.Messages {
		got = append(got, fmt.Sprintf("%d %s", m.Batch, summary(t, m.Bytes)))
	}
	if d := cmp.Diff([]string{"0 AA 1", "0 CA AE2", "0 AE AE2 101", "1 AA 3", "1 AR  200"}, got); d != "" {
		t.Error(d)
	}
}

// togetherEngine takes batches together, up to a message it cannot store.
type togetherEngine struct {
	fakeEngine
	steps  []int
	broken string
}

func (e *togetherEngine) ReceiveAll(ctx context.Context, list []channels.Inbound) ([]channels.Outcome, error) {
	e.mu.Lock()
	e.steps = append(e.steps, len(list))
	e.mu.Unlock()
	var outs []channels.Outcome
	for _, in := range list {
		if in.ControlID == e.broken {
			return outs, channels.ErrStorage
		}
		out, err := e.Receive(ctx, in)
		if err != nil {
			return outs, err
		}
		outs = append(outs, out)
	}
	return outs, nil
}

func TestBatchIsHandedOverTogether(t *testing.T) {
	var messages, ids []string
	for i := range batchStep + 10 {
		ids = append(ids, fmt.Sprintf("AA %d", i))
		messages = append(messages, ref(fmt.Sprint(i)))
	}
	e := &togetherEngine{}
	r := start(t, defaults(), nil, func(d *Deps) { d.Handler = e })
	p := r.connect(t)
	p.write(frame(batchOf(messages...)))
	var got []string
	for range ids {
		got = append(got, p.answer())
	}
	if d := cmp.Diff(ids, got); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]int{batchStep, 10}, e.steps); d != "" {
		t.Error(d)
	}
}

// What cannot be stored ends the batch, or is refused alone when that is configured; nothing that was not stored is acknowledged.
func TestBatchWhenStorageFails(t *testing.T) {
	batch := frame(batchOf(ref("1"), ref("AE2"), ref("3"), ref("4")))
	e := &togetherEngine{broken: "3"}
	e.outcome = verdicts
	r := start(t, defaults(), nil, func(d *Deps) { d.Handler = e })
	p := r.connect(t)
	p.write(batch)
	for _, want := range []string{"AA 1", "AE AE2 101"} {
		if got := p.answer(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	p.closed()
	if n := len(e.messages()); n != 2 {
		t.Errorf("%d messages were taken, want 2", n)
	}

	cfg := defaults()
	cfg.Storage = "AR"
	e = &togetherEngine{broken: "3"}
	r = start(t, cfg, nil, func(d *Deps) { d.Handler = e })
	p = r.connect(t)
	p.write(batch)
	for _, want := range []string{"AA 1", "AA AE2", "AR 3 207", "AA 4"} {
		if got := p.answer(); got != want {
			t.Errorf("on_storage_failure AR: got %s, want %s", got, want)
		}
	}
}

func TestSays(t *testing.T) {
	for _, c := range []struct{ accept, app, id, want string }{
		{"", "", "1", "AA"}, {"", "", "AE1", "AE"}, {"AL", "NE", "1", "CA"}, {"AL", "NE", "AE1", "CE"}, {"AL", "AL", "AR1", "CR"},
		{"AL", "AL", "1", "CA AA"}, {"AL", "AL", "AE1", "CA AE"}, {"NE", "NE", "1", ""},
	} {
		m, err := hl7.Parse([]byte(ref(c.id, c.accept, c.app)), hl7.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		o, _ := verdicts(channels.Inbound{ControlID: c.id})
		if got := says(newAnswerer(defaults()).answer(m, o)); got != c.want {
			t.Errorf("%+v: got %q", c, got)
		}
	}
}

// watched is an engine that takes what the rail notices.
type watched struct {
	*fakeEngine
	alarms []channels.Alarm
}

func (w *watched) Observe(_ context.Context, o channels.Observation) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.alarms = append(w.alarms, o.Alarms...)
	return nil
}

func TestEmptyAndIncompleteBatches(t *testing.T) {
	const head = "FHS|^~\\&|A|B|C|D|2026||||F1\rBHS|^~\\&|A|B|C|D|2026||||B1\r"
	for _, c := range []struct{ name, batch, tail, why string }{
		{"empty", head + "BTS|0\rFTS|1\r", "|B1\rBTS|0\rFTS|1\r", ""},
		{"whole", head + ref("1") + "BTS|1\rFTS|1\r", "BTS|1\rFTS|1\r", ""},
		{"count", head + ref("1") + "BTS|2\rFTS|1\r", "BTS|1\rFTS|1|BTS-1 or FTS-1 names another number than came\r", "another number"},
		{"cut off", head + ref("1"), "BTS|1\rFTS|1|BTS or FTS is missing\r", "missing"},
	} {
		cfg := defaults()
		cfg.BatchAck = true
		e := &watched{fakeEngine: &fakeEngine{}}
		r := start(t, cfg, e.fakeEngine, func(d *Deps) { d.Handler = e })
		p := r.connect(t)
		p.write(frame(c.batch))
		f, err := p.r.Next()
		if err != nil || !strings.HasSuffix(string(f.Message), c.tail) {
			t.Errorf("%s: got %q, %v, want %q at its end", c.name, f.Message, err, c.tail)
		}
		r.stop()
		items := ""
		for _, a := range e.alarms {
			items += a.Kind + " " + a.Note
		}
		if c.why == "" && items != "" || !strings.Contains(items, c.why) || c.why != "" && !strings.Contains(items, channels.AlarmBatch) {
			t.Errorf("%s: got the items %q, want one with %q", c.name, items, c.why)
		}
		if strings.Contains(r.log.String(), "WARN") != (c.why != "") {
			t.Errorf("%s: the log says %s", c.name, r.log.String())
		}
	}
}

func TestWhatIsNoMessageIsKeptOnce(t *testing.T) {
	e := &watched{fakeEngine: &fakeEngine{}}
	r := start(t, defaults(), e.fakeEngine, func(d *Deps) { d.Handler = e })
	p := r.connect(t)
	p.write(frame("Doe^Jane 5 is not HL7"+strings.Repeat("x", 2*maxKept)) + frame("nor is this"))
	for range 2 {
		if got := p.answer(); got != "AR  200" {
			t.Errorf("got %q", got)
		}
	}
	r.stop()
	got := e.messages()
	if len(got) != 1 || len(got[0].Body) != maxKept || got[0].Refused == "" || got[0].Answer != nil {
		t.Errorf("got %d messages, want the first bytes of one", len(got))
	}
	if len(e.alarms) != 1 || e.alarms[0].Kind != channels.AlarmUnreadable || r.Unreadable()["frame"] != 2 {
		t.Errorf("got %v, %v, want one alarm and two frames", e.alarms, r.Unreadable())
	}
	if l := r.log.String(); strings.Contains(l, "Doe") || !strings.Contains(l, "a3p1a4_191_1a2") {
		t.Errorf("the log shows content or no shape: %s", l)
	}
}
