package fax

import (
	"context"
	"encoding/json"
	"testing"

	"refloop/channels"
	"refloop/fax"
)

// TestReturnedPage sends our own letter's second page back with a box ticked: the fields name the referral and the tick, without a
// word having been read.
func TestReturnedPage(t *testing.T) {
	testReturned(t, smallPages(1)[0]) // of the cover nothing but its place counts
}

// testReturned sends the page back alone, behind a cover, and upside down.
func testReturned(t *testing.T, cover *fax.Bitmap) {
	t.Helper()
	drawn, err := drawReply()
	if err != nil {
		t.Fatal(err)
	}
	pages := []*fax.Bitmap{cover, drawn[1].Clone()}
	for _, tick := range fax.Ticks() {
		if tick.Means == "declined" || tick.Means == "insurance" {
			pages[1].Fill(tick.Place.Inset(9))
		}
	}
	c := newChannel(t, Config{Pages: 500}, Deps{Name: "fax-inbox", Reader: reader{}, Log: discard()})
	for name, sent := range map[string][]*fax.Bitmap{"that page": pages[1:2], "whole fax": pages, "upside down": {pages[1].Turn(180)}} {
		body, err := fax.EncodeTIFF(sent)
		if err != nil {
			t.Fatal(err)
		}
		a := channels.Archived{Body: body, ContentType: "image/tiff"}
		if a.Evidence, err = c.Prepare(context.Background(), a); err != nil {
			t.Fatal(err)
		}
		o, err := c.Open(a)
		if err != nil {
			t.Fatal(err)
		}
		var fields struct {
			Own []fax.OwnPage `json:"own_pages"`
		}
		if err := json.Unmarshal(o.Parts[0].Body, &fields); err != nil || len(fields.Own) != 1 {
			t.Fatalf("%s: got %d pages of ours (%v), want one", name, len(fields.Own), err)
		}
		got := fields.Own[0]
		if got.Referral != "7K3M9QX2T4V8WZ5C" || got.Of != 2 || !got.Reply || len(got.Ticked) != 2 || got.Ticked[0] != "declined" || got.Ticked[1] != "insurance" || len(got.Unclear) != 0 {
			t.Errorf("%s: got %+v, want the referral, declined and insurance", name, got)
		}
	}
}
