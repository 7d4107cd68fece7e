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

	"go.uber.org/goleak"

	"refloop/fax/ocr"
)

// TestMain makes the test binary its own OCR worker.
func TestMain(m *testing.M) {
	if os.Getenv("REFLOOP_TEST_WORKER") != "" {
		if err := ocr.Worker(os.Stdin, os.Stdout); err != nil {
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

// recognizer is a pool of real workers; the test is skipped without Tesseract.
func recognizer(t *testing.T) *ocr.Pool {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p, err := ocr.NewPool(ocr.Config{Command: []string{self}, Env: []string{"REFLOOP_TEST_WORKER=1"}, Memory: -1, PageTime: 3 * time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	blank := ocr.Request{Width: 32, Height: 32, Pix: make([]byte, 32*32)}
	if _, err := p.Recognize(t.Context(), blank); errors.Is(err, ocr.ErrNoEngine) {
		t.Skipf("tesseract is not usable here: %v", err)
	}
	return p
}

const corpus = "../../shared/corpus/fax"

// TestReadFaxes reads a few faxes of the development set from file to fields:
// a form, one fed upside down at standard resolution, a letter behind a cover
// sheet. All of the set is `make fax-score`'s work.
func TestReadFaxes(t *testing.T) {
	if _, err := os.Stat(corpus); err != nil {
		t.Skipf("%s is not here: the development set of faxes is kept beside the repository", corpus)
	}
	rec := recognizer(t)
	for _, c := range []struct {
		file  string
		share float64 // of the truth's plain fields that must be right
	}{{"d-001.tif", 0.9}, {"d-017.tif", 0.85}, {"d-025.tif", 0.85}} {
		if !longTests && c.file != "d-017.tif" {
			continue // one shows that it works
		}
		t.Run(c.file, func(t *testing.T) {
			b, err := os.ReadFile(filepath.Join(corpus, "fax", c.file))
			if err != nil {
				t.Fatal(err)
			}
			doc, err := Open(b, Limits{})
			if err != nil {
				t.Fatal(err)
			}
			pages, err := Texts(t.Context(), rec, doc, nil)
			if err != nil {
				t.Fatal(err)
			}
			check(t, Extract(pages), filepath.Join(corpus, "truth", strings.Replace(c.file, ".tif", ".json", 1)), c.share)
		})
	}
}

func check(t *testing.T, r Result, truthFile string, share float64) {
	t.Helper()
	b, err := os.ReadFile(truthFile)
	if err != nil {
		t.Fatal(err)
	}
	var truth map[string]any
	if err := json.Unmarshal(b, &truth); err != nil {
		t.Fatal(err)
	}
	got := r.Papers[0]
	if got.Type != truth["document_type"] || got.Pages != truth["pages"] {
		t.Errorf("got %s, pages %s; want %v, %v", got.Type, got.Pages, truth["document_type"], truth["pages"])
	}
	right, all := 0, 0
	for _, k := range Keys {
		want, ok := truth[k].(string)
		if !ok || k == "reason" {
			continue
		}
		all++
		f := got.Fields[k]
		same := plain(f.Value) == plain(want)
		if same {
			right++
		} else if f.Confidence >= 0.95 {
			t.Errorf("%s: wrong with confidence %v", k, f.Confidence)
		}
	}
	if float64(right) < share*float64(all) {
		t.Errorf("got %d of %d fields right, want %.0f %%", right, all, share*100)
	}
}

func plain(s string) string { return strings.Join(plainTokens(s), " ") }

// failing is a recognizer that always fails in one way.
type failing func() error

func (b failing) Recognize(context.Context, ocr.Request) (ocr.Reply, error) { return ocr.Reply{}, b() }

func TestPagesThatFail(t *testing.T) {
	p := &Page{Number: 3, Bits: NewBitmap(1728, 1100), XRes: 204, YRes: 98, Width: 1728, Height: 1100}
	got, err := ReadPage(t.Context(), failing(func() error { return &ocr.PageError{Kind: ocr.Crash, Detail: "signal: killed"} }), p)
	if err != nil || got.Number != 3 || !strings.Contains(got.Failure, "crash") {
		t.Errorf("got %q, %v; want the page with its failure", got.Failure, err)
	}
	if _, err := ReadPage(t.Context(), failing(func() error { return ocr.ErrNoEngine }), p); !errors.Is(err, ocr.ErrNoEngine) {
		t.Errorf("got %v, want ErrNoEngine", err)
	}
	if got, err := ReadPage(t.Context(), nil, &Page{Number: 1, NeedsDrawing: true}); err != nil || got.Failure == "" {
		t.Errorf("got %v, %v; want a failure for a page without an image", got, err)
	}
}
