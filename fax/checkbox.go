package fax

import "image"

// Sides of a check box, in inches.
const (
	minCheck = 0.09
	maxCheck = 0.24
)

// findChecks looks for small square frames. It is told the upright, straight
// page; a frame may be broken in a few places and lean by a pixel or two.
func findChecks(m *Bitmap, dpi int) []CheckBox {
	lo, hi := int(minCheck*float64(dpi)), int(maxCheck*float64(dpi))
	var out []CheckBox
	for y := 0; y+lo < m.Height; y++ {
		row := m.Row(y)
		for x := 0; x < m.Width; x++ {
			if x&7 == 0 && row[x>>3] == 0 {
				x += 7
				continue
			}
			if row[x>>3]&(0x80>>(x&7)) == 0 {
				continue
			}
			end := x + 1
			for end < m.Width && row[end>>3]&(0x80>>(end&7)) != 0 {
				end++
			}
			if side := end - x; side >= lo && side <= hi {
				if c, ok := frameAt(m, x, y, side); ok && !known(out, c.Box) {
					out = append(out, c)
					if len(out) >= maxChecks {
						return out
					}
				}
			}
			x = end
		}
	}
	return out
}

// maxChecks bounds the check boxes of one page.
const maxChecks = 400

func known(list []CheckBox, r image.Rectangle) bool {
	for i := len(list) - 1; i >= 0 && i > len(list)-40; i-- {
		if list[i].Box.Overlaps(r) {
			return true
		}
	}
	return false
}

// frameAt tries heights near the width of a top edge.
func frameAt(m *Bitmap, x, y, side int) (CheckBox, bool) {
	for _, h := range []int{side, side - 1, side + 1, side - 2, side + 2, side - 3, side + 3} {
		if h < 8 || y+h >= m.Height {
			continue
		}
		left := upright(m, x, y, h)
		right := upright(m, x+side-1, y, h)
		low := level(m, x, y+h-1, side)
		if left < 0.85 || right < 0.85 || low < 0.85 || !corners(m, x, y, side, h) || !alone(m, x, y, side, h) {
			continue
		}
		r := image.Rect(x, y, x+side, y+h)
		in := r.Inset(max(3, side/6))
		ink, n := 0, 0
		for yy := in.Min.Y; yy < in.Max.Y; yy++ {
			for xx := in.Min.X; xx < in.Max.X; xx++ {
				n++
				if m.Black(xx, yy) {
					ink++
				}
			}
		}
		if n == 0 {
			return CheckBox{}, false
		}
		f := float64(ink) / float64(n)
		return CheckBox{Box: r, Ink: f, Tick: f > 0.12}, true
	}
	return CheckBox{}, false
}

// corners tells whether all four corners are square: those of B, D and O are
// not.
func corners(m *Bitmap, x, y, w, h int) bool {
	for _, c := range []image.Point{{x, y}, {x + w - 1, y}, {x, y + h - 1}, {x + w - 1, y + h - 1}} {
		ink := 0
		for dy := -1; dy <= 1; dy++ {
			for dx := -1; dx <= 1; dx++ {
				if m.Black(c.X+dx, c.Y+dy) {
					ink++
				}
			}
		}
		if ink < 3 {
			return false
		}
	}
	return true
}

// alone tells whether there is paper around a frame: letters in white on a
// black bar leave squares that are part of the bar.
func alone(m *Bitmap, x, y, w, h int) bool {
	const away = 4
	ink := 0
	for xx := x; xx < x+w; xx++ {
		if m.Black(xx, y-away) {
			ink++
		}
		if m.Black(xx, y+h-1+away) {
			ink++
		}
	}
	for yy := y; yy < y+h; yy++ {
		if m.Black(x-away, yy) {
			ink++
		}
		if m.Black(x+w-1+away, yy) {
			ink++
		}
	}
	return ink*4 < 2*(w+h)
}

// upright is the share of rows in which the edge at column x, or a pixel
// beside it, is black.
func upright(m *Bitmap, x, y, h int) float64 {
	n := 0
	for yy := y; yy < y+h; yy++ {
		if m.Black(x, yy) || m.Black(x-1, yy) || m.Black(x+1, yy) {
			n++
		}
	}
	return float64(n) / float64(h)
}

func level(m *Bitmap, x, y, w int) float64 {
	n := 0
	for xx := x; xx < x+w; xx++ {
		if m.Black(xx, y) || m.Black(xx, y-1) || m.Black(xx, y+1) {
			n++
		}
	}
	return float64(n) / float64(w)
}
