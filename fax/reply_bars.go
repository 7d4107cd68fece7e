package fax

import (
	"math"

	"github.com/boombuler/barcode/code128"
)

// Places of the Code 128 on page 2 of a letter. What finds it gives the middles of its first and last sign (11 and 13 modules).
const (
	barsLeft  = marginLeft + barQuiet*barModule + 11*barModule/2
	barsEnds  = 12              // modules of a code that lie outside of those middles
	barsTop   = marginTop + 132 // where the first row that crosses all bars lies
	barsLeans = 3               // degrees to either side that a page may lean
)

// replyByBars reads the reply area of a page whose QR code is lost (a streak or a fold runs through it) but whose Code 128 was read. That
// tells place and size of the page, not how it leans: that is tried out.
func replyByBars(m *Bitmap, codes []Barcode) []TickMark {
	for _, b := range codes {
		if b.Symbology != "code128" || b.Code == nil || b.Code.Page != replyPage {
			continue
		}
		var best places
		score := 0.0
		for _, t := range byBars(b) {
			if try, s := register(m, t); s > score {
				best, score = try, s
			}
			if score > 0.9 {
				break
			}
		}
		if score >= minFrame {
			return readReply(m, best)
		}
	}
	return nil
}

// byBars lists how a page may lie whose Code 128 was found, upright ones first.
func byBars(b Barcode) (out []places) {
	c, err := code128.Encode(b.Text)
	if err != nil {
		return nil
	}
	scale := float64(b.Place[2]) / float64((c.Bounds().Dx()-barsEnds)*barModule)
	if scale < 0.3 || scale > 6 {
		return nil
	}
	for _, turned := range []float64{0, 180} {
		x, y := float64(b.Place[0]), float64(b.Place[1])
		if turned == 180 {
			x += float64(b.Place[2])
		}
		for n := range 2*barsLeans + 1 {
			lean := float64((n + 1) / 2 * (1 - n%2*2)) // 0, -1, 1, -2, 2 ...
			sin, cos := math.Sincos((turned + lean) * math.Pi / 180)
			t := places{ax: scale * cos, bx: -scale * sin, ay: scale * sin, by: scale * cos}
			t.cx, t.cy = x-t.ax*barsLeft-t.bx*barsTop, y-t.ay*barsLeft-t.by*barsTop
			out = append(out, t)
		}
	}
	return out
}
