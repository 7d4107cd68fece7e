package mllp

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"refloop/channels"
	"refloop/config"
	codec "refloop/mllp"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var testTime = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

// fakeEngine keeps what it is given and answers as told.
type fakeEngine struct {
	mu      sync.Mutex
	got     []channels.Inbound
	outcome func(channels.Inbound) (channels.Outcome, error) // nil: taken
}

func (e *fakeEngine) Receive(_ context.Context, in channels.Inbound) (channels.Outcome, error) {
	e.mu.Lock()
	e.got = append(e.got, in)
	n := len(e.got)
	e.mu.Unlock()
	out := channels.Outcome{MessageID: fmt.Sprintf("M%d", n), ReceivedAt: testTime}
	if e.outcome != nil {
		var err error
		if out, err = e.outcome(in); err != nil {
			return channels.Outcome{}, err
		}
		out.ReceivedAt = testTime
		if out.MessageID == "" {
			out.MessageID = fmt.Sprintf("M%d", n)
		}
	}
	if in.Answer != nil && out.Answer == nil {
		out.Answer = in.Answer(out)
	}
	return out, nil
}

func (e *fakeEngine) Confirm(context.Context, channels.Receipt) error { return nil }

func (e *fakeEngine) messages() []channels.Inbound {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]channels.Inbound(nil), e.got...)
}

// nullEngine answers and keeps nothing.
type nullEngine struct{}

func (nullEngine) Receive(_ context.Context, in channels.Inbound) (channels.Outcome, error) {
	out := channels.Outcome{MessageID: "M", ReceivedAt: testTime}
	out.Answer = in.Answer(out)
	return out, nil
}

func (nullEngine) Confirm(context.Context, channels.Receipt) error { return nil }

// syncBuffer is a log that several goroutines write.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// rig is a running server.
type rig struct {
	*Server
	engine *fakeEngine
	log    *syncBuffer
	addr   string
	stop   func() // ends take and waits for Serve
}

func defaults() Config {
	return Config{
		Ack: "auto", Reply: "ack", Storage: "close", Garbled: "AR", Connections: 100, Batch: 1000,
		Idle: config.Duration(time.Minute), Read: config.Duration(10 * time.Second),
	}
}

func start(t *testing.T, cfg Config, e *fakeEngine, change ...func(*Deps)) *rig {
	t.Helper()
	log := &syncBuffer{}
	d := Deps{
		Name: "in", Handler: e, Now: func() time.Time { return testTime },
		Log: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	for _, c := range change {
		c(&d)
	}
	s, err := NewServer(cfg, d)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	take, endTake := context.WithCancel(context.Background())
	hold, endHold := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(take, hold, l) }()
	var once sync.Once
	stop := func() {
		once.Do(func() {
			endTake()
			select {
			case err := <-done:
				if err != nil {
					t.Errorf("Serve: %v", err)
				}
			case <-time.After(20 * time.Second):
				t.Error("Serve did not end after take")
				endHold()
				<-done
			}
			endHold()
		})
	}
	t.Cleanup(stop)
	return &rig{Server: s, engine: e, log: log, addr: l.Addr().String(), stop: stop}
}

// peer is a raw connection to a server.
type peer struct {
	t *testing.T
	net.Conn
	r *codec.Reader
}

func (r *rig) connect(t *testing.T) *peer {
	t.Helper()
	c, err := net.Dial("tcp", r.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	return &peer{t, c, codec.NewReader(c, codec.Config{})}
}

func (p *peer) write(s string) {
	p.t.Helper()
	if _, err := io.WriteString(p, s); err != nil {
		p.t.Fatal(err)
	}
}

// answer reads one answer and returns MSA-1 and MSA-2, with the code of the first ERR.
func (p *peer) answer() string {
	p.t.Helper()
	f, err := p.r.Next()
	if err != nil {
		p.t.Fatalf("no answer: %v", err)
	}
	return summary(p.t, f.Message)
}

// closed waits for the server to close the connection and tells whether it did so without another answer.
func (p *peer) closed() {
	p.t.Helper()
	if f, err := p.r.Next(); err == nil {
		p.t.Fatalf("got the answer %q, want a closed connection", f.Message)
	} else if ne, ok := err.(net.Error); ok && ne.Timeout() {
		p.t.Fatal("the connection stays open")
	}
}

func frame(m string) string { return "\x0B" + m + "\x1C\r" }

func ref(id string, msh ...string) string {
	return `MSH|^~\&|NSEHR|NORTH|HUB|X|20261102||REF^I12|` + id + `|P|2.5.1|||` + strings.Join(msh, "|") + "\rRF1||||||R1\rPID|||M1||Doe\r"
}
