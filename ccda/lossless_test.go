package ccda_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"refloop/ccda"
)

// holds says where got lacks something that want has. What want leaves open, got may fill in.
func holds(want, got reflect.Value, at string) (out []string) {
	if want.IsZero() {
		return nil
	}
	switch want.Kind() {
	case reflect.Pointer:
		if got.IsNil() {
			return []string{at + ": gone"}
		}
		return holds(want.Elem(), got.Elem(), at)
	case reflect.Struct:
		if p, ok := want.Interface().(ccda.Period); ok && p.Point != "" && got.Interface().(ccda.Period).Low == p.Point {
			return nil // a condition has an interval: since then
		}
		for i := range want.NumField() {
			if want.Type().Field(i).Name == "SystemName" {
				continue // the usual name of a code system is not kept
			}
			out = append(out, holds(want.Field(i), got.Field(i), at+"."+want.Type().Field(i).Name)...)
		}
		return out
	case reflect.Slice:
		if want.Type().Elem().Kind() == reflect.Uint8 {
			if string(want.Bytes()) != string(got.Bytes()) {
				out = append(out, at+": other bytes")
			}
			return out
		}
		if got.Len() < want.Len() {
			return []string{fmt.Sprintf("%s: %d of %d left", at, got.Len(), want.Len())}
		}
		for i := range want.Len() {
			out = append(out, holds(want.Index(i), got.Index(i), fmt.Sprintf("%s[%d]", at, i))...)
		}
		return out
	}
	if fmt.Sprint(want) != fmt.Sprint(got) {
		out = append(out, fmt.Sprintf("%s: %q became %q", at, fmt.Sprint(want), fmt.Sprint(got)))
	}
	return out
}

// some leaves out parts of a full document at random and changes its words and times, so that any mixture comes up.
func some(t *rapid.T, kind ccda.Type) ccda.Document {
	d := dense(kind)
	line := rapid.StringMatching(`[A-Za-z<>&"'é漢][A-Za-z0-9 <>&"'é漢.,;:/-]{0,40}[A-Za-z0-9.]`)
	text := func(label string) string { return strings.Join(strings.Fields(line.Draw(t, label)), " ") }
	stamp := rapid.SampledFrom([]string{"20261103", "202611031405-0500", "20261103140500-0500", "19991231235959+0000"})
	drop := func(label string) bool { return rapid.IntRange(0, 3).Draw(t, label) == 0 }
	d.Time, d.Title = stamp.Draw(t, "time"), text("title")
	if drop("signer") {
		d.LegalAuthenticator = nil
	}
	if drop("orders") {
		d.Orders = nil
	}
	if drop("related") {
		d.Related = nil
	}
	if drop("participants") || kind == ccda.TypeConsult { // a Consultation Note holds call-back contacts only
		d.Participants = d.Participants[:1]
	}
	if drop("encounter") {
		d.Encounter = nil
	}
	if rapid.Bool().Draw(t, "notice") && kind != ccda.TypeUnstructured {
		d.Notice = text("notice")
	}
	d.Patient.Names[0].Family = text("family")
	for i := range d.Recipients {
		d.Recipients[i].Code = ccda.Code{} // the schema has no place for it
	}
	var keep []ccda.Section
	for i, s := range d.Sections {
		if drop(fmt.Sprint("section ", i)) {
			continue
		}
		if s.Text != "" {
			s.Text = text("text")
		}
		var entries []ccda.Entry
		for j, e := range s.Entries {
			if drop(fmt.Sprint("entry ", i, " ", j)) {
				continue
			}
			if e.Text != "" {
				e.Text = text("comment")
			}
			if e.Mood == "EVN" { // the usual one is not kept
				e.Mood = ""
			}
			entries = append(entries, e)
		}
		if s.Entries = entries; s.LOINC != ccda.SectionNotes && rapid.IntRange(0, 5).Draw(t, "restricted") == 0 {
			s.Confidentiality = "R"
		}
		keep = append(keep, s)
	}
	d.Sections = keep
	return d
}

// TestLosslessAny: whatever mixture of parts a document has, all of it reads back, and writes to the same bytes.
func TestLosslessAny(t *testing.T) {
	for _, kind := range documentTypes {
		rapid.Check(t, func(t *rapid.T) {
			want := some(t, kind)
			first, err := ccda.Marshal(want)
			if err != nil {
				t.Fatal(err)
			}
			got, err := ccda.Read(first, ccda.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if len(got.Rest) > 0 {
				t.Fatalf("left over: %v", got.Rest[0])
			}
			byLOINC := map[string]ccda.Section{}
			for _, s := range got.Sections {
				byLOINC[s.LOINC] = s
			}
			for _, s := range want.Sections {
				if wrong := holds(reflect.ValueOf(s), reflect.ValueOf(byLOINC[s.LOINC]), s.LOINC); len(wrong) > 0 {
					t.Fatalf("%s: %s", kind, strings.Join(wrong, "\n"))
				}
			}
			want.Sections, want.Confidentiality = nil, "" // the level is raised to the strictest section
			if wrong := holds(reflect.ValueOf(want), reflect.ValueOf(got), ""); len(wrong) > 0 {
				t.Fatalf("%s: %s", kind, strings.Join(wrong, "\n"))
			}
			second, err := ccda.Marshal(got)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(first), string(second)); d != "" {
				t.Fatal(d)
			}
		})
	}
}

// TestLosslessRead: what was read of any document, however odd, is the same after it was written and read again.
func TestLosslessRead(t *testing.T) {
	for _, kind := range documentTypes {
		g := gen(kind)
		rapid.Check(t, func(t *rapid.T) {
			d := g.Draw(t, "document")
			var got [2]ccda.Document
			for i := range 3 {
				b, err := ccda.Marshal(d)
				if err != nil {
					t.Fatal(err)
				}
				if d, err = ccda.Read(b, ccda.Limits{}); err != nil {
					t.Fatal(err)
				}
				if i > 0 {
					got[i-1] = d
				}
			}
			if d := cmp.Diff(got[0], got[1], cmpopts.EquateEmpty()); d != "" {
				t.Fatal(d)
			}
		})
	}
}
