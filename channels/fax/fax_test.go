package fax

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"hash/crc32"
	"image"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"refloop/channels"
	"refloop/config"
	"refloop/fax"
	"refloop/fax/ocr"
)

// TestMain lets the test binary be the child that draws PDF pages.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "pdf-worker" {
		os.Exit(Worker(os.Args[2:]))
	}
	goleak.VerifyTestMain(m)
}

type handler struct {
	got      chan channels.Inbound
	receipts chan channels.Receipt
	fail     chan error // one for each call that is to fail
}

func newHandler() *handler {
	return &handler{got: make(chan channels.Inbound, 10), receipts: make(chan channels.Receipt, 10), fail: make(chan error, 10)}
}

func (h *handler) Receive(_ context.Context, in channels.Inbound) (channels.Outcome, error) {
	select {
	case err := <-h.fail:
		return channels.Outcome{}, err
	default:
	}
	h.got <- in
	return channels.Outcome{MessageID: "m1"}, nil
}

func (h *handler) Confirm(_ context.Context, r channels.Receipt) error {
	select {
	case err := <-h.fail:
		return err
	default:
	}
	h.receipts <- r
	return nil
}

// reader stands in for the OCR workers: every page says the same.
type reader struct{ err error }

func (r reader) Recognize(_ context.Context, req ocr.Request) (ocr.Reply, error) {
	if r.err != nil {
		return ocr.Reply{}, r.err
	}
	return ocr.Reply{Readings: make([][]ocr.Word, max(1, len(req.Modes)))}, nil
}

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

const quick = config.Duration(20 * time.Millisecond)

func fixture(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("../../testdata/fax", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// running runs f until the test ends.
func running(t *testing.T, f func(take, hold context.Context) error) {
	t.Helper()
	take, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- f(take, context.Background()) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Errorf("got %v, want a quiet end", err)
		}
	})
}

func next[T any](t *testing.T, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(15 * time.Second):
		t.Fatal("nothing came within 15 s")
	}
	panic("not reached")
}

func waitFor(t *testing.T, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(15 * time.Second)
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("nothing happened within 15 s")
		}
	}
}

func missing(path string) bool {
	_, err := os.Lstat(path)
	return errors.Is(err, os.ErrNotExist)
}

// newChannel makes a channel that must be made.
func newChannel(t testing.TB, cfg Config, d Deps) *Channel {
	t.Helper()
	c, err := New(cfg, d)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestFaxIsArchivedThenRemoved(t *testing.T) {
	dir := t.TempDir()
	h := newHandler()
	h.fail <- channels.ErrStorage // the first try cannot be stored: the file must stay
	c := newChannel(t, Config{Folder: config.Path(dir), Scan: quick, Settle: quick, Pages: 500}, Deps{Name: "fax-inbox", Handler: h, Log: discard()})
	running(t, c.Run)
	for name, want := range map[string]string{"d-030.tif": "image/tiff", "d-055.pdf": "application/pdf", "d-016.png": "image/png"} {
		path := filepath.Join(dir, name)
		body := fixture(t, name)
		if err := os.WriteFile(path, body, 0o600); err != nil {
			t.Fatal(err)
		}
		in := next(t, h.got)
		if in.Type != "fax" || in.ContentType != want || in.Channel != "fax-inbox" || !in.Later || in.Answer != nil || string(in.Body) != string(body) {
			t.Errorf("%s: got type %s, %s, %d bytes, want fax, %s, %d bytes", name, in.Type, in.ContentType, len(in.Body), want, len(body))
		}
		waitFor(t, func() bool { return missing(path) })
	}
	if err := c.Ready(); err != nil {
		t.Errorf("Ready: %v", err)
	}
}

// sentFax is a fax and what is to be read off it.
type sentFax struct {
	body    []byte
	pages   string
	station string
}

func TestPrepareThenOpen(t *testing.T) {
	testPrepare(t, map[string]sentFax{"two pages": {smallTIFF(t, 2), "2", ""}, "d-001-noecm-burst.tif": {fixture(t, "d-001-noecm-burst.tif"), "1", "+15555550100"}})
}

func testPrepare(t *testing.T, faxes map[string]sentFax) {
	t.Helper()
	c := newChannel(t, Config{Pages: 500}, Deps{Name: "fax-inbox", Reader: fluent{}, Log: discard(), Draw: testDrawer(t)})
	for name, sent := range faxes {
		a := channels.Archived{Body: sent.body, ContentType: "image/tiff"}
		var err error
		if a.Evidence, err = c.Prepare(context.Background(), a); err != nil {
			t.Fatal(err)
		}
		first, err := c.Open(a)
		if err != nil {
			t.Fatal(err)
		}
		again, err := c.Open(a)
		if err != nil || string(again.Parts[0].Body) != string(first.Parts[0].Body) {
			t.Errorf("%s: opened twice: got other fields (%v), want the same", name, err)
		}
		if len(first.Parts) != 2 || first.Parts[0].Kind != channels.KindFields || first.Parts[1].Kind != channels.KindImage || first.Parts[0].Attrs["page_count"] != sent.pages {
			t.Errorf("%s: got %d parts, want fields and image of %s pages", name, len(first.Parts), sent.pages)
		}
		var fields map[string]any
		if err := json.Unmarshal(first.Parts[0].Body, &fields); err != nil || fields["document_type"] == nil {
			t.Errorf("%s: got fields %v (%v), want a document type", name, fields, err)
		}
		if sent.station != "" && !strings.Contains(string(a.Evidence), `"station":"`+sent.station+`"`) {
			t.Errorf("%s: got no station ID, want the one the receiver wrote", name)
		}
	}
}

func TestUnreadableFaxesSayWhy(t *testing.T) {
	c := newChannel(t, Config{Pages: 2}, Deps{Name: "fax-inbox", Reader: reader{}, Log: discard()})
	for name, test := range map[string]struct {
		body []byte
		want string
	}{
		"words":       {[]byte("not a fax at all"), "unknown"},
		"cut":         {fixture(t, "d-030.tif")[:200], "broken"},
		"empty":       {[]byte("II*\x00\x00\x00\x00\x00"), "broken"},
		"encrypted":   {[]byte("%PDF-1.4\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\ntrailer\n<</Root 1 0 R/Encrypt 3 0 R>>\n"), "encrypted"},
		"too long":    {fixture(t, "d-034.tif"), "too_large"},
		"not a PDF":   {[]byte("%PDF-1.4\n%%EOF"), "broken"},
		"huge pixels": {hugePNG(), "too_large"},
	} {
		a := channels.Archived{Body: test.body}
		var err error
		if a.Evidence, err = c.Prepare(context.Background(), a); err != nil {
			t.Errorf("%s: got %v, want evidence of the failure", name, err)
			continue
		}
		o, err := c.Open(a)
		if err == nil || !strings.Contains(err.Error(), "fax: "+test.want) || len(o.Parts) != 0 {
			t.Errorf("%s: got %v, want an error of kind %s", name, err, test.want)
		}
	}
	if _, err := c.Open(channels.Archived{Body: fixture(t, "d-030.tif")}); err == nil {
		t.Error("no evidence: got no error, want one")
	}
}

// hugePNG says that it has 60,000 x 60,000 pixels.
func hugePNG() []byte {
	header := []byte("IHDR\x00\x00\xea\x60\x00\x00\xea\x60\x01\x00\x00\x00\x00")
	b := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\r"), header...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(header))
}

func TestReaderGoneIsNotTheFaxesFault(t *testing.T) {
	c := newChannel(t, Config{Pages: 500}, Deps{Name: "fax-inbox", Reader: reader{err: ocr.ErrClosed}, Log: discard()})
	if _, err := c.Prepare(context.Background(), channels.Archived{Body: smallTIFF(t, 1)}); !errors.Is(err, ocr.ErrClosed) {
		t.Errorf("got %v, want ErrClosed, so that the fax is read later", err)
	}
}

func TestPermanentCauses(t *testing.T) {
	for code, want := range map[string]bool{"busy": false, "no_answer": false, "": false, "line-fault": false, "Invalid-Number": true, "NOT_A_FAX": true} {
		if got := permanent(code); got != want {
			t.Errorf("%q: got %t, want %t", code, got, want)
		}
	}
}

func FuzzParseStatus(f *testing.F) {
	for _, s := range []string{`{"state":"done","pages":3,"code":""}`, `{"state":"failed","pages":0,"code":"busy"}`, `{}`, `[]`, `{"state":"done","pages":-1}`, "\xef\xbb\xbf{\"state\":\"done\",\"pages\":1}"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		st, err := parseStatus(b)
		if err != nil {
			if st != (status{}) {
				t.Fatal("got a status and an error")
			}
			return
		}
		if !st.Counted {
			return // one that does not count its pages is never written
		}
		again, err := json.Marshal(st)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := parseStatus(again); err != nil || got != st {
			t.Fatalf("written and read again: got %+v, %v", got, err)
		}
	})
}

func samplePages(t *testing.T) []byte {
	t.Helper()
	b, err := drawSample()
	if err != nil {
		t.Fatal(err)
	}
	return slices.Clone(b)
}

// drawSample draws the pages once: it takes long under the race detector.
var drawSample = sync.OnceValues(func() ([]byte, error) {
	pages, err := drawReply()
	if err != nil {
		return nil, err
	}
	return fax.EncodeTIFF(pages)
})

// drawReply draws a letter of two pages whose second one may come back. Who fills in its boxes clones it first.
var drawReply = sync.OnceValues(func() ([]*fax.Bitmap, error) {
	return fax.Letter{Referral: "7K3M9QX2T4V8WZ5C", Title: "Referral", Reply: true, Cover: fax.Cover{To: fax.Party{Organization: "Lakeside Cardiology"}}}.Draw()
})

// smallPages are strips of paper with some bars on them, different ones: whole pages take long under the race detector.
func smallPages(n int) []*fax.Bitmap {
	var list []*fax.Bitmap
	for i := range n {
		m := fax.NewBitmap(fax.FineWidth, 240)
		for k := range 3 + i {
			m.Fill(image.Rect(200, 40+24*k, 900+100*i, 48+24*k))
		}
		list = append(list, m)
	}
	return list
}

// smallTIFF is a fax of small pages.
func smallTIFF(t *testing.T, n int) []byte {
	t.Helper()
	b, err := fax.EncodeTIFF(smallPages(n))
	if err != nil {
		t.Fatal(err)
	}
	return b
}
