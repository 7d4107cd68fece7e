package ccda_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"testing"

	"refloop/ccda"
)

// grown gives a Referral Note of about size bytes: more of the same entries.
func grown(tb testing.TB, size int) (ccda.Document, []byte) {
	tb.Helper()
	d := dense(ccda.TypeReferral)
	if size < 90_000 {
		d.Sections = d.Sections[:8]
	}
	for {
		b, err := ccda.Marshal(d)
		if err != nil {
			tb.Fatal(err)
		}
		if len(b) >= size {
			return d, b
		}
		for i := range d.Sections {
			if s := &d.Sections[i]; s.LOINC == ccda.SectionProblems || s.LOINC == ccda.SectionMedications || s.LOINC == ccda.SectionResults {
				for range 1 + size/2_000_000 {
					s.Entries = append(s.Entries, s.Entries[0])
				}
			}
		}
	}
}

func BenchmarkWrite50kB(b *testing.B) {
	d, doc := grown(b, 50_000)
	b.SetBytes(int64(len(doc)))
	b.ReportAllocs()
	for b.Loop() {
		if err := ccda.Write(io.Discard, d); err != nil {
			b.Fatal(err)
		}
	}
}

func benchmarkRead(b *testing.B, doc []byte) {
	b.SetBytes(int64(len(doc)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := ccda.Read(doc, ccda.Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRead71kB(b *testing.B) {
	_, doc := grown(b, 71_000)
	benchmarkRead(b, doc)
}

// BenchmarkReadVendor reads a vendor's document of 103 kB.
func BenchmarkReadVendor(b *testing.B) {
	doc, err := os.ReadFile("../testdata/ccda/nextgen-ccda-r11.xml")
	if err != nil {
		b.Fatal(err)
	}
	benchmarkRead(b, doc)
}

func BenchmarkRead20MB(b *testing.B) {
	_, doc := grown(b, 20_000_000)
	benchmarkRead(b, doc)
}

// BenchmarkTokens is the measure for the tokenizer: encoding/xml over the same 71 kB, tokens only.
func BenchmarkTokens(b *testing.B) {
	_, doc := grown(b, 71_000)
	b.SetBytes(int64(len(doc)))
	for b.Loop() {
		d := xml.NewDecoder(bytes.NewReader(doc))
		for {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				b.Fatal(err)
			}
		}
	}
}
