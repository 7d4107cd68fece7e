package main

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
	"time"

	"refloop/config"
	"refloop/engine"
)

// TestDescribedDefaults: what config describe says of a fax rail's retry is what happens, and words are not called numbers.
func TestDescribedDefaults(t *testing.T) {
	var keys faxRetryKeys
	var p config.Problems
	config.Node{}.Decode(&keys, "", &p)
	if got := (engine.Retry{First: keys.Retry.First.D(), Max: keys.Retry.Longest.D(), Attempts: keys.Retry.Attempts}); p.Len() > 0 || got != faxRetry() {
		t.Errorf("got %+v, want %+v (%v)", got, faxRetry(), p.Err())
	}
	var out bytes.Buffer
	if code := run([]string{"config", "describe"}, strings.NewReader(""), &out, &out); code != exitDone {
		t.Fatalf("got exit code %d: %s", code, &out)
	}
	for _, want := range []string{`(?m)^partners\[\]\.rails\[\]\.body +word or list +pdf \| text \| cda \| json `, `(?m)^partners\[\]\.rails\[\]\.retry\.first +\S.* +default 2m +fax: `} {
		if !regexp.MustCompile(want).MatchString(out.String()) {
			t.Errorf("want %s in\n%s", want, &out)
		}
	}
}

// TestRetryOfFax: a fax rail that gives one key of retry keeps its own defaults for the others.
func TestRetryOfFax(t *testing.T) {
	pl := planned(t, plannedHead+`partners:
  - {id: a, rails: [{type: fax, address: "+15550100", folder: out, retry: {attempts: 7}}, {type: file, folder: out, retry: {attempts: 7}}]}
`)
	if got, want := pl.retries["a/fax"], (engine.Retry{First: 2 * time.Minute, Max: 30 * time.Minute, Attempts: 7, MaxAge: 72 * time.Hour}); got != want {
		t.Errorf("fax: got %+v, want %+v", got, want)
	}
	if got := pl.retries["a/file"]; got.First != 2*time.Second || got.Attempts != 7 {
		t.Errorf("file: got %+v", got)
	}
}
