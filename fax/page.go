// Package fax reads and writes faxes: pages, the words on them, and the fields of a referral that the words are.
//
// It reads what fax servers, gateways and portals deliver: multi-page TIFF (TIFF-F of RFC 2306, TIFF-FX of RFC 3949 in its
// bi-level profiles, and what is near it) with ITU-T T.4 and T.6 data in every variant seen in the field, PDF (ISO 32000-1)
// whose pages are just one scanned image, PNG and JPEG. Open and Document.Page give pages; Texts and ReadPage turn them upright and
// have a Recognizer (package fax/ocr, in child processes) read their words, and find check boxes, bar codes and the ticks of our own
// reply area on the image; Extract makes fields of that, each with page, box and a calibrated confidence, by rules that a site may
// extend (ParseRules). Letter writes T.6 TIFF-F and PDF, with cover page, referral form, tick-box reply and bar codes.
//
// The image side is plain Go with limits on everything, so that hostile bytes cost an error and no more. Extract is a pure function
// of what was read; it never invents a value that stands on no page.
//
// Left out: drawing PDF pages that are more than an image (Page.NeedsDrawing tells; channels/fax draws them in a limited child
// process), JBIG, JBIG2 and JPEG 2000, colour (pages become grey), reading handwriting, and what a referral is.
package fax

import (
	"errors"
	"fmt"
	"image"
	"iter"
)

// Limits bound what Open and Document.Page accept. A zero field means its default.
type Limits struct {
	Bytes  int // size of the file; default 64 MiB
	Pages  int // pages of a document; default 500
	Width  int // pixels of a row; default 20,000
	Rows   int // rows of a page; default 30,000 (3.9 m of paper at fine resolution)
	Pixels int // pixels of a page of one bit a pixel; default 48 million (legal paper at 600 dpi)
	Tones  int // pixels of a grey or colour page; default 24 million
}

const defaultRows = 30_000

func (l Limits) withDefaults() Limits {
	for _, f := range []struct {
		field *int
		value int
	}{{&l.Bytes, 64 << 20}, {&l.Pages, 500}, {&l.Width, 20_000}, {&l.Rows, defaultRows}, {&l.Pixels, 48_000_000}, {&l.Tones, 24_000_000}} {
		if *f.field <= 0 {
			*f.field = f.value
		}
	}
	return l
}

// check tells whether an image of this size may be decoded.
func (l Limits) check(width, height, pixels int) error {
	switch {
	case width <= 0 || height < 0:
		return broken("image size: got %d x %d pixels, want at least 1 x 1", width, height)
	case width > l.Width:
		return tooLarge("image width: got %d pixels, want at most %d", width, l.Width)
	case height > l.Rows:
		return tooLarge("image height: got %d pixels, want at most %d", height, l.Rows)
	case width*height > pixels:
		return tooLarge("image size: got %d pixels, want at most %d", width*height, pixels)
	}
	return nil
}

// Kinds of Unreadable. A person who sees the fax can act on each of them.
const (
	Encrypted   = "encrypted"   // a PDF with encryption, whether a password is needed or not
	Broken      = "broken"      // not what it says it is, or damaged beyond reading
	Unsupported = "unsupported" // well formed, but of a kind we do not read
	TooLarge    = "too_large"   // over a limit
	Unknown     = "unknown"     // neither TIFF, PDF, PNG nor JPEG
)

// Unreadable is the error for a file or page that cannot be read. It never quotes what the file says.
type Unreadable struct {
	Kind string // one of the constants above
	What string // place, what was found and what was wanted
}

// Error gives kind and cause.
func (e *Unreadable) Error() string { return fmt.Sprintf("fax: %s: %s", e.Kind, e.What) }

func broken(format string, args ...any) error {
	return &Unreadable{Kind: Broken, What: fmt.Sprintf(format, args...)}
}

func unsupported(format string, args ...any) error {
	return &Unreadable{Kind: Unsupported, What: fmt.Sprintf(format, args...)}
}

func tooLarge(format string, args ...any) error {
	return &Unreadable{Kind: TooLarge, What: fmt.Sprintf(format, args...)}
}

// Format is the kind of a file.
type Format string

// The formats that Open knows.
const (
	TIFF Format = "tiff"
	PDF  Format = "pdf"
	PNG  Format = "png"
	JPEG Format = "jpeg"
)

// Document is an opened file. Pages are decoded one by one when asked for, so a long fax needs the memory of one page.
// It borrows the bytes given to Open. It is safe for use by several goroutines.
type Document struct {
	Format  Format
	Station string // the sender's station ID (TSI) as the receiving machine wrote it, printable ASCII; a hint only: anybody can type one
	source  pageSource
	count   int
}

// pageSource is one file format's way to a page; n counts from 0.
type pageSource interface {
	page(n int) (*Page, error)
}

// Page is one page as it was received. Exactly one of Bits and Tones is set unless NeedsDrawing.
type Page struct {
	Number        int         // from 1
	Width, Height int         // pixels; 0 when NeedsDrawing
	Bits          *Bitmap     // a page of one bit a pixel
	Tones         *image.Gray // a page of grey (colour was turned into grey)
	XRes, YRes    float64     // dots per inch; a guess when Guessed
	Guessed       bool        // the file did not say its resolution, or it cannot be right

	BadLines int    // rows that the receiver or we had to conceal: digits there may be silently wrong
	BadRun   int    // the longest sequence of such rows
	Missing  int    // rows announced but not there: half a page was received
	Inverted bool   // more black than white was found and turned round
	Compress string // how the image was stored: g3, g3-2d, g4, mh, none, packbits, jpeg, flate, png

	NeedsDrawing bool   // a PDF page that is not just one image: have it drawn
	HasText      bool   // a PDF page with visible text: its text layer can be read
	Why          string // why it needs drawing
}

// Open looks at the first bytes of a file, checks its structure and counts its pages. It decodes no image. The error is
// an *Unreadable. The zero value of Limits is fine.
func Open(b []byte, limits Limits) (*Document, error) {
	l := limits.withDefaults()
	if len(b) > l.Bytes {
		return nil, tooLarge("file: got %d bytes, want at most %d", len(b), l.Bytes)
	}
	switch {
	case isTIFF(b):
		return openTIFF(b, l)
	case pdfHeader(b) >= 0:
		return openPDF(b[pdfHeader(b):], l)
	case isPNG(b):
		return openPicture(b, l, PNG)
	case isJPEG(b):
		return openPicture(b, l, JPEG)
	}
	return nil, &Unreadable{Kind: Unknown, What: fmt.Sprintf("file of %d bytes: got none of the known beginnings, want TIFF, PDF, PNG or JPEG", len(b))}
}

// Len is the number of pages.
func (d *Document) Len() int { return d.count }

// Page decodes page number n, counted from 1. The error is an *Unreadable and is about this page only.
func (d *Document) Page(n int) (*Page, error) {
	if n < 1 || n > d.count {
		return nil, broken("page: got number %d, want 1 to %d", n, d.count)
	}
	p, err := d.source.page(n - 1)
	if err != nil {
		var u *Unreadable
		if errors.As(err, &u) {
			return nil, &Unreadable{Kind: u.Kind, What: fmt.Sprintf("page %d: %s", n, u.What)}
		}
		return nil, broken("page %d: %v", n, err)
	}
	p.Number = n
	p.finish()
	return p, nil
}

// Pages goes through all pages in order. A page that cannot be read gives its error and the next one follows.
func (d *Document) Pages() iter.Seq2[*Page, error] {
	return func(yield func(*Page, error) bool) {
		for n := range d.count {
			if !yield(d.Page(n + 1)) {
				return
			}
		}
	}
}

// finish sets what follows from the image itself.
func (p *Page) finish() {
	switch {
	case p.Bits != nil:
		p.Width, p.Height = p.Bits.Width, p.Bits.Height
		if p.Bits.Ink() > p.Width*p.Height/2 {
			p.Bits.Invert()
			p.Inverted = true
		}
	case p.Tones != nil:
		p.Width, p.Height = p.Tones.Rect.Dx(), p.Tones.Rect.Dy()
		p.Inverted = invertIfDark(p.Tones)
	default:
		return
	}
	p.guessResolution()
}

// invertIfDark turns a page round that is mostly darker than half.
func invertIfDark(g *image.Gray) bool {
	dark := 0
	for _, v := range g.Pix {
		if v < 128 {
			dark++
		}
	}
	if dark <= len(g.Pix)/2 {
		return false
	}
	for i, v := range g.Pix {
		g.Pix[i] = 255 - v
	}
	return true
}
