package fax

import (
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

func pdfFiles(t testing.TB) []string {
	t.Helper()
	var all []string
	globs := []string{"../testdata/fax/*.pdf"}
	if longTests {
		globs = append(globs, "../../shared/corpus/fax/fax/*.pdf")
	}
	for _, glob := range globs {
		found, err := filepath.Glob(glob)
		if err != nil {
			t.Fatal(err)
		}
		if len(found) == 0 && glob == "../testdata/fax/*.pdf" {
			t.Fatalf("%s: got no file, want the fixtures", glob)
		}
		all = append(all, found...)
	}
	return all
}

// TestPDFImageIsTheEmbeddedOne compares with what poppler's pdfimages takes out of the same file.
func TestPDFImageIsTheEmbeddedOne(t *testing.T) {
	pdfimages, err := exec.LookPath("pdfimages")
	if err != nil {
		t.Skip("pdfimages is not installed: apt-get install poppler-utils")
	}
	direct := 0
	for _, name := range pdfFiles(t) {
		d := openFile(t, name)
		prefix := filepath.Join(t.TempDir(), "p")
		if out, err := exec.CommandContext(t.Context(), pdfimages, "-png", name, prefix).CombinedOutput(); err != nil {
			t.Fatalf("pdfimages: %v: %s", err, out)
		}
		images, err := filepath.Glob(prefix + "*.png")
		if err != nil {
			t.Fatal(err)
		}
		for n := 1; n <= d.Len(); n++ {
			p := mustPage(t, d, n)
			if p.NeedsDrawing {
				if len(images) > 0 || !p.HasText {
					t.Errorf("%s: page %d %s, but it is one image", filepath.Base(name), n, p.Why)
				}
				continue
			}
			direct++
			f, err := os.Open(images[n-1])
			if err != nil {
				t.Fatal(err)
			}
			m, err := png.Decode(f)
			f.Close()
			if err != nil {
				t.Fatal(err)
			}
			want := &Page{}
			want.setImage(m)
			want.finish()
			samePage(t, p, want)
			t.Logf("%s page %d: %d x %d, %.0f x %.0f dpi, guessed %t", filepath.Base(name), n, p.Width, p.Height, p.XRes, p.YRes, p.Guessed)
		}
	}
	if direct == 0 {
		t.Fatal("got no page that is one image, want at least one")
	}
}
