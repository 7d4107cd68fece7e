package engine_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"refloop/channels"
	"refloop/engine"
	"refloop/internal/enginetest"
	"refloop/referral"
)

func TestParsePages(t *testing.T) {
	for text, want := range map[string][]int{"3": {3}, "3-4": {3, 4}, " 1 ,3-5,4": {1, 3, 4, 5}} {
		if got, err := engine.ParsePages(text); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: got %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "0", "4-3", "a", "1-", "1-99999", "-1"} {
		var wrong *engine.InputError
		if got, err := engine.ParsePages(text); !errors.As(err, &wrong) {
			t.Errorf("%q: got %v, %v, want an InputError", text, got, err)
		}
	}
}

// pagesLine is a channel whose messages are pages: the letters of the body.
type pagesLine struct{ enginetest.Line }

func (*pagesLine) Pages(body []byte) (int, error) { return len(body), nil }

func (*pagesLine) Cut(_ context.Context, body []byte, pages []int) ([]byte, error) {
	var out []byte
	for _, n := range pages {
		out = append(out, body[n-1])
	}
	return out, nil
}

// A fax that is held is given out: pages become faxes of their own, and when all went it is settled; one that is not ours leaves an item.
func TestSplitMessage(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		line := &pagesLine{enginetest.Line{OpenFunc: func(channels.Archived) (channels.Opened, error) { return channels.Opened{}, nil }}}
		w.Set.Channels[enginetest.FromLakeside] = engineChannel(line)
		take := func(body string) string {
			out, err := w.Engine.Receive(t.Context(), channels.Inbound{Channel: enginetest.FromLakeside, Type: "fax", ContentType: "image/tiff", Body: []byte(body)})
			if err != nil || out.State != "held" {
				t.Fatalf("got %s (%v), want held", out.State, err)
			}
			return out.MessageID
		}
		id := take("abcd")
		if err := w.Engine.ActMessage(t.Context(), "user:anna", id, "split", engine.ActInput{Pages: []string{"5"}}); err == nil || !strings.Contains(err.Error(), "want 1 to 4") {
			t.Errorf("page 5 of 4: got %v", err)
		}
		if err := w.Engine.ActMessage(t.Context(), "user:anna", id, "accept", engine.ActInput{}); err == nil {
			t.Error("accept of a message: got no error")
		}
		if err := w.Engine.ActMessage(t.Context(), "user:anna", id, "split", engine.ActInput{Pages: []string{"1-2"}}); err != nil {
			t.Fatal(err)
		}
		if m := w.Message(id); m.State != referral.MessageHeld {
			t.Errorf("pages are left: got %s, want it held still", m.State)
		}
		done, err := w.Engine.SplitMessage(t.Context(), "user:anna", id, engine.SplitInput{Groups: [][]int{{1, 2}, {4, 3}}})
		if err != nil || len(done.Messages) != 2 {
			t.Fatalf("got %v, %v, want two new faxes", done.Messages, err)
		}
		if m := w.Message(id); m.State != referral.MessageIgnored {
			t.Errorf("all pages went: got %s (%s), want it settled", m.State, m.Reason)
		}
		bodies := ""
		for _, m := range done.Messages {
			bodies += fmt.Sprintf("%s:%s ", w.Message(m).State, bodyOf(t, w, m))
		}
		if bodies != "duplicate:ab received:dc " {
			t.Errorf("new faxes: got %s, want the first known from before and the second to be read", bodies)
		}
		other := take("xy")
		if err := w.Engine.ActMessage(t.Context(), "user:anna", other, "not-ours", engine.ActInput{}); err != nil || w.Message(other).State != referral.MessageIgnored {
			t.Errorf("not ours: got %v and %s", err, w.Message(other).State)
		}
		if err := w.Engine.NotOurs(t.Context(), "user:anna", other); err == nil {
			t.Error("not ours again: got no error")
		}
	})
}

func bodyOf(t *testing.T, w *enginetest.World, id string) string {
	t.Helper()
	b, err := w.Store.Body(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
