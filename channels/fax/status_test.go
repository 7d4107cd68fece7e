package fax

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"refloop/channels"
)

// Gateways use other words for the same; nothing goes out again by itself when pages may have arrived.
func TestStatusWords(t *testing.T) {
	s := newTestSender(t, t.TempDir())
	for text, want := range map[string]struct {
		level, code string
		permanent   bool
	}{
		`{"state":"done"}`:                           {channels.LevelDelivered, "done", false},
		`{"status":"sent"}`:                          {channels.LevelDelivered, "done", false},
		`{"status":"Success","page_count":3}`:        {channels.LevelDelivered, "done", false},
		`{"state":"ok","pages":"3"}`:                 {channels.LevelDelivered, "done", false},
		`{"state":"done","pages":0}`:                 {channels.LevelFailed, "partial", true},
		`{"state":"done","pages":2}`:                 {channels.LevelFailed, "partial", true},
		`{"state":"failed","pages":1}`:               {channels.LevelFailed, "partial", true},
		`{"state":"failed","pages":1,"code":"busy"}`: {channels.LevelFailed, "busy", true},
		`{"state":"failed"}`:                         {channels.LevelFailed, "failed", false},
		`{"status":"error","reason":"Line busy"}`:    {channels.LevelFailed, "busy", false},
		`{"status":"busy"}`:                          {channels.LevelFailed, "busy", false},
		`{"status":"no-answer"}`:                     {channels.LevelFailed, "no_answer", false},
		`{"status":"failed","error":"not a fax"}`:    {channels.LevelFailed, "not_a_fax", true},
	} {
		st, err := parseStatus([]byte(text))
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if r := s.receipt("d-1", st, sent{Pages: 3}, nil); r.Level != want.level || r.Code != want.code || r.Permanent != want.permanent || r.Grade != "D" {
			t.Errorf("%s: got %+v, want %+v", text, r, want)
		}
	}
	for _, text := range []string{`{}`, `{"state":"sending"}`, `{"state":"done","pages":-1}`, `{"state":"done","pages":1.5}`, `{"state":1}`, `[]`} {
		if st, err := parseStatus([]byte(text)); err == nil {
			t.Errorf("%s: got %+v, want it refused", text, st)
		}
	}
}

// The job file has exactly the keys that docs/fax-gateways.md promises.
func TestJobFileKeys(t *testing.T) {
	dir := t.TempDir()
	s := newTestSender(t, dir)
	if _, err := s.Send(context.Background(), channels.Outbound{DeliveryID: "d-1", ReferralID: "R-1", Address: "+15550100", Attempt: 1, Body: samplePages(t)}); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(dir, "d-1.json"))
	var keys map[string]any
	if err != nil || json.Unmarshal(b, &keys) != nil || len(keys) != 5 {
		t.Fatalf("got %d keys, %v, want 5", len(keys), err)
	}
	doc, err := os.ReadFile("../../docs/fax-gateways.md")
	if err != nil {
		t.Fatal(err)
	}
	for key := range keys {
		if !strings.Contains(string(doc), "| `"+key+"` |") {
			t.Errorf("docs/fax-gateways.md does not say what %s is", key)
		}
	}
}

// A status file that cannot be used is an item until somebody takes it away.
func TestRefusedStatusIsTold(t *testing.T) {
	dir := t.TempDir()
	s := newTestSender(t, dir)
	h := observer{newHandler(), make(chan channels.Observation, 100)}
	running(t, func(take, hold context.Context) error { return s.Watch(take, hold, h) })
	if o := next(t, h.told); len(o.Alarms) != 0 {
		t.Fatalf("got %+v, want no alarm", o)
	}
	if err := os.WriteFile(filepath.Join(dir, "d-1"+statusSuffix), []byte(`{"status":"sending"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	o := next(t, h.told)
	if len(o.Alarms) != 1 || o.Alarms[0].Kind != channels.AlarmAside || !strings.HasPrefix(o.Alarms[0].Key, o.Scope) || !strings.Contains(o.Scope, "fax-outbox") {
		t.Fatalf("got %+v, want one alarm", o)
	}
	if err := os.RemoveAll(filepath.Join(dir, "refused")); err != nil {
		t.Fatal(err)
	}
	if o = next(t, h.told); len(o.Alarms) != 0 {
		t.Errorf("got %+v, want it over", o)
	}
}
