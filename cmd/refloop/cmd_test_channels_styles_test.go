package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"refloop/channels"
	"refloop/channels/mllp"
	"refloop/config"
	"refloop/hl7"
	codec "refloop/mllp"
	"refloop/transform"
)

// stylesPlan is one channel of our own EHR on which everything counts.
const stylesPlan = `
organization: {name: North, oid: 2.16.840.1.113883.3.72.5.9.1}
store: {url: "sqlite:x.db", seal_key: {file: seal.key}}
demo: true
console: {listen: "127.0.0.1:0"}
channels:
  - {name: in, type: mllp, listen: "127.0.0.1:0", partner: ehr}
partners:
  - {id: ehr, name: EHR, own: true, rails: [{type: mllp, address: "127.0.0.1:2600"}]}
`

// style is one row of expected.tsv.
type style struct{ file, answers, events, numbers, family string }

// TestStyles sends messages in the styles of many products over a socket: each arrives unchanged, gets the right answers, and means what it should.
func TestStyles(t *testing.T) {
	dir := "../../testdata/hl7/styles"
	table, err := os.ReadFile(filepath.Join(dir, "expected.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.er7"))
	if err != nil {
		t.Fatal(err)
	}
	var styles []style
	for line := range strings.Lines(string(table)) {
		if f := strings.Split(strings.TrimRight(line, "\n"), "\t"); !strings.HasPrefix(line, "#") && len(f) > 4 {
			styles = append(styles, style{f[0], f[1], f[2], f[3], f[4]})
		}
	}
	if len(styles) < 60 || len(styles) != len(files) {
		t.Fatalf("got %d rows and %d files, want one row for each of at least 60", len(styles), len(files))
	}
	room := stylesRoom(t)
	h := &stylesHandler{room: room}
	addr := serveStyles(t, *room.answer, h)
	for _, s := range styles {
		t.Run(s.file, func(t *testing.T) {
			body, err := os.ReadFile(filepath.Join(dir, s.file+".er7"))
			if err != nil {
				t.Fatal(err)
			}
			h.reset()
			got := h.result(sendStyle(t, addr, body))
			if d := cmp.Diff(s, style{s.file, got.answers, got.events, got.numbers, got.family}, cmp.AllowUnexported(style{})); d != "" {
				t.Error(d)
			}
			if len(h.bodies) > 0 && !bytes.Contains(body, bytes.Join(h.bodies, nil)) {
				t.Error("the bytes did not arrive as they were sent")
			}
		})
	}
}

func stylesRoom(t *testing.T) dryRoom {
	t.Helper()
	path := filepath.Join(t.TempDir(), "refloop.yaml")
	if err := os.WriteFile(path, []byte(stylesPlan), 0o600); err != nil {
		t.Fatal(err)
	}
	_, _, pl, err := readPlan(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	room, err := dryRoomNamed(pl, "in")
	if err != nil {
		t.Fatal(err)
	}
	return room
}

// stylesHandler decodes what arrives, and keeps it.
type stylesHandler struct {
	room   dryRoom
	mu     sync.Mutex
	bodies [][]byte
	facts  []transform.Decoded
}

func (h *stylesHandler) reset() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.bodies, h.facts = nil, nil
}

func (h *stylesHandler) Receive(_ context.Context, in channels.Inbound) (channels.Outcome, error) {
	r, err := h.room.run(in.Body)
	if err != nil {
		return channels.Outcome{}, err
	}
	h.mu.Lock()
	h.bodies, h.facts = append(h.bodies, in.Body), append(h.facts, r.decoded)
	h.mu.Unlock()
	o := channels.Outcome{MessageID: "M", ReceivedAt: dryTime, Verdict: r.decoded.Verdict, Problems: r.decoded.Problems}
	if in.Answer != nil {
		o.Answer = in.Answer(o)
	}
	return o, nil
}

func (h *stylesHandler) Confirm(context.Context, channels.Receipt) error {
	return errors.New("not expected")
}

// result writes what came of a file as the table does.
func (h *stylesHandler) result(answers string) style {
	h.mu.Lock()
	defer h.mu.Unlock()
	var events, numbers []string
	family := ""
	for _, d := range h.facts {
		for _, f := range d.Facts {
			events = append(events, string(f.Event.Type))
			seen := map[string]bool{}
			for _, id := range f.Ref {
				if !seen[id.Value] {
					numbers = append(numbers, id.Value)
				}
				seen[id.Value] = true
			}
			if rec := f.Event.Payload.Record; rec != nil && family == "" {
				family = rec.Patient.Name.Family
			}
		}
	}
	return style{answers: answers, events: strings.Join(events, ", "), numbers: strings.Join(numbers, ", "), family: family}
}

// serveStyles runs a server until the test ends.
func serveStyles(t *testing.T, cfg mllp.Config, h channels.Handler) string {
	t.Helper()
	cfg.Read = config.Duration(10 * time.Second)
	s, err := mllp.NewServer(cfg, mllp.Deps{Name: "in", Handler: h, Now: func() time.Time { return dryTime }, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	take, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(take, context.Background(), l) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return l.Addr().String()
}

// sendStyle sends one frame, then one that is known to be answered by AA END, and writes the answers that came before that one.
func sendStyle(t *testing.T, addr string, body []byte) string {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	w := codec.NewWriter(c)
	if err := w.WriteMessage(body); err != nil {
		t.Fatal(err)
	}
	if err := c.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	r := codec.NewReader(c, codec.Config{})
	var out []string
	for {
		f, err := r.Next()
		if err != nil {
			break
		}
		out = append(out, answerWords(t, f.Message))
	}
	switch {
	case len(out) == 0:
		return "none"
	case bytes.HasPrefix(body, []byte("BHS")):
		return strings.Join(out, "; ")
	}
	return strings.Join(out, ", ")
}

// answerWords is an answer as the table writes it: AE 101 RF1-6.
func answerWords(t *testing.T, b []byte) string {
	t.Helper()
	info, err := hl7.ParseAck(b, hl7.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	s := info.Code
	if info.Positive() || len(info.Problems) == 0 {
		return s
	}
	p := info.Problems[0]
	s += " " + p.Code
	if p.Segment == "" {
		return s
	}
	at := hl7.Path{Segment: p.Segment, Field: p.Field}
	return s + " " + at.String()
}
