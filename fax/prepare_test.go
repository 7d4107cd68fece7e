package fax

import (
	"image"
	"math"
	"testing"
)

// lined draws a page of text-like bars, leaning by degrees.
func lined(degrees float64) *Bitmap {
	m := NewBitmap(1700, 2000)
	tan := math.Tan(degrees * math.Pi / 180)
	for line := range 30 {
		for x := 150 + line*37%50; x < 1500; x += 18 + (x*7+line*13)%23 {
			y := 300 + line*50 + int(float64(x)*tan)
			m.Fill(image.Rect(x, y, x+14, y+18))
		}
	}
	return m
}

func TestFindSkew(t *testing.T) {
	for _, want := range []float64{0, 1.2, -2.4, 3} {
		m := lined(want)
		if got, _ := findSkew(inkPoints(m, 60000), 2000); math.Abs(got-want) > 0.2 {
			t.Errorf("got %.2f degrees, want %.2f", got, want)
		}
		g := straighten(m.Gray(), want)
		if got, _ := findSkew(inkPoints(Threshold(g, 140), 60000), 2000); math.Abs(got) > 0.2 {
			t.Errorf("got %.2f degrees left after straightening %.2f", got, want)
		}
	}
	if down, _ := sideways(lined(0)); down {
		t.Error("upright lines were taken for sideways ones")
	}
	if down, ratio := sideways(lined(0).Turn(90)); !down || ratio < 3 {
		t.Errorf("got ratio %v, want lines that run up and down", ratio)
	}
}

func TestWipeStreaks(t *testing.T) {
	m := lined(0)
	clean := m.Ink()
	for y := range m.Height {
		if y%7 != 0 {
			m.SetBlack(600, y)
		}
	}
	if got := wipeStreaks(m, 204).Ink(); got > clean+200 {
		t.Errorf("got %d black pixels, want about %d", got, clean)
	}
	if n := lined(0); wipeStreaks(n, 204) != n || wipeStreaks(n.Turn(90), 204).Ink() != n.Ink() {
		t.Error("a page without streaks was changed")
	}
}

func TestFindChecks(t *testing.T) {
	m := NewBitmap(800, 400)
	frame := func(x, y, side int) {
		for i := range 3 {
			m.Fill(image.Rect(x, y+i, x+side, y+i+1))
			m.Fill(image.Rect(x, y+side-1-i, x+side, y+side-i))
			m.Fill(image.Rect(x+i, y, x+i+1, y+side))
			m.Fill(image.Rect(x+side-1-i, y, x+side-i, y+side))
		}
	}
	frame(100, 100, 28)
	frame(200, 100, 28)
	for i := 5; i < 23; i++ { // a cross
		m.Fill(image.Rect(200+i, 100+i, 203+i, 102+i))
		m.Fill(image.Rect(225-i, 100+i, 228-i, 102+i))
	}
	m.Fill(image.Rect(300, 200, 700, 260)) // a black bar
	frame(400, 320, 60)                    // a cell
	got := findChecks(m, 204)
	if len(got) != 2 || got[0].Tick || !got[1].Tick {
		t.Fatalf("got %v, want an empty box and a ticked one", got)
	}
}

func TestHeaderCut(t *testing.T) {
	m := NewBitmap(1728, 2200)
	m.Fill(image.Rect(50, 20, 1200, 40))
	m.Fill(image.Rect(50, 120, 1200, 150))
	if got := headerCut(m, 204); got <= 40 || got >= 120 {
		t.Errorf("got row %d, want one between the header line and the page", got)
	}
	if got := headerCut(NewBitmap(1728, 2200), 204); got != 0 {
		t.Errorf("got %d on a page without a header line, want 0", got)
	}
}

// TestPictureFitsThePlaces: what was a mark on the received page is where the
// turned and straightened picture says.
func TestPictureFitsThePlaces(t *testing.T) {
	m := NewBitmap(1728, 2200)
	m.Fill(image.Rect(50, 20, 1200, 40)) // header line
	m.Fill(image.Rect(300, 1000, 340, 1040))
	p := &Page{Number: 1, Bits: m, Width: m.Width, Height: m.Height, XRes: 204, YRes: 204}
	if g := (PageText{}).Picture(p); g.Rect.Dy() != 2200 || g.GrayAt(320, 1020).Y != 0 || g.GrayAt(100, 30).Y != 0 {
		t.Error("the upright picture is not the page")
	}
	g := (PageText{Turned: 180}).Picture(p)
	if g.Rect.Dy() >= 2200 || g.GrayAt(1728-320, 2200-1020).Y != 0 {
		t.Errorf("got a picture of %v without the mark", g.Rect)
	}
	if (PageText{}).Picture(&Page{NeedsDrawing: true}) != nil {
		t.Error("got a picture of a page without an image")
	}
}
