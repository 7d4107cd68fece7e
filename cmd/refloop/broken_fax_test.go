package main

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"refloop/fax"
)

const brokenFaxYAML = `
demo: true
organization: {name: Northside Primary Care, oid: 2.16.840.1.113883.3.72.5.9.1}
store: {url: "sqlite:refloop.db", seal_key: {file: seal.key}}
limits: {message: 1MiB}
channels:
  - {name: fax-inbox, type: fax, folder: inbox, scan: 50ms, settle: 10ms}
console: {listen: ""}
`

func TestBrokenFaxes(t *testing.T) { brokenFaxes(t, 30) }

// brokenFaxes puts n broken files into the inbox of a running daemon: each ends with a reason that a person can act on, and
// the fax behind them is read as if nothing had been.
func brokenFaxes(t *testing.T, n int) {
	if err := tryOCR(t.Context()); err != nil {
		t.Skipf("no OCR on this machine: %v", err)
	}
	good, err := os.ReadFile("../../testdata/fax/d-008.tif")
	if err != nil {
		t.Fatal(err)
	}
	d := newEdgeDaemon(t, brokenFaxYAML, "../../testdata/direct/cms/ca.crt")
	inbox := filepath.Join(d.dir, "inbox")
	put := func(name string, b []byte) {
		t.Helper()
		part := filepath.Join(inbox, "."+name+".part")
		if err := os.WriteFile(part, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(part, filepath.Join(inbox, name)); err != nil {
			t.Fatal(err)
		}
	}
	files := brokenFiles(t, n)
	for i, f := range files {
		put(fmt.Sprintf("b%04d%s", i, f.extension), f.bytes)
	}
	put("good.tif", good)
	rows := d.settled(len(files) + 1)
	states := map[string]int{}
	referrals := 0
	for _, m := range rows {
		state, _ := m["state"].(string)
		reason, _ := m["reason"].(string)
		states[state]++
		switch {
		case state == "processed":
			referrals++
		case reason == "":
			t.Errorf("message %v: got %s without a reason", m["id"], state)
		}
	}
	t.Logf("%d files: %v; memory at most %s", len(rows), states, d.peak())
	if referrals == 0 || len(d.rows("referrals")) == 0 {
		t.Error("the good fax behind the broken ones was not read")
	}
	if left, err := filepath.Glob(filepath.Join(inbox, "*.*")); err != nil || len(left) != 0 {
		t.Errorf("got %d files left in the inbox (%v), want none", len(left), err)
	}
}

// settled waits until as many messages as there were files have an outcome. A page that must be drawn or read takes its time.
func (d *edgeDaemon) settled(files int) []map[string]any {
	d.t.Helper()
	deadline := time.Now().Add(patience + time.Duration(files)*2*time.Second)
	for {
		rows := d.rows("messages", "--direction", "in", "--limit", fmt.Sprint(files+10))
		open := 0
		for _, m := range rows {
			if m["state"] == "received" {
				open++
			}
		}
		if len(rows) >= files && open == 0 {
			return rows
		}
		if time.Now().After(deadline) {
			d.t.Fatalf("got %d of %d messages, %d without an outcome: %v", len(rows), files, open, states(rows))
		}
		<-time.After(250 * time.Millisecond)
	}
}

// states lists what became of the messages.
func states(rows []map[string]any) (out []string) {
	for _, m := range rows {
		out = append(out, fmt.Sprint(m["id"], " ", m["state"], " ", m["bytes"], " ", m["reason"]))
	}
	return out
}

// peak is the most memory that the daemon held, as the kernel counts it.
func (d *edgeDaemon) peak() string {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", d.pid))
	if err != nil {
		return "unknown"
	}
	_, rest, _ := strings.Cut(string(b), "VmHWM:")
	line, _, _ := strings.Cut(rest, "\n")
	return strings.TrimSpace(line)
}

type brokenFile struct {
	extension string
	bytes     []byte
}

// brokenFiles are n files that no fax machine wrote: bombs first, then good small pages cut short or changed. No two are equal.
func brokenFiles(t *testing.T, n int) []brokenFile {
	t.Helper()
	rnd := rand.New(rand.NewPCG(20261123, 6))
	bases := smallFaxes(t)
	out := bombs(t)
	for len(out) < n {
		base := bases[rnd.IntN(len(bases))]
		b := bytes.Clone(base.bytes)
		switch rnd.IntN(4) {
		case 0: // half a file
			b = b[:rnd.IntN(len(b))]
		case 1: // a few bytes
			for range 1 + rnd.IntN(8) {
				b[rnd.IntN(len(b))] = byte(rnd.Uint32())
			}
		case 2: // its head, where sizes and offsets are
			for range 1 + rnd.IntN(4) {
				b[rnd.IntN(min(len(b), 200))] ^= 1 << rnd.IntN(8)
			}
		case 3: // a stretch of another one
			other := bases[rnd.IntN(len(bases))].bytes
			at := rnd.IntN(len(b))
			copy(b[at:], other[rnd.IntN(len(other)):])
		}
		b = fmt.Appendf(b, "\n%d", len(out))
		out = append(out, brokenFile{base.extension, b})
	}
	return out
}

// smallFaxes are good pages of some words, in each format.
func smallFaxes(t *testing.T) []brokenFile {
	t.Helper()
	pages, err := fax.Letter{Referral: "7K3M9QX2T4V8WZ5C", Title: "Referral", Form: []fax.Section{{Title: "Patient", Lines: []fax.Line{{Label: "Name", Value: "Zelda Testerly"}}}}}.Draw()
	if err != nil {
		t.Fatal(err)
	}
	small := fax.NewBitmap(864, 260)
	for y := range small.Height {
		copy(small.Bits[y*small.Stride:(y+1)*small.Stride], pages[len(pages)-1].Bits[(y+150)*pages[0].Stride:][:small.Stride])
	}
	tiff, err := fax.EncodeTIFF([]*fax.Bitmap{small, small})
	if err != nil {
		t.Fatal(err)
	}
	pdf, err := fax.EncodePDF([]*fax.Bitmap{small})
	if err != nil {
		t.Fatal(err)
	}
	gray := image.NewGray(image.Rect(0, 0, small.Width, small.Height))
	for i := range gray.Pix {
		gray.Pix[i] = 255 * (1 - small.Bits[i/small.Width*small.Stride+i%small.Width/8]>>(7-i%small.Width%8)&1)
	}
	var p, j bytes.Buffer
	if err := png.Encode(&p, gray); err != nil {
		t.Fatal(err)
	}
	if err := jpeg.Encode(&j, gray, nil); err != nil {
		t.Fatal(err)
	}
	return []brokenFile{{".tif", tiff}, {".pdf", pdf}, {".png", p.Bytes()}, {".jpg", j.Bytes()}}
}

// bombs are small files that ask for much.
func bombs(t *testing.T) []brokenFile {
	t.Helper()
	return []brokenFile{
		{".tif", []byte{0}}, {".pdf", []byte("%PDF-1.4\n")}, {".png", []byte("not a picture")},
		{".tif", tiffPages(1, 60_000, 60_000)}, {".tif", tiffPages(10_000, 64, 64)}, {".tif", tiffPages(1, 1<<31-1, 1)},
		{".tif", loopingTIFF()},
		{".png", hugePNG(t, 60_000, 60_000)}, {".png", hugePNG(t, 1<<31-1, 1<<31-1)},
		{".pdf", pdfPages(10_000)}, {".pdf", loopingPDF()}, {".pdf", deepPDF()}, {".pdf", zerosPDF(t)},
	}
}

// tiffPages is a little-endian TIFF of n pages that share one strip of eight bytes.
func tiffPages(n int, width, height uint32) []byte {
	le := binary.LittleEndian
	b := []byte("II*\x00\x10\x00\x00\x00\x00\x01\x02\x03\x04\x05\x06\x07")
	for i := range n {
		tags := [][3]uint32{{256, 4, width}, {257, 4, height}, {258, 3, 1}, {259, 3, 4}, {262, 3, 0}, {273, 4, 8}, {278, 4, height}, {279, 4, 8}}
		b = le.AppendUint16(b, uint16(len(tags)))
		for _, tag := range tags {
			b = le.AppendUint16(b, uint16(tag[0]))
			b = le.AppendUint16(b, uint16(tag[1]))
			b = le.AppendUint32(b, 1)
			b = le.AppendUint32(b, tag[2])
		}
		next := uint32(len(b) + 4)
		if i == n-1 {
			next = 0
		}
		b = le.AppendUint32(b, next)
	}
	return b
}

// loopingTIFF is a TIFF whose only page is followed by itself.
func loopingTIFF() []byte {
	b := tiffPages(1, 64, 64)
	binary.LittleEndian.PutUint32(b[len(b)-4:], 16)
	return b
}

// hugePNG announces more dots than anybody has memory for.
func hugePNG(t *testing.T, width, height uint32) []byte {
	t.Helper()
	chunk := func(b []byte, kind string, data []byte) []byte {
		b = binary.BigEndian.AppendUint32(b, uint32(len(data)))
		body := append([]byte(kind), data...)
		return binary.BigEndian.AppendUint32(append(b, body...), crc32.ChecksumIEEE(body))
	}
	head := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, width), height)
	b := chunk([]byte("\x89PNG\r\n\x1a\n"), "IHDR", append(head, 1, 0, 0, 0, 0))
	return chunk(chunk(b, "IDAT", zeros(t, 1<<20)), "IEND", nil)
}

func zeros(t *testing.T, n int) []byte {
	t.Helper()
	var z bytes.Buffer
	w := zlib.NewWriter(&z)
	if _, err := w.Write(make([]byte, n)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return z.Bytes()
}

// pdfFile joins objects to a file without a cross-reference table, which readers must make up for.
func pdfFile(objects ...string) []byte {
	var b bytes.Buffer
	b.WriteString("%PDF-1.4\n")
	for i, o := range objects {
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	fmt.Fprintf(&b, "trailer << /Root 1 0 R /Size %d >>\n%%%%EOF\n", len(objects)+1)
	return b.Bytes()
}

func pdfPages(n int) []byte {
	kids := strings.Repeat("3 0 R ", n)
	return pdfFile("<< /Type /Catalog /Pages 2 0 R >>", fmt.Sprintf("<< /Type /Pages /Count %d /Kids [%s] >>", n, kids),
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 100 100] >>")
}

// loopingPDF is a page tree whose only child is the tree.
func loopingPDF() []byte {
	return pdfFile("<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Count 1 /Kids [2 0 R] >>")
}

func deepPDF() []byte {
	return pdfFile("<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Count 1 /Kids "+strings.Repeat("[", 100_000)+" >>")
}

// zerosPDF is a page whose image unpacks to a thousand times its size.
func zerosPDF(t *testing.T) []byte {
	t.Helper()
	z := zeros(t, 200<<20)
	return pdfFile("<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Resources << /XObject << /I 4 0 R >> >> /Contents 5 0 R >>",
		fmt.Sprintf("<< /Type /XObject /Subtype /Image /Width 40000 /Height 40000 /BitsPerComponent 1 /ColorSpace /DeviceGray /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream", len(z), z),
		"<< /Length 26 >>\nstream\nq 612 0 0 792 0 0 cm /I Do Q\nendstream")
}
