package fax

import (
	"image"
	"math"

	"github.com/boombuler/barcode/qr"
)

// TickMark is what was found in one box of our reply area (see [Ticks]).
type TickMark struct {
	Means string  `json:"m"` // as in Tick
	Ink   float64 `json:"i"` // 0..1: black share of its inside
}

// Shares of black inside of a box: below emptyInk there are specks, from tickedInk on somebody has put a mark there. Measured on drawn
// pages with noise of 1 to 2 percent; a thin pen's stroke across a box is 0.09 or more.
const (
	emptyInk  = 0.03
	tickedInk = 0.06
)

// Ticked reports whether somebody has marked the box; sure is false when that cannot be told from dirt.
func (t TickMark) Ticked() (ticked, sure bool) {
	return t.Ink >= tickedInk, t.Ink < emptyInk || t.Ink >= tickedInk
}

// places turns places of a letter's page 2 (204 x 196) into places of an image: x' = ax*x + bx*y + cx, and so on.
type places struct{ ax, bx, cx, ay, by, cy float64 }

func (t places) at(x, y float64) (float64, float64) {
	return t.ax*x + t.bx*y + t.cx, t.ay*x + t.by*y + t.cy
}

// moved shifts a place and turns it by degrees around the middle of the reply area.
func (t places) moved(dx, dy, degrees float64) places {
	mx, my := t.at((marginLeft+marginRight)/2, (replyTop+replyBottom)/2)
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	return places{
		ax: cos*t.ax - sin*t.ay, bx: cos*t.bx - sin*t.by, cx: cos*(t.cx-mx) - sin*(t.cy-my) + mx + dx,
		ay: sin*t.ax + cos*t.ay, by: sin*t.bx + cos*t.by, cy: sin*(t.cx-mx) + cos*(t.cy-my) + my + dy,
	}
}

// scaled stretches around the middle of the reply area.
func (t places) scaled(sx, sy float64) places {
	const mx, my = (marginLeft + marginRight) / 2, (replyTop + replyBottom) / 2
	return places{
		ax: t.ax * sx, bx: t.bx * sy, cx: t.cx + t.ax*mx*(1-sx) + t.bx*my*(1-sy),
		ay: t.ay * sx, by: t.by * sy, cy: t.cy + t.ay*mx*(1-sx) + t.by*my*(1-sy),
	}
}

// byCode places a page by the finder marks of its QR code, whose size follows from what it says.
func byCode(b Barcode) (places, bool) {
	if b.Code == nil || len(b.marks) != 3 {
		return places{}, false
	}
	c, err := qr.Encode(b.Text, qr.Q, qr.Auto)
	if err != nil {
		return places{}, false
	}
	modules := c.Bounds().Dx()
	pixel := float64(qrSize / modules)
	right := float64(marginRight - qrQuiet*8)
	left, span := right-float64(modules)*pixel+3.5*pixel, float64(modules-7)*pixel
	top := marginTop + 3.5*pixel
	low, corner, far := b.marks[0], b.marks[1], b.marks[2]
	t := places{ax: (far.x - corner.x) / span, ay: (far.y - corner.y) / span, bx: (low.x - corner.x) / span, by: (low.y - corner.y) / span}
	t.cx, t.cy = corner.x-t.ax*left-t.bx*top, corner.y-t.ay*left-t.by*top
	for _, scale := range []float64{math.Hypot(t.ax, t.ay), math.Hypot(t.bx, t.by)} {
		if scale < 0.3 || scale > 6 {
			return places{}, false
		}
	}
	return t, true
}

// replyByMarks reads the reply area of a page whose QR code is ours. Letters have it on page 2.
func replyByMarks(m *Bitmap, codes []Barcode) []TickMark {
	for _, b := range codes {
		if t, ok := byCode(b); ok && b.Code.Page == replyPage {
			return readReply(m, t)
		}
	}
	return nil
}

// replyByPlace reads the reply area of an upright page where it is printed, for pages whose code was read without a place. x and y
// are dots per inch, cut is how many rows were taken off its top.
func replyByPlace(m *Bitmap, x, y float64, cut int) []TickMark {
	for _, down := range []float64{y / FineY, x / FineX} {
		for _, up := range []int{cut, 0} {
			if found := readReply(m, places{ax: x / FineX, by: down, cy: float64(-up)}); found != nil {
				return found
			}
		}
	}
	return nil
}

// replyPage is the page of a letter with the reply area.
const replyPage = 2

// minFrame is the share of a frame's line that must be black where a reply area is taken for ours.
const minFrame = 0.6

// readReply finds the reply area on an image, near where t says, and measures its boxes. Nil: it is not there.
func readReply(m *Bitmap, t places) []TickMark {
	t, score := register(m, t)
	if score < minFrame {
		return nil
	}
	clean := m.Median() // specks are no pen
	streaks := streaksIn(m, t)
	var out []TickMark
	for _, tick := range Ticks() {
		near, found := settleBox(m, t, tick.Place)
		if found < minFrame/2 {
			return nil
		}
		out = append(out, TickMark{Means: tick.Means, Ink: inkIn(clean, near, tick.Place.Inset(8), streaks)})
	}
	return out
}

// register moves, leans and stretches t to where most of the printed frames are met: first in wide steps, then in narrow ones.
func register(m *Bitmap, t places) (places, float64) {
	var frames []point
	for _, tick := range Ticks() {
		frames = append(frames, outline(tick.Place, 4)...)
	}
	frames = append(frames, outline(image.Rect(marginLeft, replyTop, marginRight, replyBottom), 16)...)
	best, score := t, met(m, t, frames)
	keep := func(try places) {
		if s := met(m, try, frames); s > score {
			best, score = try, s
		}
	}
	move := func(reach, by, lean, leanBy float64) {
		from := best
		for dx := -reach; dx <= reach; dx += by {
			for dy := -reach; dy <= reach; dy += by {
				for l := -lean; l <= lean+1e-9; l += leanBy {
					keep(from.moved(dx, dy, l))
				}
			}
		}
	}
	move(28, 3, 1, 0.25)
	move(4, 2, 0.2, 0.05)
	from := best
	for sx := -0.012; sx <= 0.0121; sx += 0.001 {
		for sy := -0.012; sy <= 0.0121; sy += 0.002 {
			keep(from.scaled(1+sx, 1+sy))
		}
	}
	move(3, 1, 0.1, 0.05)
	return best, score
}

// settleBox corrects the place of one box by a few pixels.
func settleBox(m *Bitmap, t places, r image.Rectangle) (places, float64) {
	points := outline(r, 2)
	best, score := t, met(m, t, points)
	for dx := -5.0; dx <= 5; dx++ {
		for dy := -5.0; dy <= 5; dy++ {
			try := t.moved(dx, dy, 0)
			if s := met(m, try, points) - 0.004*(math.Abs(dx)+math.Abs(dy)); s > score {
				best, score = try, s
			}
		}
	}
	return best, score
}

// outline lists points on the middle of a frame's lines, which are 4 pixels thick.
func outline(r image.Rectangle, step int) []point {
	var out []point
	for x := r.Min.X + 2; x < r.Max.X; x += step {
		out = append(out, point{float64(x), float64(r.Min.Y) + 2}, point{float64(x), float64(r.Max.Y) - 2})
	}
	for y := r.Min.Y + 2; y < r.Max.Y; y += step {
		out = append(out, point{float64(r.Min.X) + 2, float64(y)}, point{float64(r.Max.X) - 2, float64(y)})
	}
	return out
}

// met is the share of points that are black.
func met(m *Bitmap, t places, points []point) float64 {
	n := 0
	for _, p := range points {
		x, y := t.at(p.x, p.y)
		if m.Black(int(x), int(y)) {
			n++
		}
	}
	return float64(n) / float64(len(points))
}

// inkIn is the black share of a rectangle of the letter, without the columns of the image that are streaks.
func inkIn(m *Bitmap, t places, r image.Rectangle, streaks map[int]bool) float64 {
	n, all := 0, 0
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			px, py := t.at(float64(x)+0.5, float64(y)+0.5)
			if streaks[int(px)] {
				continue
			}
			all++
			if m.Black(int(px), int(py)) {
				n++
			}
		}
	}
	if all == 0 {
		return (emptyInk + tickedInk) / 2 // nothing is left to look at: a person must
	}
	return float64(n) / float64(all)
}

// streakShare is the share of a column over the height of the reply area from which on it is a streak: dirt on the glass of the machine
// that sent the page, which runs straight down the image however the page leaned. A pen's mark is a box high, printed lines lean with
// the page or are frames, which no inside of a box holds.
const streakShare = 0.75

// streaksIn finds the columns of an image that are streaks where the reply area is, each with its neighbours.
func streaksIn(m *Bitmap, t places) map[int]bool {
	_, top := t.at((marginLeft+marginRight)/2, replyTop)
	_, bottom := t.at((marginLeft+marginRight)/2, replyBottom)
	lo, hi := max(0, int(top)), min(m.Height, int(bottom))
	if hi-lo < 20 {
		return nil
	}
	counts := make([]int, m.Width)
	for y := lo; y < hi; y++ {
		for x := range counts {
			if m.Black(x, y) {
				counts[x]++
			}
		}
	}
	out := map[int]bool{}
	for x, n := range counts {
		if float64(n) >= streakShare*float64(hi-lo) {
			out[x-1], out[x], out[x+1] = true, true, true
		}
	}
	return out
}
