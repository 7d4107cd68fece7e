package hl7

import (
	"bytes"
	"fmt"
	"iter"
	"testing"
	"time"
)

func seed(f *testing.F) {
	for _, b := range samples(f, "../testdata/hl7/*/*.hl7") {
		f.Add(b)
	}
	f.Add([]byte("MSH|^~\\&|\rMSH"))
	f.Add([]byte("MSH^~|\\&^\nPID^^^a~b"))
}

func FuzzParse(f *testing.F) {
	seed(f)
	limits := Limits{Bytes: 1 << 20, Segments: 1000}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := Parse(b, limits)
		if err != nil {
			if m != nil {
				t.Fatal("a message beside an error")
			}
			return
		}
		if !bytes.Equal(m.Bytes(), b) {
			t.Fatal("bytes changed")
		}
		read(m)
		cr, err := Parse(m.CRBytes(), limits)
		if err != nil || cr.Len() != m.Len() {
			t.Fatalf("with CR: %v", err)
		}
		a := Ack{Code: "AE", ControlID: "1", Time: time.Unix(0, 0), Reply: ReplyRRI, Problems: Validate(m, Strict)}
		if _, err := ParseAck(a.Bytes(m), limits); err != nil {
			t.Fatalf("our own answer: %v", err)
		}
		copied(t, m)
	})
}

// read asks for everything there is.
func read(m *Message) {
	m.Warnings()
	m.Orders()
	m.Providers()
	_, _ = m.Ack()
	if tree, ok := m.Tree(); ok {
		n := 0
		for leaf := range leaves(tree) {
			if leaf.Index() != n {
				panic("a segment is not in its place of the tree")
			}
			n++
		}
		if n != m.Len() {
			panic("the tree has lost a segment")
		}
	}
	for s := range m.Segments() {
		for n := range min(s.Fields(), 50) {
			v := s.Field(n + 1)
			v.Text()
			v.XCN()
			_, _ = v.Time(nil)
			_, _ = v.ED()
			for r := range v.All() {
				r.CX()
				r.XTN().Number()
				r.EI()
			}
		}
	}
}

// copied writes each segment with the Builder and reads it back: every leaf must say the same.
func copied(t *testing.T, m *Message) {
	if m.Len() > 20 || len(m.Bytes()) > 5000 {
		return
	}
	b := started()
	for i := 1; i < m.Len(); i++ {
		if m.Segment(i).Fields() > maxBuiltField || m.Segment(i).Name() == "MSH" {
			return
		}
		b.Copy(m.Segment(i))
	}
	out, err := b.Bytes()
	if err != nil {
		return
	}
	again, err := Parse(out, Limits{})
	if err != nil || again.Len() != m.Len() {
		t.Fatalf("copied: %v", err)
	}
}

func FuzzUnescape(f *testing.F) {
	for _, s := range []string{`a\F\b`, `\X41\`, `\.sp3\`, `C:\a\b`, `\\\\`, `\Zx\`, `\C1234\`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		d := DefaultDelimiters()
		text := string(Unescape(nil, raw, d))
		if len(text) > len(raw)*maxLayout+1 {
			t.Fatalf("%d bytes became %d", len(raw), len(text))
		}
		if again := string(Unescape(nil, Escape(nil, text, d), d)); again != written(text) {
			t.Fatalf("%q written and read is %q", text, again)
		}
	})
}

func FuzzSplit(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		batch, err := Split(b, Limits{Messages: 100})
		if err != nil {
			return
		}
		for _, p := range batch.Messages {
			if !bytes.Equal(b[p.At:p.At+len(p.Bytes)], p.Bytes) {
				t.Fatal("a part is not at its offset")
			}
		}
		wrappedLikeIt(t, batch)
	})
}

// wrappedLikeIt checks that the answer to a batch has its shape: the answers in their batches, and right counts.
func wrappedLikeIt(t *testing.T, batch Batch) {
	t.Helper()
	var answers []Part
	for i, p := range batch.Messages {
		answers = append(answers, Part{Bytes: fmt.Appendf(nil, "MSH|^~\\&|||||||ACK|%d\rMSA|AA|1\r", i), Batch: p.Batch})
	}
	wrapped := batch.Wrap(answers, "12345678901234567890", ackTime)
	back, err := Split(wrapped, Limits{})
	if err != nil || len(back.Warnings) > 0 || len(back.Messages) != len(answers) || (back.File == nil) != (batch.File == nil) || len(back.Batches) < len(batch.Batches) {
		t.Fatalf("the answer to a batch of %d messages is %q: %v, %v", len(answers), wrapped, err, back.Warnings)
	}
	for i, m := range back.Messages {
		if !bytes.Equal(m.Bytes, answers[i].Bytes) {
			t.Fatalf("answer %d was changed or moved", i)
		}
	}
}

func FuzzParseTime(f *testing.F) {
	for _, s := range []string{"", "2026", "20261102091530.25-0500", "202602300000", "0001+0010", "202611-0600"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := ParseTime(s, nil)
		if err != nil {
			if !a.IsZero() {
				t.Fatal("a time beside an error")
			}
			return
		}
		b, err := ParseTime(a.DTM(), nil)
		if err != nil || b.Precision != a.Precision || a.Precision < ToFraction && !b.Time.Equal(a.Time) {
			t.Fatalf("%q: wrote %q, read %v, %v", s, a.DTM(), b, err)
		}
	})
}

// leaves are the segments of a tree in its order.
func leaves(t *Tree) iter.Seq[Segment] {
	return func(yield func(Segment) bool) {
		for _, p := range t.Parts {
			if p.Segment.Exists() && !yield(p.Segment) {
				return
			}
			for s := range leaves(p) {
				if !yield(s) {
					return
				}
			}
		}
	}
}
