package fax

import (
	"fmt"
	"image"
	"strings"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
)

// Places on a fine page, in pixels. The top third of an inch is left to the header line of the sending machine.
const (
	marginLeft   = 110
	marginRight  = FineWidth - 110
	marginTop    = 110
	marginBottom = FineHeight - 96
	bodyTop      = 400 // below title and QR code
	footerTop    = FineHeight - 84
	gutter       = 40
)

// Type sizes in points, chosen to stay readable at 204 x 98, too.
const (
	sizeHuge   = 34
	sizeTitle  = 20
	sizeHead   = 13
	sizeValue  = 13
	sizeLabel  = 9.5
	sizeText   = 11.5
	sizeNotice = 8.5
	sizeFooter = 9
)

// drawer lays a letter out on pages.
type drawer struct {
	letter Letter
	fonts  [2]*opentype.Font // regular, bold
	faces  map[faceKey]font.Face
	pages  []*Bitmap
	y      int // next free row of the last page
	bottom int // first row of the last page that is taken below
	own    int // pages before the attached ones
}

type faceKey struct {
	bold bool
	size float64
}

func newDrawer(l Letter) (*drawer, error) {
	d := &drawer{letter: l, faces: map[faceKey]font.Face{}}
	for i, b := range [][]byte{goregular.TTF, gobold.TTF} {
		f, err := opentype.Parse(b)
		if err != nil {
			return nil, fmt.Errorf("%w: font: %w", ErrLetter, err)
		}
		d.fonts[i] = f
	}
	return d, nil
}

// style is a type face with its metrics.
type style struct {
	face         font.Face
	ascent, line int
	em           float64 // pixels
	counter      counter
}

// counter is the white inside of the digit 0 of a font, in parts of its em: the Go fonts strike it through, which readers on the
// other side take for 8, 6 or 9.
type counter struct{ x, y, rx, ry float64 }

// counters of Go Regular and Go Bold, measured from their outlines.
var counters = map[bool]counter{
	false: {x: 0.278, y: 0.361, rx: 0.139, ry: 0.307},
	true:  {x: 0.278, y: 0.361, rx: 0.103, ry: 0.289},
}

func (d *drawer) style(bold bool, size float64) (style, error) {
	key := faceKey{bold, size}
	f, ok := d.faces[key]
	if !ok {
		source := d.fonts[0]
		if bold {
			source = d.fonts[1]
		}
		var err error
		if f, err = opentype.NewFace(source, &opentype.FaceOptions{Size: size, DPI: (FineX + FineY) / 2, Hinting: font.HintingFull}); err != nil {
			return style{}, fmt.Errorf("%w: font: %w", ErrLetter, err)
		}
		d.faces[key] = f
	}
	m := f.Metrics()
	em := size * (FineX + FineY) / 2 / 72
	return style{face: f, ascent: m.Ascent.Ceil(), line: (m.Ascent + m.Descent).Ceil() * 108 / 100, em: em, counter: counters[bold]}, nil
}

func (s style) width(text string) int { return font.MeasureString(s.face, text).Ceil() }

// text draws one line with its top at y and returns its width.
func (s style) text(m *Bitmap, x, y int, text string) int {
	w := s.width(text)
	if w <= 0 || x >= m.Width {
		return 0
	}
	g := image.NewGray(image.Rect(0, 0, min(w+2, m.Width-x), s.line))
	drawer := font.Drawer{Dst: g, Src: image.White, Face: s.face, Dot: fixed.P(0, s.ascent)}
	drawer.DrawString(text)
	for i, r := range text {
		if r == '0' {
			s.openZero(g, float64(font.MeasureString(s.face, text[:i]))/64)
		}
	}
	for gy := range g.Rect.Dy() {
		for gx, v := range g.Pix[gy*g.Stride : gy*g.Stride+g.Rect.Dx()] {
			if v >= 112 { // a little below half: thin strokes survive the telephone line
				m.SetBlack(x+gx, y+gy)
			}
		}
	}
	return w
}

// openZero takes the stroke out of the digit 0 that begins at x.
func (s style) openZero(g *image.Gray, x float64) {
	cx, cy := x+s.counter.x*s.em, float64(s.ascent)-s.counter.y*s.em
	rx, ry := s.counter.rx*s.em, s.counter.ry*s.em
	for gy := max(0, int(cy-ry)); gy < min(g.Rect.Dy(), int(cy+ry)+1); gy++ {
		for gx := max(0, int(cx-rx)); gx < min(g.Rect.Dx(), int(cx+rx)+1); gx++ {
			dx, dy := (float64(gx)+0.5-cx)/rx, (float64(gy)+0.5-cy)/ry
			if dx*dx+dy*dy < 1 {
				g.Pix[gy*g.Stride+gx] = 0
			}
		}
	}
}

// wrap breaks text into lines of at most width pixels; words that are longer are cut.
func (s style) wrap(text string, width int) []string {
	var lines []string
	for _, part := range strings.Split(clean(text), "\n") {
		line := ""
		for _, word := range strings.Fields(part) {
			for s.width(word) > width {
				n := s.fit(word, width)
				if line != "" {
					lines, line = append(lines, line), ""
				}
				lines, word = append(lines, word[:n]), word[n:]
			}
			switch try := line + " " + word; {
			case line == "":
				line = word
			case s.width(try) <= width:
				line = try
			default:
				lines, line = append(lines, line), word
			}
		}
		lines = append(lines, line)
	}
	return lines
}

// fit is how many bytes of a word fit into width, at least one character.
func (s style) fit(word string, width int) int {
	n := 0
	for i, r := range word {
		end := i + len(string(r))
		if i > 0 && s.width(word[:end]) > width {
			break
		}
		n = end
	}
	return n
}

// clean drops control characters and writes tabs as spaces.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r == '\t' || r == '\u00a0':
			return ' '
		case r < ' ' || r == 0x7f || r == '\ufeff':
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
}

// page is the one that is drawn on.
func (d *drawer) page() *Bitmap { return d.pages[len(d.pages)-1] }

// newPage begins a page below the heading that finish draws later.
func (d *drawer) newPage() {
	d.pages = append(d.pages, NewBitmap(FineWidth, FineHeight))
	d.y, d.bottom = bodyTop, marginBottom
}

// room begins a new page when fewer than rows are left.
func (d *drawer) room(rows int) error {
	if d.y+rows <= d.bottom {
		return nil
	}
	if len(d.pages) > maxLetterPages {
		return fmt.Errorf("%w: got more than %d pages, want at most that; send less or by another way", ErrLetter, maxLetterPages)
	}
	d.newPage()
	return nil
}

// paragraph draws wrapped text over the whole width, across pages.
func (d *drawer) paragraph(text string, bold bool, size float64) error {
	s, err := d.style(bold, size)
	if err != nil {
		return err
	}
	for _, line := range s.wrap(text, marginRight-marginLeft) {
		if err := d.room(s.line); err != nil {
			return err
		}
		s.text(d.page(), marginLeft, d.y, line)
		d.y += s.line
	}
	d.y += s.line / 3
	return nil
}

// box draws a frame.
func box(m *Bitmap, r image.Rectangle, thick int) {
	m.Fill(image.Rect(r.Min.X, r.Min.Y, r.Max.X, r.Min.Y+thick))
	m.Fill(image.Rect(r.Min.X, r.Max.Y-thick, r.Max.X, r.Max.Y))
	m.Fill(image.Rect(r.Min.X, r.Min.Y, r.Min.X+thick, r.Max.Y))
	m.Fill(image.Rect(r.Max.X-thick, r.Min.Y, r.Max.X, r.Max.Y))
}
