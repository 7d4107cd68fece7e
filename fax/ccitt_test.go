package fax

import (
	"bytes"
	"errors"
	"os"
	"testing"
)

// randomBitmap has runs of all lengths, so that every code is used.
func randomBitmap(width, height int, seed uint32) *Bitmap {
	m := NewBitmap(width, height)
	next := func(n int) int {
		seed = seed*1664525 + 1013904223
		return int(seed>>8) % n
	}
	for y := range height {
		if y > 0 && next(3) == 0 {
			copy(m.Row(y), m.Row(y-1))
			continue
		}
		for x := next(1 << (1 + next(12))); x < width; {
			n := 1 + next(1<<(1+next(12)))
			fillRun(m.Row(y), x, min(x+n, width))
			x += n + 1 + next(1<<(1+next(12)))
		}
	}
	return m
}

func TestG4RoundTrip(t *testing.T) {
	for _, width := range []int{1, 7, 8, 9, 63, 64, 65, 1728, 2560, 2623, 2624, 10_000} {
		want := randomBitmap(width, 200, uint32(width))
		got, damage, err := DecodeCCITT(EncodeG4(want), Coding{K: -1, Width: width})
		if err != nil {
			t.Fatalf("width %d: %v", width, err)
		}
		if got.Height != want.Height || !bytes.Equal(got.Bits, want.Bits) || !damage.Ended || damage.Missing != 0 {
			t.Errorf("width %d: got %d rows, damage %+v, want the same %d rows", width, got.Height, damage, want.Height)
		}
	}
}

// encodeG3 writes T.4 one-dimensional rows with end-of-line marks, for tests of damage.
func encodeG3(m *Bitmap, mark bool) []byte {
	var w bitWriter
	for y := range m.Height {
		if mark {
			w.put(word{code: 1, bits: 12})
		}
		colour, x := 0, 0
		for _, at := range append(changes(nil, m.Row(y), m.Width), m.Width) {
			putRun(&w, colour, at-x)
			colour, x = colour^1, at
		}
	}
	for range 6 {
		if mark {
			w.put(word{code: 1, bits: 12})
		}
	}
	return w.flush()
}

func TestG3DamageIsConcealedAndCounted(t *testing.T) {
	want := randomBitmap(1728, 300, 7)
	data := encodeG3(want, true)
	for i := len(data) / 2; i < len(data)/2+40; i++ {
		data[i] ^= 0x5a
	}
	got, damage, err := DecodeCCITT(data, Coding{Width: 1728, Rows: 300})
	if err != nil {
		t.Fatal(err)
	}
	if damage.Bad == 0 || damage.Run == 0 || damage.Bad > 60 {
		t.Errorf("got %d bad rows in runs of up to %d, want a few", damage.Bad, damage.Run)
	}
	if !bytes.Equal(got.Row(10), want.Row(10)) || !bytes.Equal(got.Row(got.Height-1), want.Row(299)) {
		t.Error("rows before and after the damage: got others, want the sender's")
	}
}

func TestG3WithoutMarks(t *testing.T) {
	want := randomBitmap(1728, 100, 9)
	got, _, err := DecodeCCITT(encodeG3(want, false), Coding{Width: 1728, Rows: 100, Exact: true})
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bits, want.Bits) {
		t.Error("got other pixels, want the sender's")
	}
}

func TestCCITTLimits(t *testing.T) {
	white := NewBitmap(1728, 5000)
	if _, _, err := DecodeCCITT(EncodeG4(white), Coding{K: -1, Width: 1728, MaxRows: 4999}); !errors.Is(err, ErrRows) {
		t.Errorf("5000 rows: got %v, want ErrRows", err)
	}
	if _, _, err := DecodeCCITT(nil, Coding{Width: 1728}); !errors.Is(err, ErrNoRows) {
		t.Errorf("no data: got %v, want ErrNoRows", err)
	}
	if _, _, err := DecodeCCITT([]byte{1}, Coding{Width: 1 << 20}); err == nil {
		t.Error("width of a million: got no error, want one")
	}
}

func FuzzDecodeCCITT(f *testing.F) {
	m := randomBitmap(300, 40, 3)
	f.Add(EncodeG4(m), -1, 300, 40)
	f.Add(encodeG3(m, true), 0, 300, 0)
	f.Add(encodeG3(m, false), 0, 300, 40)
	f.Add(encodeG3(m, true), 1, 300, 40)
	f.Fuzz(func(t *testing.T, b []byte, k, width, rows int) {
		c := Coding{K: k, Width: width % 5000, Rows: max(0, rows%5000), MaxRows: 5000, LSB: k&2 != 0, ByteAlign: k&4 != 0}
		got, _, err := DecodeCCITT(b, c)
		if err != nil {
			if got != nil {
				t.Fatal("got an image and an error")
			}
			return
		}
		if got.Width != c.Width || len(got.Bits) != got.Height*got.Stride {
			t.Fatalf("got %d bytes for %d x %d pixels", len(got.Bits), got.Width, got.Height)
		}
		if got.Height == 0 {
			return
		}
		again, _, err := DecodeCCITT(EncodeG4(got), Coding{K: -1, Width: got.Width, MaxRows: got.Height})
		if err != nil || !bytes.Equal(again.Bits, got.Bits) {
			t.Fatalf("written and read again: got another image (%v)", err)
		}
	})
}

func BenchmarkDecodePage(b *testing.B) {
	for _, name := range []string{"d-001.tif", "d-005.tif", "d-023.tif"} {
		data, err := os.ReadFile("../testdata/fax/" + name)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				d, err := Open(data, Limits{})
				if err != nil {
					b.Fatal(err)
				}
				if _, err := d.Page(1); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
