package fax

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestTIFFIsWhatWeDrew(t *testing.T) {
	pages := drawLetter(t, sampleLetter())
	b, err := EncodeTIFF(pages)
	if err != nil {
		t.Fatal(err)
	}
	again, err := EncodeTIFF(pages)
	if err != nil || !bytes.Equal(b, again) {
		t.Errorf("written twice: got other bytes (%v), want the same", err)
	}
	d, err := Open(b, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if d.Len() != len(pages) {
		t.Fatalf("got %d pages, want %d", d.Len(), len(pages))
	}
	for n := range pages {
		p := mustPage(t, d, n+1)
		if !bytes.Equal(p.Bits.Bits, pages[n].Bits) || p.XRes != FineX || p.YRes != FineY || p.Guessed || p.BadLines+p.Missing != 0 {
			t.Errorf("page %d: got another page at %v x %v dpi, want the one written", n+1, p.XRes, p.YRes)
		}
	}
	if _, err := EncodeTIFF(nil); err == nil {
		t.Error("no pages: got no error, want one")
	}
}

// TestTIFFPleasesLibtiff lets tiffinfo and tiffcp read what we write.
func TestTIFFPleasesLibtiff(t *testing.T) {
	tiffinfo, err := exec.LookPath("tiffinfo")
	if err != nil {
		t.Skip("tiffinfo is not installed: apt-get install libtiff-tools")
	}
	b, err := EncodeTIFF(drawLetter(t, sampleLetter()))
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "out.tif")
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), tiffinfo, "-D", name).CombinedOutput()
	if err != nil {
		t.Fatalf("tiffinfo: %v: %s", err, out)
	}
	for _, want := range []string{"Page Number: 2-3", "CCITT Group 4", "min-is-white", "204, 196 pixels/inch", "Software: refloop"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("tiffinfo: got no %q", want)
		}
	}
	for _, bad := range []string{"Warning", "rror"} {
		if strings.Contains(string(out), bad) {
			t.Errorf("tiffinfo: got a complaint: %s", out)
		}
	}
}

func TestPDFIsWhatWeDrew(t *testing.T) {
	pages := drawLetter(t, sampleLetter())
	b, err := EncodePDF(pages)
	if err != nil {
		t.Fatal(err)
	}
	again, err := EncodePDF(pages)
	if err != nil || !bytes.Equal(b, again) {
		t.Errorf("written twice: got other bytes (%v), want the same", err)
	}
	d, err := Open(b, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	for n := range pages {
		p := mustPage(t, d, n+1)
		if p.NeedsDrawing {
			t.Fatalf("page %d: %s", n+1, p.Why)
		}
		if p.Bits == nil || !bytes.Equal(p.Bits.Bits, pages[n].Bits) {
			t.Errorf("page %d: got another image, want the one written", n+1)
		}
	}
}

// TestPDFPleasesPoppler draws the PDF with pdftoppm.
func TestPDFPleasesPoppler(t *testing.T) {
	pdftoppm, err := exec.LookPath("pdftoppm")
	if err != nil {
		t.Skip("pdftoppm is not installed: apt-get install poppler-utils")
	}
	b, err := EncodePDF(drawLetter(t, sampleLetter()))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), pdftoppm, "-gray", "-rx", "204", "-ry", "196", "-f", "2", "-l", "2", "-")
	cmd.Stdin = bytes.NewReader(b)
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil || complaints.Len() > 0 {
		t.Fatalf("pdftoppm: %v: %s", err, complaints.Bytes())
	}
	if !bytes.HasPrefix(out, []byte("P5\n1728 21")) {
		t.Errorf("pdftoppm: got another size, want 1728 x 2156")
	}
}
