package hl7

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// samples returns the files that match, by base name with folder. No match fails the test.
func samples(t testing.TB, glob string) map[string][]byte {
	t.Helper()
	names, err := filepath.Glob(glob)
	if err != nil || len(names) == 0 {
		t.Fatalf("%s matches no file (%v)", glob, err)
	}
	out := map[string][]byte{}
	for _, n := range names {
		b, err := os.ReadFile(n)
		if err != nil {
			t.Fatal(err)
		}
		out[filepath.Base(filepath.Dir(n))+"/"+filepath.Base(n)] = b
	}
	return out
}

func own(t testing.TB, name string) *Message {
	t.Helper()
	b, err := os.ReadFile("../testdata/hl7/own/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, b)
}

func parse(t testing.TB, b []byte) *Message {
	t.Helper()
	m, err := Parse(b, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// lines makes a message of segments.
func lines(t testing.TB, segs ...string) *Message {
	t.Helper()
	return parse(t, []byte(strings.Join(segs, "\r")+"\r"))
}

// rebuilt writes a message again from its spans, to see that the spans lose nothing but segment ends.
func rebuilt(m *Message) []byte {
	var parts [][]byte
	for s := range m.Segments() {
		parts = append(parts, s.Raw())
	}
	return bytes.Join(parts, []byte("\r"))
}

const msh = `MSH|^~\&|A|B|C|D|20260102||REF^I12|ID1|P|2.5.1`
