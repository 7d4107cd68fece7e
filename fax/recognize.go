package fax

import (
	"context"
	"errors"
	"image"
	"math"

	"refloop/fax/ocr"
)

// Recognizer reads words off an image; *ocr.Pool is one.
type Recognizer interface {
	Recognize(ctx context.Context, r ocr.Request) (ocr.Reply, error)
}

// ReadPage turns a page upright, straightens it, reads its words in two ways,
// its header line, check boxes and bar codes. A page that the engine could
// not read comes back with Failure set and a nil error; an error means that
// nothing can be read at all (ocr.ErrNoEngine, ocr.ErrClosed, the end of ctx).
func ReadPage(ctx context.Context, rec Recognizer, p *Page) (PageText, error) {
	out := PageText{Number: p.Number, DPI: 204}
	if p.NeedsDrawing || p.Width < 32 || p.Height < 32 {
		out.Failure = "the page holds no image to read"
		return out, nil
	}
	s := newScan(p)
	out.DPI, out.Damage = s.dpi, s.damage
	codes := ReadCodes(ctx, p)
	for _, b := range codes {
		out.Codes = append(out.Codes, b.Text)
	}
	if out.Reply = replyByMarks(s.black(), codes); out.Reply == nil {
		out.Reply = replyByBars(s.black(), codes)
	}
	err := s.read(ctx, rec, &out)
	var pe *ocr.PageError
	if errors.As(err, &pe) {
		return PageText{Number: p.Number, DPI: s.dpi, Failure: pe.Kind + ": " + pe.Detail}, nil
	}
	if errors.Is(err, ocr.ErrWire) {
		return PageText{Number: p.Number, DPI: s.dpi, Failure: "the page is too large to be read"}, nil
	}
	return out, err
}

// scan is one page on its way through the readings.
type scan struct {
	page   *Page   // square pixels, as received
	bits   *Bitmap // of page, header line cut off
	head   *Bitmap // the header line alone; nil when there is none
	cut    int     // rows of the header line
	dpi    int
	damage float64
}

func newScan(p *Page) *scan {
	sq := p.Square()
	s := &scan{page: sq, dpi: int(math.Round(sq.XRes))}
	if s.dpi < 50 || s.dpi > 1200 {
		s.dpi = 204
	}
	m := sq.Bits
	if m == nil {
		m = Threshold(sq.Tones, 140)
	}
	if rows := p.Height; rows > 0 {
		s.damage = math.Min(1, float64(p.BadLines+p.Missing)/float64(rows))
	}
	s.cut = headerCut(m, s.dpi)
	s.bits = m
	defer func() { s.bits = wipeStreaks(s.bits, s.dpi) }()
	if s.cut > 0 {
		s.head = &Bitmap{Width: m.Width, Height: s.cut, Stride: m.Stride, Bits: m.Bits[:s.cut*m.Stride]}
		s.bits = &Bitmap{Width: m.Width, Height: m.Height - s.cut, Stride: m.Stride, Bits: m.Bits[s.cut*m.Stride:]}
	}
	return s
}

// black is the whole page, header line included, as black and white.
func (s *scan) black() *Bitmap {
	if s.page.Bits != nil {
		return s.page.Bits
	}
	return Threshold(s.page.Tones, 140)
}

// attempt is the page body at one turn.
type attempt struct {
	turn  int
	skew  float64
	hard  *image.Gray // straightened
	gray  *image.Gray // straightened and softened
	bits  *Bitmap     // straightened
	words []Word
	score float64
}

func (s *scan) read(ctx context.Context, rec Recognizer, out *PageText) error {
	best, err := s.orient(ctx, rec)
	if err != nil {
		return err
	}
	readings := [][]Word{best.words}
	lines := findRulings(best.bits, s.dpi)
	// The second reading differs in both layout and picture: on the same
	// picture two modes mostly repeat each other's mistakes. Lines of a form
	// make the engine leave out whole rows, so it has none of them.
	plain := best.hard
	if len(lines.Level)+len(lines.Upright) > 0 {
		plain = lines.clearedOf(best.hard, best.bits)
	}
	second, err := s.ask(ctx, rec, plain, ocr.ModeAuto, "")
	if err != nil {
		return err
	}
	readings = append(readings, second)
	if best.score < poorScore {
		third, err := s.larger(ctx, rec, best.gray)
		if err != nil {
			return err
		}
		readings = append(readings, third)
	}
	out.Turned, out.Skew = best.turn, best.skew
	out.Readings = readings
	out.Width, out.Height = best.gray.Rect.Dx(), best.gray.Rect.Dy()
	out.Checks = findChecks(best.bits, s.dpi)
	out.Rulings = lines
	if c, ok := out.OwnCode(); ok && c.Page == replyPage && out.Reply == nil {
		out.Reply = replyByPlace(best.bits, s.page.XRes, s.page.YRes, s.cut)
	}
	if err = s.again(ctx, rec, plain, out); err != nil {
		return err
	}
	s.moveDown(out)
	if s.head == nil {
		return nil
	}
	out.Header, err = s.ask(ctx, rec, soften(s.head.Gray()), ocr.ModeBlock, "")
	return err
}

// moveDown gives places on the whole page when the header line was cut from
// its top and the page was not turned. (Of a turned page the header line lies
// at another side, and places count without it.)
func (s *scan) moveDown(out *PageText) {
	if out.Turned != 0 || s.cut == 0 {
		return
	}
	d := image.Pt(0, s.cut)
	for _, r := range out.Readings {
		for i := range r {
			r[i].Box = r[i].Box.Add(d)
		}
	}
	for i := range out.Checks {
		out.Checks[i].Box = out.Checks[i].Box.Add(d)
	}
	for i := range out.Again {
		a := &out.Again[i]
		a.Box = a.Box.Add(d)
		for k := range a.Words {
			a.Words[k].Box = a.Words[k].Box.Add(d)
		}
	}
	for _, list := range [][]image.Rectangle{out.Rulings.Upright, out.Rulings.Level} {
		for i := range list {
			list[i] = list[i].Add(d)
		}
	}
	out.Height += s.cut
}

// goodScore is the reading quality at which no other turn is tried: measured
// on the development set, upright pages have 0.55 to 0.97 and turned ones less than 0.3.
const goodScore = 0.6

// poorScore is the reading quality under which a third reading is made.
const poorScore = 0.9

// larger reads the page at one and a half times its size, and gives the places
// on the page as it is.
func (s *scan) larger(ctx context.Context, rec Recognizer, g *image.Gray) ([]Word, error) {
	w, h := g.Rect.Dx()*3/2, g.Rect.Dy()*3/2
	if w > ocr.MaxSide || h > ocr.MaxSide || w*h > ocr.MaxPixels {
		return nil, nil
	}
	big := image.NewGray(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			big.Pix[y*big.Stride+x] = sample(g, float64(x)/1.5, float64(y)/1.5)
		}
	}
	r, err := rec.Recognize(ctx, ocr.Request{Width: w, Height: h, DPI: s.dpi * 3 / 2, Modes: []int{ocr.ModeBlock}, Pix: big.Pix})
	if err != nil || len(r.Readings) == 0 {
		return nil, err
	}
	for i := range r.Readings[0] {
		b := &r.Readings[0][i].Box
		*b = image.Rect(b.Min.X*2/3, b.Min.Y*2/3, b.Max.X*2/3, b.Max.Y*2/3)
	}
	return r.Readings[0], nil
}

// orient finds the turn at which words can be read. Most pages are upright,
// so that is tried first, unless the lines clearly run up and down.
func (s *scan) orient(ctx context.Context, rec Recognizer) (attempt, error) {
	turns := []int{0, 180, 90, 270}
	if down, ratio := sideways(s.bits); down && ratio > 3 {
		turns = []int{90, 270, 0, 180}
	} else if ratio < 0.7 {
		turns = turns[:2]
	}
	var best attempt
	for i, t := range turns {
		a, err := s.try(ctx, rec, t)
		if err != nil {
			return attempt{}, err
		}
		if i == 0 || a.score > best.score {
			best = a
		}
		if best.score >= goodScore {
			break
		}
	}
	return best, nil
}

func (s *scan) try(ctx context.Context, rec Recognizer, turn int) (attempt, error) {
	a := s.turned(turn)
	var err error
	a.words, err = s.ask(ctx, rec, a.gray, ocr.ModeBlock, "")
	a.score = legible(a.words)
	return a, err
}

// turned is the page body turned by a quarter or more and straightened.
func (s *scan) turned(turn int) attempt {
	m := s.bits.Turn(turn)
	a := attempt{turn: turn}
	a.skew, _ = findSkew(inkPoints(m, 60000), max(m.Width, m.Height))
	g := m.Gray()
	if math.Abs(a.skew) >= 0.15 {
		g = straighten(g, a.skew)
		m = Threshold(g, 140)
	} else {
		a.skew = 0
	}
	a.bits, a.hard, a.gray = m, g, soften(g)
	return a
}

// legible is the share of letters and digits that stand in words read with
// some confidence; short scraps, which noise and lines make, count against it.
func legible(words []Word) float64 {
	good, all := 0.0, 0.0
	for _, w := range words {
		n := 0
		for _, r := range w.Text {
			if isLetterDigit(r) {
				n++
			}
		}
		if n == 0 {
			continue
		}
		all += float64(n)
		if w.Conf >= 0.6 && n >= 3 {
			good += float64(n)
		}
	}
	if all < 20 {
		return good / 40
	}
	return good / all
}

func isLetterDigit(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
}

func (s *scan) ask(ctx context.Context, rec Recognizer, g *image.Gray, mode int, allow string) ([]Word, error) {
	r, err := rec.Recognize(ctx, ocr.Request{Width: g.Rect.Dx(), Height: g.Rect.Dy(), DPI: s.dpi, Modes: []int{mode}, Allow: allow, Pix: g.Pix})
	if err != nil || len(r.Readings) == 0 {
		return nil, err
	}
	return r.Readings[0], nil
}
