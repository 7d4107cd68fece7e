package fax

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestRealCalls sends our own letter through a telephone call: two T.30 terminals of spandsp back to back, with error
// correction (the page must arrive dot for dot), without, and without on a noisy line (rows are damaged and counted, and
// the code that ties the page to its referral is still read).
func TestRealCalls(t *testing.T) {
	call := buildCall(t)
	sent := drawLetter(t, sampleLetter())
	dir := t.TempDir()
	out := filepath.Join(dir, "out.tif")
	b, err := EncodeTIFF(sent)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(out, b, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, mode, noise string
	}{
		{"with error correction", "ecm", "0"},
		{"with error correction on a noisy line", "ecm", "150"},
		{"without error correction", "plain", "0"},
		{"without error correction on a noisy line", "plain", "150"},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := filepath.Join(dir, c.mode+c.noise+".tif")
			said, err := exec.CommandContext(t.Context(), call, out, in, c.mode, c.noise).CombinedOutput()
			if err != nil {
				t.Fatalf("the call: %v: %s", err, said)
			}
			received(t, in, sent, c.mode == "plain" && c.noise != "0")
		})
	}
}

// received compares what came off the line with what was sent.
func received(t *testing.T, file string, sent []*Bitmap, noisy bool) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	d, err := Open(b, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if d.Len() != len(sent) {
		t.Fatalf("got %d pages, want %d", d.Len(), len(sent))
	}
	bad, coded := 0, 0
	for n := range sent {
		p := mustPage(t, d, n+1)
		bad += p.BadLines
		if !noisy && (p.Width != FineWidth || !bytes.HasPrefix(p.Bits.Bits, sent[n].Bits)) {
			t.Errorf("page %d: got other dots at %d x %d, want those sent", n+1, p.Width, p.Height)
		}
		coded += carries(t, p, sampleLetter().Referral)
	}
	if (bad > 0) != noisy {
		t.Errorf("got %d damaged rows, want some: %v", bad, noisy)
	}
	if want := codedPages(t, sent); coded != want {
		t.Errorf("the referral's code was read on %d pages, want %d", coded, want)
	}
}

// carries is 1 when one of our codes on the page names the referral.
func carries(t *testing.T, p *Page, referral string) int {
	t.Helper()
	for _, c := range ReadCodes(t.Context(), p.Square()) {
		if c.Code != nil && c.Code.Referral == referral {
			return 1
		}
	}
	return 0
}

// codedPages counts the pages that carry a code as they were drawn.
func codedPages(t *testing.T, sent []*Bitmap) int {
	t.Helper()
	n := 0
	for i, m := range sent {
		n += carries(t, &Page{Number: i + 1, Width: m.Width, Height: m.Height, Bits: m, XRes: FineX, YRes: FineY}, sampleLetter().Referral)
	}
	if n == 0 {
		t.Fatal("no page of the letter carries a code")
	}
	return n
}

// buildCall compiles the two terminals.
func buildCall(t *testing.T) string {
	t.Helper()
	cc, err := exec.LookPath("gcc")
	if err != nil {
		t.Skip("gcc is not installed")
	}
	if err := exec.CommandContext(t.Context(), cc, "-E", "-include", "spandsp.h", "-x", "c", os.DevNull, "-o", os.DevNull).Run(); err != nil {
		t.Skip("spandsp is not installed: apt-get install libspandsp-dev")
	}
	name := filepath.Join(t.TempDir(), "call")
	said, err := exec.CommandContext(t.Context(), cc, "-O1", "-o", name, filepath.Join("testdata", "t30", "call.c"), "-lspandsp", "-ltiff", "-lm").CombinedOutput()
	if err != nil {
		t.Fatalf("compiling the terminals: %v: %s", err, said)
	}
	return name
}
