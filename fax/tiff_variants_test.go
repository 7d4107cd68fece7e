package fax

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestTIFFVariants has libtiff write one page in every way it can and wants the same pixels of each.
func TestTIFFVariants(t *testing.T) {
	tiffcp, err := exec.LookPath("tiffcp")
	if err != nil {
		t.Skip("tiffcp is not installed: apt-get install libtiff-tools")
	}
	source := "../testdata/fax/d-003.tif"
	want := mustPage(t, openFile(t, source), 1)
	for _, args := range []string{
		"-c none", "-c none -f lsb2msb", "-c none -B -r 100", "-c packbits", "-c packbits -r 7", "-c lzw", "-c zip", "-c zip -r 50",
		"-c g3:1d", "-c g3:1d:fill", "-c g3:2d", "-c g3:2d:fill", "-c g3:2d:fill -f lsb2msb -B", "-c g3:1d -r 1", "-c g4 -r 33 -L", "-c g4 -f lsb2msb -B -r 1",
	} {
		t.Run(args, func(t *testing.T) {
			name := filepath.Join(t.TempDir(), "v.tif")
			out, err := exec.CommandContext(t.Context(), tiffcp, append(strings.Fields(args), source, name)...).CombinedOutput()
			if err != nil {
				t.Fatalf("tiffcp: %v: %s", err, out)
			}
			p := mustPage(t, openFile(t, name), 1)
			samePage(t, p, want)
			if p.BadLines != 0 {
				t.Errorf("got %d bad lines, want none", p.BadLines)
			}
		})
	}
}

// patch rewrites the value of one tag in every directory of a little-endian file that we wrote.
func patch(t *testing.T, b []byte, tag uint16, value uint32) []byte {
	t.Helper()
	b = bytes.Clone(b)
	found := false
	for at := binary.LittleEndian.Uint32(b[4:]); at != 0; {
		n := int(binary.LittleEndian.Uint16(b[at:]))
		for i := range n {
			e := b[int(at)+2+12*i:]
			if binary.LittleEndian.Uint16(e) == tag {
				binary.LittleEndian.PutUint32(e[8:], value)
				found = true
			}
		}
		at = binary.LittleEndian.Uint32(b[int(at)+2+12*n:])
	}
	if !found {
		t.Fatalf("got no tag %d to patch", tag)
	}
	return b
}

func TestTIFFHeadersThatLie(t *testing.T) {
	m := randomBitmap(1728, 300, 11)
	b, err := EncodeTIFF([]*Bitmap{m})
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		tag     uint16
		value   uint32
		missing int
	}{
		"no length":        {tagLength, 0, 0},
		"too short":        {tagLength, 100, 0},
		"too long":         {tagLength, 1000, 700},
		"absurd length":    {tagLength, 1 << 31, 0},
		"infinite strip":   {tagRowsPerStrip, 1<<32 - 1, 0},
		"no rows a strip":  {tagRowsPerStrip, 0, 0},
		"count over end":   {tagStripCounts, 1 << 30, 0},
		"no count":         {tagStripCounts, 0, 0},
		"not a page":       {tagSubfile, 0, 0},
		"no resolution":    {tagResUnit, 1, 0},
		"photometric 1":    {tagPhotometric, 1, 0},
		"unknown samples?": {tagT6Options, 2, 0},
	} {
		d, err := Open(patch(t, b, test.tag, test.value), Limits{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		p, err := d.Page(1)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if p.Height != 300 || !bytes.Equal(p.Bits.Bits, m.Bits) || p.Missing != test.missing {
			t.Errorf("%s: got %d rows, %d missing, want the 300 of the sender, %d missing", name, p.Height, p.Missing, test.missing)
		}
	}
}

func TestTIFFRefusals(t *testing.T) {
	two, err := EncodeTIFF([]*Bitmap{randomBitmap(64, 64, 1), randomBitmap(64, 64, 2), randomBitmap(64, 64, 3)})
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		b      []byte
		limits Limits
		kind   string
	}{
		"bytes":           {two, Limits{Bytes: 100}, TooLarge},
		"pages":           {two, Limits{Pages: 2}, TooLarge},
		"big TIFF":        {append([]byte("II+\x00"), two[4:]...), Limits{}, Unsupported},
		"no directory":    {two[:8], Limits{}, Broken},
		"nothing known":   {[]byte("GIF89a"), Limits{}, Unknown},
		"nothing":         {nil, Limits{}, Unknown},
		"width":           {patch(t, two, tagWidth, 60_000), Limits{}, TooLarge},
		"no width":        {patch(t, two, tagWidth, 0), Limits{}, Broken},
		"uncompressed":    {patch(t, patch(t, two, tagCompression, compressNone), tagLength, 1<<31), Limits{}, TooLarge},
		"compression 99":  {patch(t, two, tagCompression, 99), Limits{}, Unsupported},
		"strip far away":  {patch(t, two, tagStripOffsets, 1<<31), Limits{}, Broken},
		"old JPEG":        {patch(t, two, tagCompression, 6), Limits{}, Unsupported},
		"JPEG without it": {patch(t, two, tagCompression, compressJPEG), Limits{}, Broken},
	} {
		d, err := Open(test.b, test.limits)
		if err == nil {
			_, err = d.Page(1)
		}
		var u *Unreadable
		if !errors.As(err, &u) || u.Kind != test.kind {
			t.Errorf("%s: got %v, want kind %s", name, err, test.kind)
		}
	}
}

// TestTIFFLoop: the last directory points at the first one.
func TestTIFFLoop(t *testing.T) {
	b, err := EncodeTIFF([]*Bitmap{randomBitmap(64, 64, 1), randomBitmap(64, 64, 2)})
	if err != nil {
		t.Fatal(err)
	}
	copy(b[len(b)-4:], b[4:8])
	d, err := Open(b, Limits{})
	if err != nil || d.Len() != 2 {
		t.Fatalf("got %v, want two pages", err)
	}
	if _, err := d.Page(3); err == nil {
		t.Error("page 3: got no error, want one")
	}
	if _, err := d.Page(0); err == nil {
		t.Error("page 0: got no error, want one")
	}
}

func TestFaxTags(t *testing.T) {
	b, err := os.ReadFile("../testdata/fax/d-001-noecm-burst.tif")
	if err != nil {
		t.Fatal(err)
	}
	d, err := Open(b, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	p := mustPage(t, d, 1)
	if d.Station != "+15555550100" || p.BadLines != 13 || p.BadRun != 4 || p.Compress != "g3-2d" || p.XRes != 204 || p.YRes != 196 {
		t.Errorf("got station %q, %d bad lines in runs of %d, %s, %v x %v dpi", d.Station, p.BadLines, p.BadRun, p.Compress, p.XRes, p.YRes)
	}
	inverted := mustPage(t, openFile(t, "../testdata/fax/d-018.tif"), 1)
	if ink := inverted.Bits.Ink(); ink > inverted.Width*inverted.Height/4 {
		t.Errorf("min-is-black page: got %d black pixels, want fewer than a quarter", ink)
	}
}

// TestModifiedHuffman: rows of compression 2 begin on a byte and have no marks.
func TestModifiedHuffman(t *testing.T) {
	m := randomBitmap(1000, 120, 21)
	var data []byte
	for y := range m.Height {
		var w bitWriter
		colour, x := 0, 0
		for _, at := range append(changes(nil, m.Row(y), m.Width), m.Width) {
			putRun(&w, colour, at-x)
			colour, x = colour^1, at
		}
		data = append(data, w.flush()...)
	}
	whole, err := EncodeTIFF([]*Bitmap{NewBitmap(1000, 120)})
	if err != nil {
		t.Fatal(err)
	}
	b := patch(t, whole, tagCompression, compressMH)
	b = patch(t, b, tagStripOffsets, uint32(len(b)))
	b = patch(t, b, tagStripCounts, uint32(len(data)))
	b = append(b, data...)
	d, err := Open(b, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if p := mustPage(t, d, 1); !bytes.Equal(p.Bits.Bits, m.Bits) || p.Compress != "mh" {
		t.Error("got other pixels, want the sender's")
	}
}

// TestBrokenFiles cuts and mutates every fixture, some two thousand files in all: no panic, and a reason for each refusal.
func TestBrokenFiles(t *testing.T) {
	names, err := filepath.Glob("../testdata/fax/d-*.*")
	if err != nil || len(names) == 0 {
		t.Fatalf("got no fixtures (%v), want ../testdata/fax/d-*.*", err)
	}
	names = slices.DeleteFunc(names, func(s string) bool { return strings.HasSuffix(s, ".json") || strings.Contains(s, "d-034") })
	seed := uint32(2026)
	next := func(n int) int {
		seed = seed*1664525 + 1013904223
		return int(seed>>8) % n
	}
	each := 2000 / len(names)
	if testing.Short() {
		each = 10
	}
	limits := Limits{Rows: 5000, Pixels: 12_000_000, Tones: 6_000_000, Pages: 20}
	refused := 0
	for _, name := range names {
		whole, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for i := range each {
			b := bytes.Clone(whole)
			switch i % 4 {
			case 0:
				b = b[:next(len(b))]
			case 1: // where headers and directories are
				for range 1 + next(20) {
					at := next(min(len(b), 400))
					if next(2) == 0 {
						at = len(b) - 1 - at
					}
					b[at] = byte(next(256))
				}
			case 2:
				for range 1 + next(200) {
					b[next(len(b))] ^= 1 << next(8)
				}
			case 3: // a piece of it somewhere else
				from, n := next(len(b)), next(2000)
				copy(b[next(len(b)):], b[from:min(len(b), from+n)])
			}
			d, err := Open(b, limits)
			if err != nil {
				var u *Unreadable
				if !errors.As(err, &u) || u.Kind == "" || u.What == "" {
					t.Fatalf("%s mutation %d: got %v, want a reason", filepath.Base(name), i, err)
				}
				refused++
				continue
			}
			for p, err := range d.Pages() {
				if err == nil {
					checkPage(t, p)
				}
			}
		}
	}
	t.Logf("%d of %d files refused", refused, each*len(names))
}
