package main

import (
	"bytes"
	"fmt"
	"iter"
	"strings"

	"refloop/fax"
	"refloop/hl7"
)

// maxLeaves is how many values of a message are followed.
const maxLeaves = 5000

// leaf is one value of a message that holds no smaller ones.
type leaf struct {
	path  hl7.Path
	value hl7.Value
}

// leavesOf iterates over the values that are not empty, the delimiters in MSH-1 and MSH-2 left out.
func leavesOf(m *hl7.Message) iter.Seq[leaf] {
	return func(yield func(leaf) bool) {
		count := map[string]int{}
		for s := range m.Segments() {
			name, nth := s.Name(), 0
			if count[name]++; m.Count(name) > 1 {
				nth = count[name]
			}
			for n := range s.Fields() {
				if name == "MSH" && n < 2 {
					continue
				}
				p := hl7.Path{Segment: name, Occurrence: nth, Field: n + 1}
				for l := range fieldLeaves(p, s.Field(n+1)) {
					if !yield(l) {
						return
					}
				}
			}
		}
	}
}

// fieldLeaves iterates over the values of one field. Numbers of what there is only one of are left out of the path.
func fieldLeaves(p hl7.Path, field hl7.Value) iter.Seq[leaf] {
	return func(yield func(leaf) bool) {
		for r := range field.Repetitions() {
			rep := field.Repetition(r + 1)
			if field.Repetitions() > 1 {
				p.Repetition = r + 1
			}
			comps := parts(rep, hl7.Value.Component)
			for c, comp := range comps {
				p.Component, p.Subcomponent = 0, 0
				if len(comps) > 1 {
					p.Component = c + 1
				}
				subs := parts(comp, hl7.Value.Subcomponent)
				for i, sub := range subs {
					if len(subs) > 1 {
						p.Component, p.Subcomponent = c+1, i+1
					}
					if !sub.Empty() && !yield(leaf{p, sub}) {
						return
					}
				}
			}
		}
	}
}

// parts are what a value holds one level further down.
func parts(v hl7.Value, at func(hl7.Value, int) hl7.Value) []hl7.Value {
	var out []hl7.Value
	end := v.Offset() + len(v.Raw())
	for n := 1; ; n++ {
		p := at(v, n)
		if n > 1 && (p.Offset() == 0 || p.Offset() > end) {
			return out
		}
		out = append(out, p)
	}
}

// altered is the message with another value in one place, of the same kind as far as that is possible.
func altered(m *hl7.Message, v hl7.Value) []byte {
	raw := v.Raw()
	return replaced(m, v, otherValue(raw))
}

// blanked is the message without a value.
func blanked(m *hl7.Message, v hl7.Value) []byte { return replaced(m, v, nil) }

func replaced(m *hl7.Message, v hl7.Value, by []byte) []byte {
	b := m.Bytes()
	out := make([]byte, 0, len(b)+len(by))
	out = append(out, b[:v.Offset()]...)
	out = append(out, by...)
	return append(out, b[v.Offset()+len(v.Raw()):]...)
}

// otherValue changes a date or number in its last digit and lengthens anything else. Base64 is changed at its beginning.
func otherValue(raw []byte) []byte {
	out := bytes.Clone(raw)
	last := len(out) - 1
	switch c := out[last]; {
	case len(out) > 200 && !bytes.ContainsAny(out, " "):
		out[0] = 'A' + (out[0]+1)%20
	case c >= '1' && c <= '8':
		out[last] = c + 1
	case c == '9':
		out[last] = '8'
	case c == '0':
		out[last] = '1'
	default:
		out = append(out, 'x')
	}
	return out
}

// classOf says what kind of value stands in a place, without saying the value.
func classOf(v hl7.Value) string {
	raw := v.Raw()
	text := v.String()
	digits := strings.Trim(text, "0123456789") == ""
	switch n := len(text); {
	case v.Null():
		return "null"
	case len(raw) > 200 && !strings.ContainsAny(text, " "):
		return fmt.Sprintf("data, %d bytes", len(raw))
	case digits && n == 10 && fax.ValidNPI(text):
		return "NPI"
	case digits && (n == 8 || n == 12 || n == 14) && plausibleTime(v):
		return "date"
	case n >= 12 && strings.Trim(text, "0123456789.+-") == "" && plausibleTime(v):
		return "time"
	case digits:
		return fmt.Sprintf("number, %d digits", n)
	case isOIDText(text):
		return "OID"
	case n <= 12 && strings.ToUpper(text) == text && !strings.ContainsAny(text, " \n"):
		return "code"
	case strings.Contains(text, "@"):
		return "address"
	}
	return fmt.Sprintf("text, %d characters", len([]rune(text)))
}

func plausibleTime(v hl7.Value) bool {
	t, err := v.Time(nil)
	return err == nil && t.Time.Year() > 1850 && t.Time.Year() < 2200
}

func isOIDText(s string) bool {
	return strings.Count(s, ".") >= 3 && strings.Trim(s, "0123456789.") == ""
}
