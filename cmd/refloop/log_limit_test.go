package main

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// A destination that is down says so a few times a minute, each other one too; what was left out is counted; what is no trouble always passes.
func TestLogLimit(t *testing.T) {
	var out bytes.Buffer
	now := time.Now()
	log := slog.New(limitLog(slog.NewTextHandler(&out, nil), func() time.Time { return now }))
	for i := range 100 {
		log.Warn("not delivered", "lane", "lakeside/direct", "delivery", i)
		log.With("lane", "rehab/fax").Warn("not delivered", "delivery", i)
		log.Info("received", "message", i)
	}
	for text, want := range map[string]int{"lane=lakeside/direct": logBurst, "lane=rehab/fax": logBurst, "msg=received": 100, "left_out": 0} {
		if got := strings.Count(out.String(), text); got != want {
			t.Errorf("%s: got %d lines, want %d", text, got, want)
		}
	}
	out.Reset()
	now = now.Add(logWindow)
	log.Warn("not delivered", "lane", "lakeside/direct")
	log.Warn("not delivered", "lane", "lakeside/direct")
	if got := out.String(); strings.Count(got, "left_out=95") != 1 || strings.Count(got, "\n") != 2 {
		t.Errorf("the next window: got %q", got)
	}
	for i := range logKinds + 10 {
		log.Error("storing", "channel", i)
	}
	if got := strings.Count(out.String(), "storing"); got != logKinds+10 {
		t.Errorf("many kinds: got %d lines, want all", got)
	}
}
