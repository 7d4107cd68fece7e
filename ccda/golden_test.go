package ccda_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"refloop/ccda"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestGolden compares whole documents; the diff of a golden file is reviewed like code.
func TestGolden(t *testing.T) {
	for name, d := range map[string]ccda.Document{
		"referral-dense": dense(ccda.TypeReferral), "referral-sparse": sparse(ccda.TypeReferral), "ccd-sparse": sparse(ccda.TypeCCD), "unstructured": dense(ccda.TypeUnstructured),
		"consult-pdf":  ccda.WrapNote(sparse(ccda.TypeConsult), ccda.Body{MediaType: "application/pdf", Data: []byte("%PDF-1.4 synthetic"), Description: "note.pdf"}, nil),
		"consult-text": ccda.WrapNote(dense(ccda.TypeConsult), ccda.Body{MediaType: "text/plain", Data: []byte("Seen today.\nNo arrhythmia.\n\nReturn if needed.")}, nil),
	} {
		file := filepath.Join("testdata", name+".want.xml")
		got := marshal(t, d)
		if *update {
			if err := os.MkdirAll("testdata", 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// TestDeterministic: equal documents give equal bytes, and writing does not change the document.
func TestDeterministic(t *testing.T) {
	for _, kind := range documentTypes {
		d := dense(kind)
		first := marshal(t, d)
		if diff := cmp.Diff(dense(kind), d); diff != "" {
			t.Errorf("%s: writing changed the document: %s", kind, diff)
		}
		if string(first) != string(marshal(t, d)) {
			t.Errorf("%s: two writings differ", kind)
		}
	}
}

// TestWriteRefuses: what nobody may invent must be given; errors hold no patient data.
func TestWriteRefuses(t *testing.T) {
	for name, spoil := range map[string]func(*ccda.Document){
		"type":       func(d *ccda.Document) { d.Type = ccda.TypeOther },
		"id":         func(d *ccda.Document) { d.ID = ccda.ID{Root: "Example Marta"} },
		"time":       func(d *ccda.Document) { d.Time = "2026" },
		"author":     func(d *ccda.Document) { d.Authors = nil },
		"recipients": func(d *ccda.Document) { d.Recipients = append(d.Recipients, d.Recipients...) },
		"body":       func(d *ccda.Document) { d.Type = ccda.TypeUnstructured },
		"media": func(d *ccda.Document) {
			d.Type, d.Body = ccda.TypeUnstructured, &ccda.Body{MediaType: "video/mp4", Data: []byte{1}}
		},
	} {
		d := dense(ccda.TypeReferral)
		spoil(&d)
		if b, err := ccda.Marshal(d); err == nil || b != nil {
			t.Errorf("%s: got %d bytes and no error", name, len(b))
		}
	}
}
