package fax

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"image"
	"math"
	"strconv"
	"strings"
	"sync"

	"refloop/fax"
)

// Text is what was read off a fax.
type Text struct {
	Station string         // the sender's station ID as the receiving machine wrote it; a hint only
	Pages   []fax.PageText // in order; a page that could not be read says why
}

// Read opens a fax and reads all its pages: by OCR, and where a PDF page has a text layer by that first. A file that cannot be read is
// an *fax.Unreadable; another error means that reading is not possible now. With a nil drawer, PDF pages that must be drawn are not read.
func Read(ctx context.Context, rec fax.Recognizer, d *Drawer, body []byte, limits fax.Limits) (Text, error) {
	doc, err := fax.Open(body, limits)
	if err != nil {
		return Text{}, err
	}
	if d == nil {
		pages, err := fax.Texts(ctx, rec, doc, nil)
		return Text{Station: doc.Station, Pages: pages}, err
	}
	var mu sync.Mutex
	var layers []int // pages with visible text, in any order
	draw := func(ctx context.Context, n int) (*fax.Page, error) {
		if p, err := doc.Page(n); err == nil && p.HasText {
			mu.Lock()
			layers = append(layers, n)
			mu.Unlock()
		}
		return d.Page(ctx, body, n)
	}
	pages, err := fax.Texts(ctx, rec, doc, draw)
	if err != nil {
		return Text{}, err
	}
	for _, n := range layers {
		words, err := d.Words(ctx, body, n)
		var u *fax.Unreadable
		if err != nil && !errors.As(err, &u) {
			return Text{}, err
		}
		if p := &pages[n-1]; len(words) >= minLayer && p.Failure == "" && p.Turned == 0 {
			p.Readings = append([][]fax.Word{words}, p.Readings...)
			p.Exact = true
		}
	}
	return Text{Station: doc.Station, Pages: pages}, nil
}

const (
	minLayer     = 10     // words; fewer are a stamp or a page number over a picture
	maxWords     = 20_000 // of one page
	maxWordBytes = 200
)

// Words lists the words of the text layer of page n (from 1) with their places at 204 dots per inch, in reading order.
func (d *Drawer) Words(ctx context.Context, pdf []byte, n int) ([]fax.Word, error) {
	out, err := d.run(ctx, modeWords, pdf, n)
	if err != nil {
		return nil, err
	}
	return parseWords(out), nil
}

// parseWords reads the XHTML of pdftotext -bbox-layout. What makes no sense in it is left out.
func parseWords(b []byte) []fax.Word {
	d := xml.NewDecoder(bytes.NewReader(b))
	d.Strict = false
	d.Entity = xml.HTMLEntity
	var words []fax.Word
	line := -1
	var at *image.Rectangle
	var text strings.Builder
	for len(words) < maxWords {
		token, err := d.Token()
		if err != nil {
			break // the end, or the rest cannot be read
		}
		switch e := token.(type) {
		case xml.StartElement:
			switch e.Name.Local {
			case "line":
				line++
			case "word":
				at = boxOf(e.Attr)
				text.Reset()
			}
		case xml.CharData:
			if at != nil && text.Len()+len(e) <= maxWordBytes {
				text.Write(e)
			}
		case xml.EndElement:
			if e.Name.Local == "word" && at != nil {
				if s := strings.TrimSpace(text.String()); s != "" {
					words = append(words, fax.Word{Text: s, Conf: 1, Box: *at, Line: max(line, 0)})
				}
				at = nil
			}
		}
	}
	return words
}

// boxOf is the place of a word in pixels; nil when it is none or not on a page.
func boxOf(attrs []xml.Attr) *image.Rectangle {
	var v [4]int
	for _, a := range attrs {
		points, err := strconv.ParseFloat(a.Value, 64)
		if err != nil || math.IsNaN(points) || points < -1 || points > 14_400 {
			continue
		}
		pixels := max(0, points*drawDPI/72)
		switch a.Name.Local {
		case "xMin":
			v[0] = int(pixels)
		case "yMin":
			v[1] = int(pixels)
		case "xMax":
			v[2] = int(math.Ceil(pixels))
		case "yMax":
			v[3] = int(math.Ceil(pixels))
		}
	}
	r := image.Rectangle{Min: image.Pt(v[0], v[1]), Max: image.Pt(v[2], v[3])}
	if r.Empty() {
		return nil
	}
	return &r
}
