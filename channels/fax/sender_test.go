package fax

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"refloop/channels"
	"refloop/config"
	"refloop/fax"
)

var day = config.Date{Time: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)}

func newTestSender(t *testing.T, dir string) *Sender {
	t.Helper()
	cfg := RailConfig{Folder: config.Path(dir), Verified: day, Scan: quick, Settle: quick, Pages: 60}
	return makeSender(t, cfg, SenderDeps{Name: "lakeside-cardiology/fax", Now: time.Now, Log: discard(), Draw: testDrawer(t)})
}

// makeSender makes a sender that must be made.
func makeSender(t testing.TB, cfg RailConfig, d SenderDeps) *Sender {
	t.Helper()
	s, err := NewSender(cfg, d)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestPackDrawsLetterAndDocuments(t *testing.T) {
	pdf, err := fax.EncodePDF(smallPages(2))
	if err != nil {
		t.Fatal(err)
	}
	testPack(t, smallTIFF(t, 2), pdf)
}

// testPack packs a letter with an image and a PDF of two pages each.
func testPack(t *testing.T, image, pdf []byte) {
	t.Helper()
	s := newTestSender(t, t.TempDir())
	letter, err := json.Marshal(fax.Letter{Title: "Referral", Reply: true, Form: []fax.Section{{Title: "Patient", Lines: []fax.Line{{Label: "Name", Value: "CASTELLANOS, Yolanda"}}}}})
	if err != nil {
		t.Fatal(err)
	}
	ship := channels.Shipment{
		ReferralID: "7K3M9QX2T4V8WZ5C", Recipient: "Lakeside Cardiology", Address: "+15550100", ControlID: "RL1", At: day.Time,
		Parts: []channels.Part{{Kind: channels.KindLetter, Body: letter}, {Kind: channels.KindImage, Body: image}, {Kind: channels.KindPDF, Body: pdf}},
	}
	p, err := s.Pack(context.Background(), ship)
	if err != nil {
		t.Fatal(err)
	}
	again, err := s.Pack(context.Background(), ship)
	if err != nil || string(again.Body) != string(p.Body) {
		t.Errorf("packed twice: got other bytes (%v), want the same", err)
	}
	doc, err := fax.Open(p.Body, fax.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if doc.Len() != 6 || p.Type != "fax" || p.ContentType != "image/tiff" || p.Recipient != "+15550100" {
		t.Errorf("got %d pages of %s to %s, want 6 of image/tiff to +15550100", doc.Len(), p.ContentType, p.Recipient)
	}
	form, err := doc.Page(2)
	if err != nil {
		t.Fatal(err)
	}
	codes := fax.ReadCodes(context.Background(), form)
	if len(codes) != 2 || codes[0].Code == nil || codes[0].Code.Referral != "7K3M9QX2T4V8WZ5C" || codes[0].Code.Pages != 6 {
		t.Errorf("form: got %d codes, want QR and Code 128 of the referral", len(codes))
	}
	ship.Parts = append(ship.Parts, channels.Part{Kind: channels.KindPDF, Body: []byte("%PDF-1.4 broken")})
	if _, err := s.Pack(context.Background(), ship); err == nil {
		t.Error("broken document: got no error, want one")
	}
	s.cfg.Pages = 3
	ship.Parts = ship.Parts[:2]
	if _, err := s.Pack(context.Background(), ship); err == nil || !strings.Contains(err.Error(), "max_pages") {
		t.Errorf("four pages where three are allowed: got %v, want an error that names max_pages", err)
	}
}

func TestSendWritesPagesAndJob(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "outbox")
	s := newTestSender(t, dir)
	o := channels.Outbound{DeliveryID: "d-1", ReferralID: "7K3M9QX2T4V8WZ5C", Address: "+15550100", Attempt: 1, Body: samplePages(t)}
	r, err := s.Send(context.Background(), o)
	if err != nil || r.Level != channels.LevelSent || r.DeliveryID != "d-1" {
		t.Fatalf("got %+v, %v, want sent", r, err)
	}
	var j job
	b, err := os.ReadFile(filepath.Join(dir, "d-1.json"))
	if err != nil || json.Unmarshal(b, &j) != nil {
		t.Fatalf("job file: %v", err)
	}
	if j.ReferralID != o.ReferralID || j.DeliveryID != "d-1" || j.To != "+15550100" || j.Pages != 2 || len(j.SHA256) != 64 {
		t.Errorf("got job %+v, want that of the fax", j)
	}
	for _, name := range []string{"d-1.tif", "d-1.json"} { // the gateway takes it, then the daemon is killed before it noted the attempt
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if r, err = s.Send(context.Background(), o); err != nil || r.Level != channels.LevelSent {
		t.Errorf("same attempt again: got %+v, %v, want sent", r, err)
	}
	if !missing(filepath.Join(dir, "d-1.json")) {
		t.Error("same attempt again: got a second copy, want none")
	}
	o.Attempt = 2
	if _, err := s.Send(context.Background(), o); err != nil || missing(filepath.Join(dir, "d-1.json")) {
		t.Errorf("second attempt: got %v and no job, want the fax again", err)
	}
	if err := os.Remove(filepath.Join(dir, "d-1.json")); err != nil { // killed between pages and job
		t.Fatal(err)
	}
	if _, err := s.Send(context.Background(), o); err != nil || missing(filepath.Join(dir, "d-1.json")) {
		t.Errorf("half written: got %v and no job, want it completed", err)
	}
}

func TestSendRefuses(t *testing.T) {
	s := newTestSender(t, t.TempDir())
	for name, o := range map[string]channels.Outbound{"path": {DeliveryID: "../x", Body: samplePages(t)}, "no TIFF": {DeliveryID: "d-1", Body: []byte("x")}} {
		if _, err := s.Send(context.Background(), o); !channels.IsPermanent(err) {
			t.Errorf("%s: got %v, want a permanent error", name, err)
		}
	}
	s.cfg.Verified = config.Date{}
	_, err := s.Send(context.Background(), channels.Outbound{DeliveryID: "d-1", Body: samplePages(t), Attempt: 1})
	var de *channels.DeliveryError
	if !errors.As(err, &de) || !de.Permanent || de.Code != "unverified" {
		t.Errorf("not verified: got %v, want a permanent error with code unverified", err)
	}
}

func TestStatusBecomesReceipt(t *testing.T) {
	dir := t.TempDir()
	s := newTestSender(t, dir)
	other := newTestSender(t, dir)
	other.d.Name = "other/fax"
	h, foreign := newHandler(), newHandler()
	running(t, func(take, hold context.Context) error { return s.Watch(take, hold, h) })
	running(t, func(take, hold context.Context) error { return other.Watch(take, hold, foreign) })
	for _, test := range []struct {
		id, status, level, code string
		pages                   int
		permanent               bool
	}{
		{"d-1", `{"state":"done","pages":2,"code":""}`, channels.LevelDelivered, "done", 2, false},
		{"d-2", `{"state":"done","pages":1}`, channels.LevelFailed, "partial", 1, true},
		{"d-3", `{"state":"failed","pages":0,"code":"busy"}`, channels.LevelFailed, "busy", 0, false},
		{"d-4", `{"state":"failed","pages":0,"code":"invalid number","vendor":{"x":1}}`, channels.LevelFailed, "invalid_number", 0, true},
	} {
		if _, err := s.Send(context.Background(), channels.Outbound{DeliveryID: test.id, Address: "+15550100", Attempt: 1, Body: samplePages(t)}); err != nil {
			t.Fatal(err)
		}
		if test.id == "d-3" {
			h.fail <- channels.ErrStorage // must be tried again
		}
		path := filepath.Join(dir, test.id+statusSuffix)
		if err := os.WriteFile(path, []byte(test.status), 0o600); err != nil {
			t.Fatal(err)
		}
		r := next(t, h.receipts)
		if r.DeliveryID != test.id || r.Level != test.level || r.Code != test.code || r.Pages != test.pages || r.Permanent != test.permanent || r.Grade != "D" || string(r.Raw) != test.status {
			t.Errorf("%s: got %+v, want %s with code %s", test.id, r, test.level, test.code)
		}
		for _, name := range []string{test.id + statusSuffix, test.id + ".tif", test.id + ".json"} {
			waitFor(t, func() bool { return missing(filepath.Join(dir, name)) })
		}
	}
	for name, body := range map[string]string{"d-9": `{"state":"done","pages":2}`, "d-1": "not JSON", "d-2": `{"state":"gone"}`, "d-3": `{"state":"done","pages":1}{}`} {
		path := filepath.Join(dir, name+statusSuffix)
		if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
		reason := filepath.Join(dir, "refused", name+statusSuffix+".reason.txt")
		waitFor(t, func() bool { return missing(path) && !missing(reason) })
	}
	if len(h.receipts)+len(foreign.receipts) != 0 {
		t.Error("got a receipt out of a malformed status, want none")
	}
}

func TestDigitsOf(t *testing.T) {
	for s, want := range map[string]string{"+1 (555) 010-0": "15550100", "5550100": "5550100", "fax": "", "555-CALL": ""} {
		if got := digitsOf(s); got != want {
			t.Errorf("%q: got %q, want %q", s, got, want)
		}
	}
}
