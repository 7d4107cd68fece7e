package transform

import (
	"testing"
	"time"
)

// People are told the time that the clock on the wall shows.
func TestLocalTime(t *testing.T) {
	for text, want := range map[string]string{
		"2026-12-01T09:30:00-06:00": "2026-12-01 09:30 (UTC-06:00)",
		"2026-12-01T09:30:00Z":      "2026-12-01 09:30 UTC",
		"2026-12-01T09:30:00+05:30": "2026-12-01 09:30 (UTC+05:30)",
	} {
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		if got := localTime(at); got != want {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
}
