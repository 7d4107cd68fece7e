package file

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"refloop/channels"
	"refloop/channels/folder"
	"refloop/config"
	"refloop/hl7"
)

// answering takes everything and answers as the engine does.
type answering struct{ got []channels.Inbound }

func (a *answering) Receive(_ context.Context, in channels.Inbound) (channels.Outcome, error) {
	a.got = append(a.got, in)
	o := channels.Outcome{MessageID: "M", ReceivedAt: time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)}
	if strings.HasPrefix(in.ControlID, "AE") {
		o.Verdict, o.Problems = channels.Repair, []channels.Problem{{Location: "PID[1]-3", Code: "101", Severity: "E", Text: "PID-3: empty"}}
	}
	if in.Answer != nil {
		o.Answer = in.Answer(o)
	}
	return o, nil
}

func (a *answering) Confirm(context.Context, channels.Receipt) error { return nil }

func message(id string) string {
	return "MSH|^~\\&|A|B|C|D|2026||ORM^O01|" + id + "|P|2.5.1\rPID|1\r"
}

func TestFilesOfSeveralMessages(t *testing.T) {
	batch := "FHS|^~\\&|A|B|C|D|||||F1\rBHS|^~\\&|A|B|C|D|||||B1\r" + message("1") + message("AE2") + "BTS|2\rFTS|1\r"
	for _, c := range []struct {
		name, file, acks string
		bodies           []string
		wrapped          bool
	}{
		{"one", message("1"), "AA", []string{message("1")}, false},
		{"two without wrappers", message("1") + message("AE2"), "AA AE", []string{message("1"), message("AE2")}, false},
		{"batch", batch, "AA AE", []string{message("1"), message("AE2")}, true},
		{"frames", "\x0b" + message("1") + "\x1c\r\x0b" + message("2") + "\x1c\r\n", "AA AA", []string{message("1"), message("2")}, false},
		{"frames, broken", "\x0b" + message("1") + "\x1c\r\x0bMSH|^~\\&|half", "", []string{"\x0b" + message("1") + "\x1c\r\x0bMSH|^~\\&|half"}, false},
	} {
		for _, answers := range []bool{true, false} {
			dir, h := t.TempDir(), &answering{}
			cfg := Config{Folder: "in"}
			if answers {
				cfg.Answers = config.Path(dir)
			}
			ch := New(cfg, Deps{Name: "drop", Partner: "p", Handler: h, Log: slog.New(slog.DiscardHandler)})
			if err := ch.take(t.Context(), folder.File{Name: "x.hl7", Body: []byte(c.file)}); err != nil {
				t.Fatalf("%s: %v", c.name, err)
			}
			var bodies []string
			for _, in := range h.got {
				bodies = append(bodies, string(in.Body))
				if in.Later == (answers && c.acks != "") {
					t.Errorf("%s, answers %v: got Later %v", c.name, answers, in.Later)
				}
			}
			if d := cmp.Diff(c.bodies, bodies); d != "" {
				t.Errorf("%s: %s", c.name, d)
			}
			acks, err := os.ReadFile(filepath.Join(dir, "x.hl7.ack"))
			if !answers || c.acks == "" {
				if err == nil {
					t.Errorf("%s: got answers that nobody asked for", c.name)
				}
				continue
			}
			b, err := hl7.Split(acks, hl7.Limits{})
			if err != nil {
				t.Fatalf("%s: %v", c.name, err)
			}
			var codes []string
			for _, p := range b.Messages {
				info, err := hl7.ParseAck(p.Bytes, hl7.Limits{})
				if err != nil {
					t.Fatal(err)
				}
				codes = append(codes, info.Code)
			}
			if got := strings.Join(codes, " "); got != c.acks || (b.File != nil) != c.wrapped {
				t.Errorf("%s: got %s, wrapped %v", c.name, got, b.File != nil)
			}
		}
	}
}
