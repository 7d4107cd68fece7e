package fax

import "image"

// Rulings are the straight lines of a form. They part columns and cells better than any gap between words does.
type Rulings struct {
	Upright []image.Rectangle `json:"u,omitempty"` // up and down, at least a third of an inch
	Level   []image.Rectangle `json:"l,omitempty"` // left to right, at least 0.6 inch
}

const (
	uprightInch = 0.33
	levelInch   = 0.6
	maxRulings  = 600 // of each direction on one page
	// maxBreak is how many pixels of a line noise may take out at a time.
	maxBreak = 3
)

// findRulings looks for lines on an upright, straight page. A line may lean by a pixel; what is left of a leaning page comes as pieces.
func findRulings(m *Bitmap, dpi int) Rulings {
	return Rulings{
		Upright: turned(levels(m.Turn(90), int(uprightInch*float64(dpi))), m),
		Level:   levels(m, int(levelInch*float64(dpi))),
	}
}

// turned gives places on a page turned by 90 degrees clockwise as those of the page itself.
func turned(list []image.Rectangle, m *Bitmap) []image.Rectangle {
	for i, r := range list {
		list[i] = image.Rect(r.Min.Y, m.Height-r.Max.X, r.Max.Y, m.Height-r.Min.X)
	}
	return list
}

// levels collects runs of black of at least shortest pixels, and joins those of neighbouring rows.
func levels(m *Bitmap, shortest int) []image.Rectangle {
	var out []image.Rectangle
	open := 0 // rectangles before it ended more than a row above
	for y := range m.Height {
		for open < len(out) && out[open].Max.Y < y {
			open++
		}
		for lo, hi := nextRun(m, y, 0, shortest); lo < m.Width; lo, hi = nextRun(m, y, hi+1, shortest) {
			r := image.Rect(lo, y, hi, y+1)
			joined := false
			for i := open; i < len(out); i++ {
				if out[i].Max.Y >= y && out[i].Min.X < hi && out[i].Max.X > lo {
					out[i], joined = out[i].Union(r), true
					break
				}
			}
			if joined {
				continue
			}
			if len(out) == maxRulings {
				return out
			}
			out = append(out, r)
		}
	}
	return out
}

// nextRun is the next run of at least shortest black pixels in row y from x on, with small breaks; the width of the page when there is none.
func nextRun(m *Bitmap, y, x, shortest int) (lo, hi int) {
	row := m.Row(y)
	for x < m.Width {
		if x&7 == 0 && row[x>>3] == 0 {
			x += 8
			continue
		}
		if row[x>>3]&(0x80>>(x&7)) == 0 {
			x++
			continue
		}
		lo, hi = x, x+1
		for x++; x < m.Width && x-hi < maxBreak; x++ {
			if row[x>>3]&(0x80>>(x&7)) != 0 {
				hi = x + 1
			}
		}
		if hi-lo >= shortest {
			return lo, hi
		}
	}
	return m.Width, m.Width
}

// between tells whether an upright line parts two boxes of one row.
func (l Rulings) between(a, b image.Rectangle) bool {
	top, low := max(a.Min.Y, b.Min.Y), min(a.Max.Y, b.Max.Y)
	for _, r := range l.Upright {
		if r.Min.X >= a.Max.X-3 && r.Max.X <= b.Min.X+3 && r.Min.Y < low && r.Max.Y > top {
			return true
		}
	}
	return false
}

// border tells whether the frame of a cell runs between the heights top and low at x: a level line that meets an upright one. Lines to
// write on meet none.
func (l Rulings) border(x, top, low int) bool {
	for _, r := range l.Level {
		if r.Min.Y >= top-4 && r.Max.Y <= low+6 && r.Min.X <= x+4 && r.Max.X > x && l.framed(r) {
			return true
		}
	}
	return false
}

// framed tells whether a level line meets an upright one at an end or between.
func (l Rulings) framed(r image.Rectangle) bool {
	const near = 8
	for _, u := range l.Upright {
		if u.Max.X >= r.Min.X-near && u.Min.X <= r.Max.X+near && u.Max.Y >= r.Min.Y-near && u.Min.Y <= r.Max.Y+near {
			return true
		}
	}
	return false
}

// writingLine is a line to write on that lies closely over a label at x: its value stands on it.
func (l Rulings) writingLine(label image.Rectangle, height int) (image.Rectangle, bool) {
	for _, r := range l.Level {
		gap := label.Min.Y - r.Max.Y
		if gap > -height/3 && gap <= height && r.Dy() <= 6 && r.Min.X <= label.Min.X+height/2 && r.Min.X >= label.Min.X-height*3/2 && r.Max.X > label.Min.X+2*height && !l.framed(r) {
			return r, true
		}
	}
	return image.Rectangle{}, false
}
