package fax

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"image"
	"image/draw"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var replyPages = flag.Int("reply-pages", replyDefault, "how many returned pages to make and read")

// TestRepliesComeBack draws our letter, ticks boxes as people do, sends the page through what telephone lines and feeders do to it, and
// reads it again: the referral on every page, and the ticks.
func TestRepliesComeBack(t *testing.T) {
	m := drawLetter(t, sampleLetter())[replyPage-1]
	right, all, lost := 0, 0, 0
	for n := range *replyPages {
		r := rand.New(rand.NewPCG(uint64(n), 7))
		p, want := m.Clone(), []string{}
		for _, tick := range Ticks() {
			if r.IntN(3) == 0 {
				markBox(p, tick.Place, r)
				want = append(want, tick.Means)
			}
		}
		how, page := worn(p, r)
		got, ok := readBack(page)
		if !ok {
			lost++
			t.Errorf("page %d (%s): got no code of ours", n, how)
			continue
		}
		for _, tick := range Ticks() {
			i := slices.IndexFunc(got, func(m TickMark) bool { return m.Means == tick.Means })
			all++
			if i < 0 {
				t.Logf("page %d (%s): no reply area", n, how)
				continue
			}
			ticked, sure := got[i].Ticked()
			if sure && ticked == slices.Contains(want, tick.Means) {
				right++
			} else {
				t.Logf("page %d (%s): %s: got %.3f ink, ticked %t", n, how, tick.Means, got[i].Ink, slices.Contains(want, tick.Means))
			}
		}
	}
	t.Logf("%d pages: %d without their code, %d of %d boxes right", *replyPages, lost, right, all)
	if right*100 < all*99 {
		t.Errorf("boxes: got %d of %d right, want 99 %%", right, all)
	}
}

func TestOwnPages(t *testing.T) {
	code, other := Code{"7K3M9QX2T4V8WZ5C", 2, 4}, Code{"9K3M9QX2T4V8WZ5C", 2, 4}
	marks := []TickMark{{"accepted", 0.3}, {"declined", 0.01}, {"insurance", 0.045}}
	typedCode := typed(0.9, "Referral", other.String())
	typedCode.Codes = []string{code.String()}
	for name, c := range map[string]struct {
		page PageText
		want []OwnPage
	}{
		"reply":         {PageText{Number: 3, Codes: []string{code.String(), code.String()}, Reply: marks}, []OwnPage{{Page: 3, Referral: code.Referral, Of: 2, Reply: true, Ticked: []string{"accepted"}, Unclear: []string{"insurance"}}}},
		"code alone":    {PageText{Number: 1, Codes: []string{code.String()}}, []OwnPage{{Page: 1, Referral: code.Referral, Of: 2}}},
		"wrong check":   {PageText{Number: 1, Codes: []string{code.String() + "X"}}, nil},
		"two bar codes": {PageText{Number: 1, Codes: []string{code.String(), other.String()}}, []OwnPage{{Page: 1}}},
		"type differs":  {typedCode, []OwnPage{{Page: 1}}},
		"none":          {PageText{Number: 1}, nil},
	} {
		if d := cmp.Diff(c.want, Extract([]PageText{c.page}).Own); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
	if m := flatJSON(t, Extract([]PageText{{Number: 1, Codes: []string{code.String()}, Reply: marks}})); len(m["own_pages"].([]any)) != 1 {
		t.Errorf("got %v, want the page", m["own_pages"])
	}
}

// readBack does what ReadPage does without words.
func readBack(p *Page) ([]TickMark, bool) {
	codes := ReadCodes(context.Background(), p)
	own := PageText{}
	for _, b := range codes {
		own.Codes = append(own.Codes, b.Text)
	}
	c, ok := own.OwnCode()
	if !ok || c.Referral != sampleLetter().Referral || c.Page != replyPage {
		return nil, false
	}
	s := newScan(p)
	if got := replyByMarks(s.black(), codes); got != nil {
		return got, true
	}
	if got := replyByBars(s.black(), codes); got != nil {
		return got, true
	}
	for _, turn := range []int{0, 180} {
		if got := replyByPlace(s.turned(turn).bits, s.page.XRes, s.page.YRes, s.cut); got != nil {
			return got, true
		}
	}
	return nil, true
}

// markBox draws a cross, a tick or a fill into a box, not quite where it belongs.
func markBox(m *Bitmap, r image.Rectangle, rnd *rand.Rand) {
	at := func(x, y float64) point {
		w := float64(r.Dx())
		return point{float64(r.Min.X) + x*w + rnd.Float64()*6 - 3, float64(r.Min.Y) + y*w + rnd.Float64()*6 - 3}
	}
	pen := 2 + rnd.IntN(5)
	switch rnd.IntN(4) {
	case 0:
		stroke(m, at(0.1, 0.1), at(0.9, 0.9), pen)
		stroke(m, at(0.9, 0.1), at(0.1, 0.9), pen)
	case 1:
		corner := at(0.4, 0.9)
		stroke(m, at(0.15, 0.5), corner, pen)
		stroke(m, corner, at(1.1, -0.2), pen)
	case 2:
		stroke(m, at(0.1, 0.9), at(0.95, 0.05), pen+1)
	case 3:
		for y := 0.2; y < 0.9; y += 0.12 {
			stroke(m, at(0.15, y), at(0.85, y), pen)
		}
	}
}

func stroke(m *Bitmap, a, b point, pen int) {
	n := int(math.Hypot(b.x-a.x, b.y-a.y)) + 1
	for i := range n + 1 {
		f := float64(i) / float64(n)
		x, y := int(a.x+(b.x-a.x)*f), int(a.y+(b.y-a.y)*f)
		m.Fill(image.Rect(x-pen/2, y-pen/2, x-pen/2+pen, y-pen/2+pen))
	}
}

// worn is a page after printing, feeding it in askew and a telephone line, in one of the ways of the development set's bad level.
func worn(m *Bitmap, r *rand.Rand) (string, *Page) {
	lean, size := r.Float64()*5-2.5, 0.97+r.Float64()*0.05
	harm := r.IntN(6)
	g := leaned(penned(m, harm).Gray(), lean, size, r.Float64()*20-10, r.Float64()*20-10)
	switch harm {
	case harmFaded:
		fade(g, r)
	case harmJPEG:
		g = squeezed(g, 20+r.IntN(30))
	}
	out := Threshold(g, uint8(100+r.IntN(70)))
	specks := r.IntN(12)  // in a thousand
	for range r.IntN(3) { // dirt on the glass: streaks from top to bottom
		x, pen := r.IntN(out.Width-4), 1+r.IntN(3)
		out.Fill(image.Rect(x, 0, x+pen, out.Height))
	}
	for y := range out.Height {
		for x := range out.Width {
			if r.IntN(1000) < specks {
				out.Bits[y*out.Stride+x>>3] ^= 0x80 >> (x & 7)
			}
		}
	}
	for range r.IntN(4) { // lines that the receiver replaced by the one before
		y := 1 + r.IntN(out.Height-6)
		for i := range 1 + r.IntN(4) {
			copy(out.Row(y+i), out.Row(y-1))
		}
	}
	p := &Page{Number: 1, Bits: out, XRes: FineX, YRes: FineY}
	if r.IntN(2) == 0 {
		p.Bits, p.YRes = out.StretchRows(out.Height/2), 98
	}
	p.Width, p.Height = p.Bits.Width, p.Bits.Height
	turn := 0
	if r.IntN(5) == 0 {
		turn = 180
		p = p.Turn(turn)
	}
	return fmt.Sprintf("lean %.1f, size %.2f, harm %d, %d specks in 1000, %.0f dpi, turned %d", lean, size, harm, specks, p.YRes, turn), p
}

// What else befalls a page before it is made black and white; the other numbers are none of these.
const (
	harmThick = iota // toner runs: strokes are wider by a dot
	harmThin         // toner is short: strokes are thinner by a dot
	harmFaded        // one side of the page is pale
	harmJPEG         // a gateway kept the page as a JPEG of low quality
)

// penned is the page with all strokes a dot wider or thinner.
func penned(m *Bitmap, harm int) *Bitmap {
	out := m.Clone()
	if harm != harmThick && harm != harmThin {
		return out
	}
	for y := range m.Height {
		row, to := m.Row(y), out.Row(y)
		for i := range to {
			next := row[i] >> 1 // each dot moved one to the right
			if i > 0 {
				next |= row[i-1] << 7
			}
			if harm == harmThick {
				to[i] |= next
			} else if next |= to[i] &^ next & 0x55; y%2 == 0 {
				to[i] &= next
			}
		}
	}
	return out
}

// fade makes a page paler from one side to the other.
func fade(g *image.Gray, r *rand.Rand) {
	w, most := g.Rect.Dx(), 60+r.IntN(50)
	left := r.IntN(2) == 0
	for i, v := range g.Pix {
		x := i % g.Stride
		if left {
			x = w - 1 - x
		}
		g.Pix[i] = uint8(min(255, int(v)+most*x/w))
	}
}

// squeezed is the page after JPEG compression.
func squeezed(g *image.Gray, quality int) *image.Gray {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, g, &jpeg.Options{Quality: quality}); err != nil {
		panic(err) // a picture in memory that fits: it cannot fail
	}
	m, err := jpeg.Decode(&b)
	if err != nil {
		panic(err)
	}
	out := image.NewGray(g.Rect)
	draw.Draw(out, g.Rect, m, image.Point{}, draw.Src)
	return out
}

// leaned turns, scales and shifts a grey page around its middle.
func leaned(g *image.Gray, degrees, size, dx, dy float64) *image.Gray {
	w, h := g.Rect.Dx(), g.Rect.Dy()
	out := image.NewGray(g.Rect)
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	for y := range h {
		for x := range w {
			fx, fy := (float64(x)-float64(w)/2-dx)/size, (float64(y)-float64(h)/2-dy)/size
			out.Pix[y*out.Stride+x] = sample(g, fx*cos+fy*sin+float64(w)/2, -fx*sin+fy*cos+float64(h)/2)
		}
	}
	return out
}
