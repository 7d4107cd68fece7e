package direct

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"refloop/channels"
	"refloop/channels/direct/trust"
)

var _ = channels.Watcher(&Notices{})

// Each certificate is warned of at 60, 30, 14, 7 and 1 days and when it ended, once each.
func TestExpiryWarnings(t *testing.T) {
	w := newWorld(t)
	ends := w.north.agent.Trust.Decrypting(north)[0].Certificate.NotAfter
	var said bytes.Buffer
	now := ends
	g := *w.north.agent
	g.Now, g.Log = func() time.Time { return now }, slog.New(slog.NewTextHandler(&said, nil))
	told := map[trust.Ending]int{}
	for _, c := range []struct{ days, lines int }{{90, 0}, {59, 1}, {58, 0}, {29, 1}, {13, 1}, {12, 0}, {6, 1}, {0, 1}, {-1, 1}, {-2, 0}} {
		now = ends.AddDate(0, 0, -c.days).Add(-time.Hour)
		said.Reset()
		g.warn(told)
		if got := strings.Count(said.String(), "kind=identity"); got != c.lines {
			t.Errorf("%d days before: got %d lines, want %d", c.days, got, c.lines)
		}
	}
}

func TestWatchEnds(t *testing.T) {
	w := newWorld(t)
	synctest.Test(t, func(t *testing.T) {
		take, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- NewNotices(w.north.agent, "direct/notices").Watch(take, take, nil) }()
		<-time.After(48 * time.Hour) // virtual time
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}
