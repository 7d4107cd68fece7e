package file

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"refloop/channels"
	"refloop/config"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type handler struct {
	got  chan channels.Inbound
	fail chan error // one for each call that is to fail
}

func (h *handler) Receive(_ context.Context, in channels.Inbound) (channels.Outcome, error) {
	select {
	case err := <-h.fail:
		return channels.Outcome{}, err
	default:
	}
	h.got <- in
	return channels.Outcome{MessageID: "m1"}, nil
}

func (h *handler) Confirm(context.Context, channels.Receipt) error { return errors.New("not expected") }

func TestTakesFilesAfterTheCommit(t *testing.T) {
	dir := t.TempDir()
	h := &handler{got: make(chan channels.Inbound, 10), fail: make(chan error, 1)}
	h.fail <- channels.ErrStorage
	cfg := Config{Folder: config.Path(dir), Scan: config.Duration(20 * time.Millisecond), Settle: config.Duration(20 * time.Millisecond)}
	c := New(cfg, Deps{Name: "drop", Partner: "p", Handler: h, Log: slog.New(slog.DiscardHandler)})
	take, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- c.Run(take, context.Background()) }()
	defer func() {
		stop()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	}()
	path := filepath.Join(dir, "order.hl7")
	if err := os.WriteFile(path, []byte("MSH|^~\\&|A|B|C|D\r"), 0o600); err != nil {
		t.Fatal(err)
	}
	select {
	case in := <-h.got:
		if in.Type != "file" || in.ContentType != "x-application/hl7-v2+er7" || in.Channel != "drop" || in.Partner != "p" || !in.Later || in.Answer != nil {
			t.Errorf("got %+v, want a file of HL7 v2 for later", in)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("nothing was received within 10 s")
	}
}

func TestOpenSaysWhatItIs(t *testing.T) {
	for body, want := range map[string]string{
		"MSH|^~\\&|A|B": channels.KindHL7, "\x0bMSH|^~\\&|A|B": channels.KindHL7, "\xef\xbb\xbfMSH|^~\\&|A": channels.KindHL7,
		"<?xml version=\"1.0\"?><ClinicalDocument xmlns=\"urn:hl7-org:v3\"/>": channels.KindCDA,
		"%PDF-1.4 ...": channels.KindPDF, "II*\x00....": channels.KindImage, "{\"a\": 1}": channels.KindJSON, "{a}": channels.KindText,
		"Dear colleague": channels.KindText, "\x00\x01": channels.KindOther, "": channels.KindOther,
	} {
		o, err := (&Channel{}).Open(channels.Archived{Body: []byte(body)})
		if err != nil || len(o.Parts) != 1 || o.Parts[0].Kind != want {
			t.Errorf("%q: got %+v, %v, want one part %s", body, o.Parts, err, want)
		}
	}
}

func shipment() channels.Shipment {
	return channels.Shipment{
		DeliveryID: "d1", ReferralID: "7K3M9QX2T4V8WZ5C", Event: "request", ControlID: "RL1", At: time.Date(2026, 11, 23, 4, 5, 6, 0, time.UTC),
		Parts: []channels.Part{
			{Kind: channels.KindJSON, Body: []byte("{}\n")}, {Kind: channels.KindCDA, Body: []byte("<ClinicalDocument/>")},
			{Kind: channels.KindPDF, Body: []byte("%PDF-1")}, {Kind: channels.KindPDF, Body: []byte("%PDF-2"), Name: "../../etc/passwd"},
			{Kind: channels.KindImage, ContentType: "image/tiff", Body: []byte("II*")}, {Kind: channels.KindLetter, Body: []byte("{}")},
		},
	}
}

func TestSendWritesWhatBodyAsksFor(t *testing.T) {
	const stem = "7K3M9QX2T4V8WZ5C-request-20261123T040506Z"
	for name, test := range map[string]struct {
		body []string
		want map[string]string
	}{
		"all":  {nil, map[string]string{stem + ".xml": "<ClinicalDocument/>", stem + ".json": "{}\n", stem + ".pdf": "%PDF-1", stem + "-2.pdf": "%PDF-2", stem + ".tif": "II*"}},
		"json": {[]string{"json"}, map[string]string{stem + ".json": "{}\n"}},
		"two":  {[]string{"cda", "json"}, map[string]string{stem + ".xml": "<ClinicalDocument/>", stem + ".json": "{}\n"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "out")
			s := NewSender(RailConfig{Folder: config.Path(dir), Body: test.body}, SenderDeps{Name: "files/file", Now: time.Now, Log: slog.New(slog.DiscardHandler)})
			p, err := s.Pack(context.Background(), shipment())
			if err != nil {
				t.Fatal(err)
			}
			again, err := s.Pack(context.Background(), shipment())
			if err != nil || string(again.Body) != string(p.Body) {
				t.Errorf("packed twice: got other bytes (%v), want the same", err)
			}
			for attempt := 1; attempt <= 2; attempt++ { // a repeat leaves the same files
				r, err := s.Send(context.Background(), channels.Outbound{DeliveryID: "d1", Body: p.Body, Attempt: attempt})
				if err != nil || r.Level != channels.LevelDelivered || r.DeliveryID != "d1" {
					t.Fatalf("got %+v, %v, want delivered", r, err)
				}
			}
			got := map[string]string{}
			list, err := os.ReadDir(dir)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range list {
				b, err := os.ReadFile(filepath.Join(dir, e.Name()))
				if err != nil {
					t.Fatal(err)
				}
				got[e.Name()] = string(b)
			}
			if d := cmp.Diff(test.want, got); d != "" {
				t.Errorf("files (-want +got):\n%s", d)
			}
		})
	}
}

func TestSendFailures(t *testing.T) {
	blocked := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s := NewSender(RailConfig{Folder: config.Path(blocked)}, SenderDeps{Name: "files/file", Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	p, err := s.Pack(context.Background(), shipment())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Send(context.Background(), channels.Outbound{Body: p.Body}); err == nil || channels.IsPermanent(err) {
		t.Errorf("folder is a file: got %v, want an error worth another try", err)
	}
	if _, err := s.Send(context.Background(), channels.Outbound{Body: []byte("no archive")}); !channels.IsPermanent(err) {
		t.Errorf("no archive: got %v, want a permanent error", err)
	}
	if _, err := s.Pack(context.Background(), channels.Shipment{}); err == nil {
		t.Error("nothing to write: got no error, want one")
	}
}
