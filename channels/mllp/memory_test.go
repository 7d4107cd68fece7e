package mllp

import (
	"strings"
	"testing"
	"time"

	"refloop/channels"
)

// A sender that stops in the middle of a message holds memory only as long as nobody else needs it.
func TestUnfinishedMessageGivesWay(t *testing.T) {
	r := start(t, defaults(), &fakeEngine{}, func(d *Deps) { d.Budget = &fakeBudget{limit: 256 << 10, refused: make(chan struct{}, 1)} })
	budget := r.d.Budget.(*fakeBudget)
	long := strings.TrimSuffix(ref("L"), "\r") + "\rNTE|1||" + strings.Repeat("x", 100<<10) + "\r"
	halves := r.connect(t)
	halves.write(frame(long)[:90<<10])
	deaf := make(chan struct{})
	go func() { // it ends only when the server closes it
		defer close(deaf)
		_, _ = halves.Read(make([]byte, 1))
	}()
	for budget.held.Load() < 90<<10 { // until it holds what 90 KiB take
		select {
		case <-t.Context().Done():
			t.Fatal("the first half was never read")
		case <-time.After(time.Millisecond):
		}
	}
	b := r.connect(t)
	b.write(frame(strings.Replace(long, "|L|", "|W|", 1)))
	if got := b.answer(); got != "AA W" {
		t.Errorf("got %s", got)
	}
	<-deaf
	if n := r.Stats().GaveWay.Load(); n != 1 {
		t.Errorf("%d messages gave way, want 1", n)
	}
	r.stop()
	if used := budget.held.Load(); used != 0 {
		t.Errorf("%d bytes stay taken", used)
	}
	if n := len(r.engine.messages()); n != 1 {
		t.Errorf("%d messages were taken, want the whole one", n)
	}
}

func TestWhoIsToBlame(t *testing.T) {
	at := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name string
		m    *memory
		want bool
	}{
		{"waits for memory itself", &memory{doing: memoryWaiting, since: at.Add(-time.Minute)}, false},
		{"in the engine's hands", &memory{doing: memoryHanded, since: at.Add(-time.Minute)}, false},
		{"sends", &memory{doing: memoryReading, since: at.Add(-time.Second), active: 30 * time.Second, got: 4 << 20}, false},
		{"has just begun", &memory{doing: memoryReading, since: at.Add(-time.Second), got: 10}, false},
		{"is silent", &memory{doing: memoryReading, since: at.Add(-3 * time.Second), got: 4 << 20}, true},
		{"dribbles", &memory{doing: memoryReading, since: at.Add(-time.Second), active: 30 * time.Second, got: 1 << 20}, true},
	} {
		if got := c.m.stalled(at); got != c.want {
			t.Errorf("%s: got %v", c.name, got)
		}
	}
}

// When every unfinished message waits for memory that the others hold, the one that loses least gives way.
func TestMemoryLockEnds(t *testing.T) {
	cfg := defaults()
	s, err := NewServer(cfg, Deps{Name: "in", Budget: &fakeBudget{}, Now: time.Now, Log: start(t, cfg, &fakeEngine{}).d.Log})
	if err != nil {
		t.Fatal(err)
	}
	r := start(t, cfg, &fakeEngine{})
	waiting := func(held int, since time.Duration) *conn {
		c := newConn(s, r.connect(t).Conn, "peer")
		c.memory.held, c.memory.doing, c.memory.since = held, memoryWaiting, time.Now().Add(-since)
		s.conns[c] = struct{}{}
		return c
	}
	big, small := waiting(2<<20, time.Minute), waiting(1<<20, time.Second)
	if s.makeRoom(); big.memory.gone || small.memory.gone {
		t.Error("one gave way although another has waited for a moment only")
	}
	small.memory.since = time.Now().Add(-time.Minute)
	if s.makeRoom(); big.memory.gone || !small.memory.gone {
		t.Error("want the smaller one to give way")
	}
	if err := small.takeMemory(1); err != channels.ErrBusy {
		t.Errorf("got %v, want ErrBusy", err)
	}
	if s.makeRoom(); big.memory.gone {
		t.Error("a second one gave way before the first gave its memory back")
	}
}

// A message that comes too slowly as a whole ends, whatever its pace.
func TestMessageTimeout(t *testing.T) {
	cfg := defaults()
	cfg.Message = cfg.Read / 100
	r := start(t, cfg, &fakeEngine{})
	p := r.connect(t)
	p.write(frame(ref("1"))[:20])
	p.closed()
	p = r.connect(t)
	p.write(frame(ref("2")))
	if got := p.answer(); got != "AA 2" {
		t.Errorf("got %s", got)
	}
}
