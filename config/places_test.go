package config

import (
	"os"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"
)

func TestPlacesInsideScalars(t *testing.T) {
	cases := []struct {
		name, yaml string
		word       string // stands once in the value
		line, col  int
	}{
		{"plain", "a: type == X1\n", "X1", 1, 12},
		{"plain over lines", "a: type ==\n    \"b\" or\n\n    X1\nb: 1\n", "X1", 4, 5},
		{"plain in flow", "{k: [q, type == X1, z]}", "X1", 1, 17},
		{"single quotes", "a: 'it''s X1'\n", "X1", 1, 11},
		{"single quotes over lines", "a: 'one\n\n   two X1'\n", "X1", 3, 8},
		{"double quotes", `a: "\"q\" \u00e9 X1"`, "X1", 1, 18},
		{"double quotes with an escaped break", "a: \"one \\\n   two X1\"\n", "X1", 2, 8},
		{"literal", "a: |\n  one\n    two X1\n", "X1", 3, 9},
		{"literal with chomping and comment", "a: |-  # why\n\n  one\n\n  X1\n\n", "X1", 5, 3},
		{"literal kept", "a: |+\n  one\n  X1\n\n\nb: 2\n", "X1", 3, 3},
		{"literal with indent", "k:\n  a: |2\n      one\n    X1\n", "X1", 4, 5},
		{"folded", "a: >-\n  type == 1\n  && X1\n\n  && y\n", "X1", 3, 6},
		{"folded with more indent", "a: >\n  one\n    two\n  X1\n", "X1", 4, 3},
		{"anchor and CRLF", "a: &x\r\n  'b\r\n  X1'\r\n", "X1", 3, 3},
		{"byte order mark", "\ufeffa: 'q X1'\n", "X1", 1, 7},
		{"tabs", "a: q\t\n  \tX1\n", "X1", 2, 4},
		{"old Macintosh breaks", "a: |\r  q\r  X1\r", "X1", 3, 3},
		{"characters, not bytes", "é: 'ü X1'", "X1", 1, 7},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			n := scalarOf(t, c.yaml)
			e := Expr{Text: n.y.Value, Node: n}
			places := n.places()
			if places == nil {
				t.Fatalf("no places for %q", n.y.Value)
			}
			got := e.At(runeIndex(e.Text, c.word))
			if got.Line != c.line || got.Col != c.col {
				t.Errorf("%q in %q: got %d:%d, want %d:%d", c.word, e.Text, got.Line, got.Col, c.line, c.col)
			}
			if len(places) != len([]rune(e.Text))+1 {
				t.Errorf("got %d places, want one more than the %d characters", len(places), len([]rune(e.Text)))
			}
		})
	}
}

// The scanner reads every scalar that the parser reads as the parser does; block scalars with an explicit indent may be given up.
func TestPlacesAgreeWithTheParser(t *testing.T) {
	words := rapid.StringMatching(`([a-zäß"'\\#:,&|>!*-]{1,4}[ \n]{0,2}){1,8}`)
	rapid.Check(t, func(t *rapid.T) {
		value := words.Draw(t, "value")
		text := rapid.SampledFrom([]func(string) string{asSingle, asDouble, asLiteral, asFolded}).Draw(t, "style")(value)
		var p Problems
		root := (&set{}).parse("x.yaml", []byte(text), &p)
		n := root.Field("a").Field("b")
		if p.Len() > 0 || n.y == nil {
			t.Skip("the generator made text that is no YAML")
		}
		if n.places() == nil {
			t.Fatalf("no places in %q, value %q", text, n.y.Value)
		}
	})
}

func scalarOf(t *testing.T, text string) Node {
	t.Helper()
	var p Problems
	n := (&set{}).parse("x.yaml", []byte(text), &p)
	if err := p.Err(); err != nil {
		t.Fatal(err)
	}
	for n.y.Content != nil {
		if f := n.Fields(); f != nil {
			n = f[0].Value
		} else {
			n = n.Items()[1]
		}
	}
	return n
}

func runeIndex(s, word string) int {
	runes, w := []rune(s), []rune(word)
	for i := range runes {
		if i+len(w) <= len(runes) && string(runes[i:i+len(w)]) == word {
			return i
		}
	}
	return -1
}

func write(t testing.TB, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
