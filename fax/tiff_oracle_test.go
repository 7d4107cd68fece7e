package fax

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// tiffFiles lists the TIFF files of testdata and, when it is there, of the shared corpus: all of it in `make test-long`.
func tiffFiles(t testing.TB) []string {
	t.Helper()
	var all []string
	globs := []string{"../testdata/fax/*.tif", "../../shared/corpus/fax/received/*.tif"}
	if longTests {
		globs = append(globs, "../../shared/corpus/fax/fax/*.tif")
	}
	for _, glob := range globs {
		found, err := filepath.Glob(glob)
		if err != nil {
			t.Fatal(err)
		}
		if len(found) == 0 && glob == "../testdata/fax/*.tif" {
			t.Fatalf("%s: got no file, want the fixtures", glob)
		}
		all = append(all, found...)
	}
	return all
}

// TestTIFFAgreesWithLibtiff compares every pixel with what libtiff's tiffcp makes of the same file.
func TestTIFFAgreesWithLibtiff(t *testing.T) {
	tiffcp, err := exec.LookPath("tiffcp")
	if err != nil {
		t.Skip("tiffcp is not installed: apt-get install libtiff-tools")
	}
	for _, name := range tiffFiles(t) {
		t.Run(filepath.Base(name), func(t *testing.T) {
			plain := filepath.Join(t.TempDir(), "plain.tif")
			if out, err := exec.CommandContext(t.Context(), tiffcp, "-c", "none", name, plain).CombinedOutput(); err != nil {
				t.Fatalf("tiffcp: %v: %s", err, out)
			}
			got, want := openFile(t, name), openFile(t, plain)
			if got.Len() != want.Len() {
				t.Fatalf("got %d pages, want %d", got.Len(), want.Len())
			}
			for n := 1; n <= got.Len(); n++ {
				samePage(t, mustPage(t, got, n), mustPage(t, want, n))
			}
		})
	}
}

func samePage(t *testing.T, got, want *Page) {
	t.Helper()
	if got.Width != want.Width || got.Height != want.Height {
		t.Fatalf("page %d: got %d x %d pixels, want %d x %d", got.Number, got.Width, got.Height, want.Width, want.Height)
	}
	if !bytes.Equal(got.Bits.Bits, want.Bits.Bits) {
		t.Fatalf("page %d: pixels differ from the oracle's", got.Number)
	}
	if got.Missing != 0 {
		t.Errorf("page %d: got %d missing rows, want none", got.Number, got.Missing)
	}
}

func openFile(t testing.TB, name string) *Document {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	d, err := Open(b, Limits{})
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return d
}

func mustPage(t testing.TB, d *Document, n int) *Page {
	t.Helper()
	p, err := d.Page(n)
	if err != nil {
		t.Fatal(err)
	}
	return p
}
