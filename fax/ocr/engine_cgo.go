//go:build cgo

package ocr

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/otiai10/gosseract/v2"
)

// tesseract keeps one client over many pages: loading the language costs more
// than a small page. What it leaks is bounded by the parent, which ends the
// process after Config.PagesPerWorker pages.
type tesseract struct {
	client *gosseract.Client
	allow  string
	dpi    int
}

// openEngine looks for the language data itself before the library does: on
// missing data the library writes into a 512-byte buffer that C believes to
// be BUFSIZ long.
func openEngine(language string) (engine, error) {
	if err := findLanguage(language); err != nil {
		return nil, err
	}
	t := &tesseract{client: gosseract.NewClient()}
	if err := t.client.SetLanguage(language); err != nil {
		return nil, fmt.Errorf("ocr: language: %w", err)
	}
	// A blank page makes the library load now, so that a broken installation
	// is told at start and not as a fault of the first fax.
	blank := Request{Width: 64, Height: 64, Modes: []int{ModeBlock}, Pix: bytes.Repeat([]byte{255}, 64*64)}
	if _, err := t.read(blank); err != nil {
		t.close()
		return nil, fmt.Errorf("%w: tesseract did not start; do apt-get install tesseract-ocr-%s", ErrNoEngine, language)
	}
	return t, nil
}

// findLanguage looks where Debian, Ubuntu, Fedora and a local build put data.
func findLanguage(language string) error {
	if filepath.Base(language) != language {
		return fmt.Errorf("ocr: language: got a path, want a name such as eng")
	}
	file := language + ".traineddata"
	dirs := []string{"/usr/share/tesseract-ocr/5/tessdata", "/usr/share/tesseract-ocr/4.00/tessdata", "/usr/share/tessdata",
		"/usr/share/tesseract/tessdata", "/usr/local/share/tessdata", "/opt/homebrew/share/tessdata"}
	if p := os.Getenv("TESSDATA_PREFIX"); p != "" {
		dirs = []string{p, filepath.Join(p, "tessdata")}
	}
	for _, d := range dirs {
		if _, err := os.Stat(filepath.Join(d, file)); err == nil {
			return nil
		}
	}
	return fmt.Errorf("%w: language data: got no %s, want it installed; do apt-get install tesseract-ocr-%s (Debian, Ubuntu) or set TESSDATA_PREFIX", ErrNoEngine, file, language)
}

func (t *tesseract) version() string { return t.client.Version() }

func (t *tesseract) close() { _ = t.client.Close() }

// read hands the page over as a PGM, which this package writes itself: the
// library crashes on image files it cannot decode.
func (t *tesseract) read(req Request) ([][]Word, error) {
	if req.DPI == 0 {
		req.DPI = 204
	}
	if req.DPI != t.dpi {
		if err := t.client.SetVariable("user_defined_dpi", strconv.Itoa(req.DPI)); err != nil {
			return nil, errors.New("ocr: the engine refused the resolution")
		}
		t.dpi = req.DPI
	}
	if req.Allow != t.allow {
		if err := t.client.SetWhitelist(req.Allow); err != nil {
			return nil, errors.New("ocr: the engine refused the characters")
		}
		t.allow = req.Allow
	}
	pgm := append(fmt.Appendf(nil, "P5\n%d %d\n255\n", req.Width, req.Height), req.Pix...)
	if err := t.client.SetImageFromBytes(pgm); err != nil {
		return nil, errors.New("ocr: the engine refused the image")
	}
	out := make([][]Word, 0, len(req.Modes))
	for _, m := range req.Modes {
		if err := t.client.SetPageSegMode(gosseract.PageSegMode(m)); err != nil {
			return nil, errors.New("ocr: the engine refused the mode")
		}
		boxes, err := t.client.GetBoundingBoxesVerbose()
		if err != nil {
			return nil, fmt.Errorf("ocr: mode %d: the engine gave no result", m)
		}
		out = append(out, words(boxes))
	}
	return out, nil
}

func words(boxes []gosseract.BoundingBox) []Word {
	out := make([]Word, 0, len(boxes))
	line, last := -1, [3]int{-1, -1, -1}
	for _, b := range boxes {
		if at := [3]int{b.BlockNum, b.ParNum, b.LineNum}; at != last {
			line, last = line+1, at
		}
		if b.Word == "" || b.Word == " " || b.Box.Empty() {
			continue
		}
		out = append(out, Word{Text: b.Word, Conf: b.Confidence / 100, Box: b.Box, Line: line})
	}
	return out
}
