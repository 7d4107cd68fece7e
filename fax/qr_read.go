package fax

import (
	"context"
	"math/bits"
	"time"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/oned"
	"github.com/makiuchi-d/gozxing/qrcode"
)

// Barcode is one bar code found on a page.
type Barcode struct {
	Symbology string // qr or code128
	Text      string // what it says, at most 512 bytes
	Code      *Code  // set when it is one of ours and its check characters are right
	Place     [4]int // x, y, width, height in pixels of the page after Square; the finder marks or ends of the bars, so only roughly

	marks []point // of a QR code: the centres of its finder marks bottom left, top left and top right, on the same page
}

// point is a place on a page between pixels.
type point struct{ x, y float64 }

// codeTime bounds the search on one page.
const codeTime = 5 * time.Second

// maxCodeText bounds the text of a bar code.
const maxCodeText = 512

// maxCodePixels bounds the pages that are searched.
const maxCodePixels = 24_000_000

// ReadCodes looks for a QR code and a Code 128 on a page, after a median filter against specks and without it when that
// finds nothing, in every direction. It gives up after five seconds or when ctx ends, with what it has. A page that
// NeedsDrawing has none. It stops at the first code of each kind: our pages have one of each.
func ReadCodes(ctx context.Context, p *Page) []Barcode {
	if p.Bits == nil && p.Tones == nil || p.Width*p.Height > maxCodePixels {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, codeTime)
	defer cancel()
	q := p.Square()
	plain := q.Bits
	if plain == nil {
		plain = Threshold(q.Tones, 128)
	}
	smooth := plain.Median()
	var found []Barcode
	for _, read := range []func(context.Context, *Bitmap) (Barcode, bool){readQR, readCode128} {
		for _, m := range []*Bitmap{smooth, plain} {
			if b, ok := read(ctx, m); ok {
				found = append(found, b)
				break
			}
		}
	}
	return found
}

// readQR runs the reader in a goroutine of its own: it cannot be stopped, so when ctx ends first it is left to finish its page.
func readQR(ctx context.Context, m *Bitmap) (Barcode, bool) {
	if ctx.Err() != nil || m.Width < 21 || m.Height < 21 {
		return Barcode{}, false
	}
	type answer struct {
		b  Barcode
		ok bool
	}
	done := make(chan answer, 1)
	go func() {
		b, ok := decode("qr", func() (*gozxing.Result, error) {
			bitmap, err := gozxing.NewBinaryBitmap(&blackMatrix{m: m})
			if err != nil {
				return nil, err
			}
			return qrcode.NewQRCodeReader().Decode(bitmap, map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_TRY_HARDER: true})
		})
		done <- answer{b, ok}
	}()
	select {
	case a := <-done:
		return a.b, a.ok
	case <-ctx.Done():
		return Barcode{}, false
	}
}

// rowStep is the distance of the rows searched for a Code 128: it is met several times by a code of 5 mm.
const rowStep = 8

// readCode128 goes through rows from left to right and back, then through columns.
func readCode128(ctx context.Context, m *Bitmap) (Barcode, bool) {
	decoder, ok := oned.NewCode128Reader().(oned.RowDecoder)
	if !ok {
		return Barcode{}, false
	}
	for turn := range 2 {
		if turn == 1 {
			m = m.Turn(90)
		}
		row := gozxing.NewBitArray(m.Width)
		for y := rowStep / 2; y < m.Height; y += rowStep {
			if ctx.Err() != nil {
				return Barcode{}, false
			}
			if !loadRow(row, m.Row(y)) {
				continue
			}
			for back := range 2 {
				if back == 1 {
					row.Reverse()
				}
				b, ok := decode("code128", func() (*gozxing.Result, error) { return decoder.DecodeRow(y, row, nil) })
				if ok {
					b.Place = unturn(b.Place, m, turn, back)
					return b, true
				}
			}
		}
	}
	return Barcode{}, false
}

// unturn gives a place found on a turned or reversed row as one of the page.
func unturn(place [4]int, m *Bitmap, turn, back int) [4]int {
	if back == 1 {
		place[0] = m.Width - place[0] - place[2]
	}
	if turn == 1 {
		return [4]int{place[1], m.Width - place[0] - place[2], place[3], place[2]}
	}
	return place
}

// minChanges is the least number of colour changes in a row with a Code 128 of one character.
const minChanges = 24

// loadRow copies a row and tells whether it is worth decoding.
func loadRow(dst *gozxing.BitArray, row []byte) bool {
	dst.Clear()
	n, last := 0, byte(0)
	for i, b := range row {
		if b != 0 {
			dst.SetBulk(i/4*32, dst.GetBitArray()[i/4]|uint32(bits.Reverse8(b))<<(8*(i%4)))
		}
		n += bits.OnesCount8(b ^ (b>>1 | last<<7))
		last = b & 1
	}
	return n >= minChanges
}

// decode recovers from panics: the readers index without checks on odd images.
func decode(name string, read func() (*gozxing.Result, error)) (b Barcode, ok bool) {
	defer func() {
		if recover() != nil {
			b, ok = Barcode{}, false
		}
	}()
	r, err := read()
	if err != nil || len(r.GetText()) > maxCodeText {
		return Barcode{}, false
	}
	b = Barcode{Symbology: name, Text: r.GetText(), Place: around(r.GetResultPoints())}
	if c, err := ParseCode(b.Text); err == nil {
		b.Code = &c
	}
	if points := r.GetResultPoints(); name == "qr" && len(points) >= 3 {
		for _, p := range points[:3] {
			b.marks = append(b.marks, point{p.GetX(), p.GetY()})
		}
	}
	return b, true
}

func around(points []gozxing.ResultPoint) [4]int {
	if len(points) == 0 {
		return [4]int{}
	}
	x0, y0 := points[0].GetX(), points[0].GetY()
	x1, y1 := x0, y0
	for _, p := range points[1:] {
		x0, x1 = min(x0, p.GetX()), max(x1, p.GetX())
		y0, y1 = min(y0, p.GetY()), max(y1, p.GetY())
	}
	return [4]int{int(x0), int(y0), int(x1 - x0), int(y1 - y0)}
}

// blackMatrix hands a bitmap to gozxing as it is, without thresholds of its own.
type blackMatrix struct{ m *Bitmap }

func (b *blackMatrix) GetLuminanceSource() gozxing.LuminanceSource               { return nil }
func (b *blackMatrix) CreateBinarizer(gozxing.LuminanceSource) gozxing.Binarizer { return b }
func (b *blackMatrix) GetWidth() int                                             { return b.m.Width }
func (b *blackMatrix) GetHeight() int                                            { return b.m.Height }

func (b *blackMatrix) GetBlackRow(y int, row *gozxing.BitArray) (*gozxing.BitArray, error) {
	if row == nil || row.GetSize() < b.m.Width {
		row = gozxing.NewBitArray(b.m.Width)
	}
	loadRow(row, b.m.Row(y))
	return row, nil
}

func (b *blackMatrix) GetBlackMatrix() (*gozxing.BitMatrix, error) {
	t, err := gozxing.NewBitMatrix(b.m.Width, b.m.Height)
	if err != nil {
		return nil, err
	}
	row := gozxing.NewBitArray(b.m.Width)
	for y := range b.m.Height {
		loadRow(row, b.m.Row(y))
		t.SetRow(y, row)
	}
	return t, nil
}
