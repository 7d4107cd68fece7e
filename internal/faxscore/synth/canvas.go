package synth

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"

	"refloop/fax"
)

// A page is drawn at 204 dots per inch in both directions and squeezed later.
const (
	dpi    = 204
	width  = fax.FineWidth
	height = 11 * dpi
)

// Fonts are type faces by role: sans, bold, serif, mono, narrow, hand and more.
type Fonts struct {
	parsed map[string]*opentype.Font
	faces  map[string]font.Face
}

// LoadFonts looks for fonts below folders; a role without one gets a Go font.
func LoadFonts(dirs ...string) (*Fonts, error) {
	f := &Fonts{parsed: map[string]*opentype.Font{}, faces: map[string]font.Face{}}
	want := map[string]string{"sans": "NimbusSans-Regular.otf", "bold": "NimbusSans-Bold.otf", "serif": "NimbusRoman-Regular.otf", "serifbold": "NimbusRoman-Bold.otf",
		"mono": "NimbusMonoPS-Bold.otf", "narrow": "NimbusSansNarrow-Regular.otf", "dejavu": "DejaVuSans.ttf", "book": "URWBookman-Light.otf", "gothic": "URWGothic-Book.otf", "typed": "DejaVuSansMono.ttf"}
	hands := []string{"Breip.ttf", "dkg.ttf", "femkeklaver.ttf", "Rufscript010.ttf", "calligra.ttf", "Z003-MediumItalic.otf"}
	found := map[string]string{}
	for _, d := range dirs {
		err := filepath.WalkDir(d, func(path string, e os.DirEntry, err error) error {
			if err == nil && !e.IsDir() {
				found[e.Name()] = path
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	n := 0
	for _, h := range hands {
		if found[h] != "" {
			want[fmt.Sprintf("hand%d", n)] = h
			n++
		}
	}
	for role, name := range want {
		b := goregular.TTF
		switch {
		case strings.Contains(role, "bold"):
			b = gobold.TTF
		case role == "mono" || role == "typed":
			b = gomono.TTF
		}
		if path := found[name]; path != "" {
			var err error
			if b, err = os.ReadFile(path); err != nil {
				return nil, err
			}
		}
		p, err := opentype.Parse(b)
		if err != nil {
			return nil, fmt.Errorf("synth: font %s: %w", name, err)
		}
		f.parsed[role] = p
	}
	return f, nil
}

// hand is a handwriting, or a serif face when none is installed.
func (f *Fonts) hand(n int) string {
	count := 0
	for f.parsed[fmt.Sprintf("hand%d", count)] != nil {
		count++
	}
	if count == 0 {
		return "serif"
	}
	return fmt.Sprintf("hand%d", n%count)
}

func (f *Fonts) face(role string, size float64) font.Face {
	key := fmt.Sprint(role, size)
	if f.faces[key] == nil {
		p := f.parsed[role]
		if p == nil {
			p = f.parsed["sans"]
		}
		face, err := opentype.NewFace(p, &opentype.FaceOptions{Size: size, DPI: dpi, Hinting: font.HintingNone})
		if err != nil {
			panic(err) // sizes are constants of this package
		}
		f.faces[key] = face
	}
	return f.faces[key]
}

// canvas is one page that is drawn on.
type canvas struct {
	g     *image.Gray
	fonts *Fonts
	texts []textAt // for a page with a text layer
	black []image.Rectangle
}

type textAt struct {
	x, y int // baseline
	w    int
	size float64
	s    string
}

func newCanvas(f *Fonts) *canvas {
	c := &canvas{g: image.NewGray(image.Rect(0, 0, width, height)), fonts: f}
	draw.Draw(c.g, c.g.Rect, image.White, image.Point{}, draw.Src)
	return c
}

func (c *canvas) measure(role string, size float64, s string) int {
	return font.MeasureString(c.fonts.face(role, size), s).Ceil()
}

// text draws one line with its baseline at y and gives the x behind it.
func (c *canvas) text(x, y int, role string, size float64, s string) int {
	return c.ink(x, y, role, size, s, image.Black)
}

func (c *canvas) ink(x, y int, role string, size float64, s string, src image.Image) int {
	d := font.Drawer{Dst: c.g, Src: src, Face: c.fonts.face(role, size), Dot: fixed.P(x, y)}
	d.DrawString(s)
	end := d.Dot.X.Ceil()
	if s != "" {
		c.texts = append(c.texts, textAt{x, y, end - x, size, s})
	}
	return end
}

// wrap draws text in lines of at most w pixels and gives the baseline after the last.
func (c *canvas) wrap(x, y, w int, role string, size float64, lead int, s string) int {
	line := ""
	for _, word := range strings.Fields(s) {
		if try := strings.TrimSpace(line + " " + word); line == "" || c.measure(role, size, try) <= w {
			line = try
			continue
		}
		c.text(x, y, role, size, line)
		line, y = word, y+lead
	}
	c.text(x, y, role, size, line)
	return y + lead
}

func (c *canvas) fill(r image.Rectangle, shade uint8) {
	if shade == 0 {
		c.black = append(c.black, r)
	}
	draw.Draw(c.g, r, image.NewUniform(color.Gray{Y: shade}), image.Point{}, draw.Src)
}

func (c *canvas) rule(x0, y0, x1, y1, thick int) {
	c.fill(image.Rect(x0, y0, x1+thick, y1+thick), 0)
}

func (c *canvas) frame(r image.Rectangle, thick int) {
	c.rule(r.Min.X, r.Min.Y, r.Max.X, r.Min.Y, thick)
	c.rule(r.Min.X, r.Max.Y, r.Max.X, r.Max.Y, thick)
	c.rule(r.Min.X, r.Min.Y, r.Min.X, r.Max.Y, thick)
	c.rule(r.Max.X, r.Min.Y, r.Max.X, r.Max.Y, thick)
}

// tick draws a check box, with a cross or a check mark in it, and its words; it gives the x behind them.
func (c *canvas) tick(x, y int, on bool, role string, size float64, s string) int {
	side := 28
	c.frame(image.Rect(x, y-side, x+side, y), 3)
	if on {
		for i := range side - 8 {
			c.fill(image.Rect(x+4+i, y-side+4+i, x+8+i, y-side+8+i), 0)
			c.fill(image.Rect(x+side-8-i, y-side+4+i, x+side-4-i, y-side+8+i), 0)
		}
	}
	return c.text(x+side+14, y, role, size, s)
}
