package fax

import (
	"context"
	"errors"
	"image"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"refloop/fax"
	"refloop/fax/ocr"
)

// testDrawer uses this test binary as the child.
func testDrawer(t *testing.T) *Drawer {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return &Drawer{Command: []string{self, "pdf-worker"}}
}

func needPoppler(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("pdftoppm"); err != nil {
		t.Skip("pdftoppm is not installed: apt-get install poppler-utils")
	}
}

func TestDrawsATextPage(t *testing.T) {
	needPoppler(t)
	body := fixture(t, "d-009.pdf")
	doc, err := fax.Open(body, fax.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	p, err := doc.Page(1)
	if err != nil || !p.NeedsDrawing || !p.HasText {
		t.Fatalf("got %+v, %v, want a page of text that needs drawing", p, err)
	}
	p, err = testDrawer(t).Page(context.Background(), body, 1)
	if err != nil {
		t.Fatal(err)
	}
	if p.Width != 1734 || p.Height != 2244 || p.XRes != drawDPI || p.Number != 1 {
		t.Errorf("got %d x %d pixels, want letter paper at %d dpi", p.Width, p.Height, drawDPI)
	}
	if ink := fax.Threshold(p.Tones, 128).Ink(); ink < 10_000 {
		t.Errorf("got %d black pixels, want a page of text", ink)
	}
}

func TestDrawingFaultsCostThePage(t *testing.T) {
	needPoppler(t)
	d := testDrawer(t)
	big := "%PDF-1.4\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n2 0 obj\n<</Type/Pages/Count 1/Kids[3 0 R]>>\nendobj\n" +
		"3 0 obj\n<</Type/Page/Parent 2 0 R/MediaBox[0 0 14400 14400]>>\nendobj\ntrailer\n<</Root 1 0 R>>\n"
	for name, body := range map[string]string{"broken": "%PDF-1.4 and nothing else", "huge page": big, "no PDF": strings.Repeat("x", 1000)} {
		_, err := d.Page(context.Background(), []byte(body), 1)
		var u *fax.Unreadable
		if !errors.As(err, &u) {
			t.Errorf("%s: got %v, want *fax.Unreadable", name, err)
		}
	}
	slow := &Drawer{Command: []string{"/bin/sh", "-c", "exec sleep 60"}, Time: 50 * time.Millisecond}
	var u *fax.Unreadable
	if _, err := slow.Page(context.Background(), []byte("%PDF-"), 1); !errors.As(err, &u) {
		t.Errorf("too slow: got %v, want *fax.Unreadable", err)
	}
	endless := &Drawer{Command: []string{"/bin/sh", "-c", "exec cat /dev/zero"}}
	if _, err := endless.Page(context.Background(), []byte("%PDF-"), 1); !errors.As(err, &u) || u.Kind != fax.TooLarge {
		t.Errorf("endless output: got %v, want too_large", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := d.Page(ctx, []byte("%PDF-"), 1); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: got %v, want context.Canceled", err)
	}
	if _, err := (&Drawer{}).Page(context.Background(), nil, 1); err == nil {
		t.Error("no command: got no error, want one")
	}
}

func TestWorkerRefusesOtherArguments(t *testing.T) {
	for _, args := range [][]string{nil, {"draw", "1", "2"}, {"draw", "1", "x", "3"}, {"words", "-1", "2", "3"}, {"sh", "1", "2", "3"}} {
		if code := Worker(args); code != 2 {
			t.Errorf("%q: got exit code %d, want 2", args, code)
		}
	}
}

func TestWordsOfATextLayer(t *testing.T) {
	needPoppler(t)
	body := fixture(t, "d-009.pdf")
	words, err := testDrawer(t).Words(context.Background(), body, 1)
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	last := 0
	for _, w := range words {
		text.WriteString(w.Text + " ")
		if w.Box.Empty() || w.Box.Min.X < 0 || w.Box.Max.X > 1734 || w.Box.Max.Y > 2244 || w.Line < last || w.Conf != 1 {
			t.Fatalf("got a word with box %v on line %d after line %d", w.Box, w.Line, last)
		}
		last = w.Line
	}
	if want := "Referral"; len(words) < 60 || !strings.Contains(text.String(), want) {
		t.Errorf("got %d words, want a page that has %q", len(words), want)
	}
}

// fluent stands in for OCR workers that read every page well, so that no page is turned or read a third time.
type fluent struct{}

func (fluent) Recognize(_ context.Context, req ocr.Request) (ocr.Reply, error) {
	words := []ocr.Word{{Text: "Referral", Conf: 0.95, Box: image.Rect(100, 100, 240, 124)}, {Text: "Cardiology", Conf: 0.95, Box: image.Rect(260, 100, 440, 124)}, {Text: "Consultation", Conf: 0.95, Box: image.Rect(460, 100, 680, 124)}}
	var out ocr.Reply
	for range max(1, len(req.Modes)) {
		out.Readings = append(out.Readings, slices.Clone(words))
	}
	return out, nil
}

func TestTextLayerIsReadFirst(t *testing.T) {
	needPoppler(t)
	pages, err := Read(context.Background(), fluent{}, testDrawer(t), fixture(t, "d-009.pdf"), fax.Limits{})
	if err != nil || len(pages.Pages) != 1 {
		t.Fatalf("got %d pages, %v, want one", len(pages.Pages), err)
	}
	if p := pages.Pages[0]; !p.Exact || len(p.Readings) == 0 || len(p.Readings[0]) < 60 {
		t.Errorf("got exact %t, %d readings, want the text layer as the first", p.Exact, len(p.Readings))
	}
}

func FuzzParseWords(f *testing.F) {
	f.Add([]byte(`<page width="612" height="792"><line xMin="1"><word xMin="10" yMin="20" xMax="30" yMax="40">a&amp;b</word></line></page>`))
	f.Add([]byte(`<word xMin="NaN" yMin="1e99" xMax="-5" yMax="x">a</word>`))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, w := range parseWords(b) {
			if w.Text == "" || w.Box.Empty() || w.Box.Min.X < 0 || w.Box.Min.Y < 0 {
				t.Fatalf("got a word without text or place: %v", w.Box)
			}
		}
	})
}
