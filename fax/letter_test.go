package fax

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var show = flag.String("show", "", "folder to write drawn pages to as PNG, to look at them")

func sampleLetter() Letter {
	return Letter{
		Referral: "7K3M9QX2T4V8WZ5C",
		Cover: Cover{
			To:   Party{Organization: "Lakeside Cardiology", Name: "Ana Ruiz MD", Fax: "+1 555 0100"},
			From: Party{Organization: "Northside Primary Care", Name: "Front desk", Phone: "555-0111", Fax: "555-0112"},
			Date: "November 23, 2026", Note: "Questions: call the number above.",
		},
		Title: "Referral", Reply: true, Heading: "Clinical summary",
		Form: []Section{
			{Title: "Patient", Lines: []Line{
				{Label: "Name", Value: "CASTELLANOS, Yolanda H"}, {Label: "Date of birth", Value: "02/23/1978", Half: true}, {Label: "Sex", Value: "Female", Half: true},
				{Label: "Phone", Value: "(262) 555-0177", Half: true}, {Label: "MRN", Value: "75869392", Half: true},
				{Label: "Address", Value: "3319 Hawthorne Ln, Kenosha, WI 53140"},
				{Label: "Insurance", Value: "Aetna PPO, member W360317159, group GRP38265"},
			}},
			{Title: "Referred by", Lines: []Line{{Label: "Clinician", Value: "Susan Romano MD", Half: true}, {Label: "NPI", Value: "1696909401", Half: true}}},
			{Title: "Referred to", Lines: []Line{{Label: "Specialty", Value: "Cardiology", Half: true}, {Label: "Priority", Value: "Routine", Half: true}}},
			{Title: "Reason", Lines: []Line{{Label: "Diagnosis", Value: "I48.91 Unspecified atrial fibrillation"}},
				Paragraphs: []string{"New atrial fibrillation found on a routine visit. Please evaluate and advise on rate control and anticoagulation."}},
		},
		Summary: []Section{
			{Title: "Medications", Lines: []Line{{Label: "1", Value: "metoprolol succinate 25 mg daily"}, {Label: "2", Value: "lisinopril 10 mg daily"}}},
			{Title: "Allergies", Lines: []Line{{Label: "1", Value: "penicillin: rash"}}},
			{Title: "History", Paragraphs: []string{strings.Repeat("The patient reports palpitations for two weeks, without chest pain or syncope. ", 12), "Blood pressure 132/78, pulse 96 irregular."}},
		},
	}
}

func drawLetter(t testing.TB, l Letter) []*Bitmap {
	t.Helper()
	pages, err := l.Draw()
	if err != nil {
		t.Fatal(err)
	}
	return pages
}

func TestLetterDraws(t *testing.T) {
	plain, protected := sampleLetter(), sampleLetter()
	protected.Part2, protected.Consent = true, "Consent of November 2, 2026: treatment by Lakeside Cardiology, until the treatment ends."
	for name, l := range map[string]Letter{"plain": plain, "part2": protected} {
		pages := drawLetter(t, l)
		for n, m := range pages {
			if m.Width != FineWidth || m.Height != FineHeight {
				t.Errorf("%s page %d: got %d x %d pixels, want %d x %d", name, n+1, m.Width, m.Height, FineWidth, FineHeight)
			}
			if *show != "" {
				writePNG(t, filepath.Join(*show, name+"-"+string(rune('1'+n))+".png"), m)
			}
		}
		again := drawLetter(t, l)
		for n := range pages {
			if !bytes.Equal(pages[n].Bits, again[n].Bits) {
				t.Errorf("%s page %d: drawn twice, got other pixels", name, n+1)
			}
		}
	}
	if a, b := drawLetter(t, plain)[0], drawLetter(t, protected)[0]; !bytes.Equal(a.Bits, b.Bits) && len(drawLetter(t, plain)) == len(drawLetter(t, protected)) {
		t.Error("cover: got another cover for protected records, want no hint of them")
	}
}

func writePNG(t testing.TB, name string, m *Bitmap) {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m.Paletted()); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestLetterTooLong(t *testing.T) {
	l := sampleLetter()
	l.Summary = []Section{{Paragraphs: []string{strings.Repeat("word\n", 50_000)}}}
	if _, err := l.Draw(); !errors.Is(err, ErrLetter) {
		t.Errorf("250,000 lines: got %v, want ErrLetter", err)
	}
	l = sampleLetter()
	l.Referral = "no good/"
	if _, err := l.Draw(); !errors.Is(err, ErrLetter) {
		t.Errorf("ID with a slash: got %v, want ErrLetter", err)
	}
}

// TestCodesComeBack reads the codes off every page that carries them: as drawn, with specks, at standard resolution, and turned.
func TestCodesComeBack(t *testing.T) {
	pages := drawLetter(t, sampleLetter())
	for n, m := range pages[1:] {
		want := Code{Referral: "7K3M9QX2T4V8WZ5C", Page: n + 2, Pages: len(pages)}
		coarse := m.StretchRows(m.Height / 2)
		for name, p := range map[string]*Page{
			"fine":        {Bits: m, Width: m.Width, Height: m.Height, XRes: FineX, YRes: FineY},
			"specks":      speckled(m),
			"standard":    {Bits: coarse, Width: coarse.Width, Height: coarse.Height, XRes: FineX, YRes: 98},
			"upside down": (&Page{Bits: m, Width: m.Width, Height: m.Height, XRes: FineX, YRes: FineY}).Turn(180),
			"sideways":    (&Page{Bits: m, Width: m.Width, Height: m.Height, XRes: FineX, YRes: FineY}).Turn(90),
		} {
			found := ReadCodes(context.Background(), p)
			kinds := map[string]bool{}
			for _, b := range found {
				if b.Code == nil || *b.Code != want {
					t.Errorf("page %d %s: got a %s that says something else, want the page's code", n+2, name, b.Symbology)
				}
				kinds[b.Symbology] = true
			}
			if !kinds["qr"] || !kinds["code128"] {
				t.Errorf("page %d %s: got %v, want qr and code128", n+2, name, kinds)
			}
		}
	}
	if found := ReadCodes(context.Background(), &Page{Bits: pages[0], Width: FineWidth, Height: FineHeight, XRes: FineX, YRes: FineY}); len(found) != 0 {
		t.Errorf("cover: got %d codes, want none", len(found))
	}
}

// speckled turns every hundredth pixel round, always the same ones.
func speckled(m *Bitmap) *Page {
	c := m.Clone()
	seed := uint32(1)
	for i := range c.Bits {
		for bit := range 8 {
			seed = seed*1664525 + 1013904223
			if seed>>16%100 == 0 {
				c.Bits[i] ^= 1 << bit
			}
		}
	}
	return &Page{Bits: c, Width: c.Width, Height: c.Height, XRes: FineX, YRes: FineY}
}

func TestAttachedPagesFit(t *testing.T) {
	l := sampleLetter()
	l.Part2 = true
	var attached []*Page
	for _, name := range []string{"d-016.png", "d-030.tif"} {
		attached = append(attached, mustPage(t, openFile(t, "../testdata/fax/"+name), 1))
	}
	own := len(drawLetter(t, l))
	pages, err := l.Draw(attached...)
	if err != nil {
		t.Fatal(err)
	}
	if len(pages) != own+2 {
		t.Fatalf("got %d pages, want %d", len(pages), own+2)
	}
	for n, m := range pages[own:] {
		if m.Width != FineWidth || m.Height != FineHeight || m.Ink() < 20_000 {
			t.Errorf("attached page %d: got %d x %d with %d black pixels, want a full page", n+1, m.Width, m.Height, m.Ink())
		}
		if *show != "" {
			writePNG(t, filepath.Join(*show, "attached-"+string(rune('1'+n))+".png"), m)
		}
	}
	if _, err := l.Draw(&Page{NeedsDrawing: true}); !errors.Is(err, ErrLetter) {
		t.Errorf("page without an image: got %v, want ErrLetter", err)
	}
}
