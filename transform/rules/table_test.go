package rules

import (
	"strings"
	"testing"
)

func TestParseTable(t *testing.T) {
	cases := []struct {
		name, text string
		finds      map[string]string
		mistake    string
	}{
		{"header, comment and default", "Key,Value\n# cardiac\nCARD,cardiology\n\n\"A, B\", both\n*,other\n",
			map[string]string{"CARD": "cardiology", " CARD ": "cardiology", "card": "other", "A, B": "both", "": "other"}, ""},
		{"no default", "\ufeffCARD,cardiology\r\nX,\r\n", map[string]string{"CARD": "cardiology", "X": "", "Y": ""}, ""},
		{"only a default", "*,other\n", map[string]string{"x": "other"}, ""},
		{"three columns", "a,b\nc,d,e\n", nil, "t.csv:2:1: k: got 3 columns, want two: key,value"},
		{"one column", "a\n", nil, "t.csv:1:1: k: got 1 columns, want two: key,value"},
		{"key twice", "a,b\nc,d\na,e\n", nil, `t.csv:3:1: k: got the key "a" again, want it once; the first is in line 1`},
		{"open quote", "a,b\n\"c,d\n", nil, "t.csv:2:6: k: got a line that is no CSV"},
		{"not UTF-8", "a,\xff\n", nil, "t.csv:1:1: k: got bytes that are not UTF-8"},
		{"empty", "# nothing\n", nil, "t.csv:1:1: k: got no rows, want lines of key,value"},
		{"long", "a," + strings.Repeat("x", MaxCell+1) + "\n", nil, "t.csv:1:1: k: got a key or value of more than 1024 bytes"},
		{"too many rows", strings.Repeat("a,b\n", MaxRows+2), nil, "got more rows or mistakes than are read"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			table, mistakes := ParseTable("t.csv", "k", []byte(c.text))
			if c.mistake != "" {
				all := ""
				for _, m := range mistakes {
					all += m.String() + "\n"
				}
				if !strings.Contains(all, c.mistake) || table.Len() != 0 {
					t.Errorf("got %q, want %q", all, c.mistake)
				}
				return
			}
			if mistakes != nil {
				t.Fatal(mistakes)
			}
			for key, want := range c.finds {
				if got := table.Find(key); got != want {
					t.Errorf("%q: got %q, want %q", key, got, want)
				}
			}
		})
	}
	if got := (Table{}).Find("x"); got != "" {
		t.Errorf("empty table: got %q", got)
	}
}

func FuzzParseTable(f *testing.F) {
	for _, s := range []string{"key,value\nCARD,cardiology\n*,x\n", "a\n", "\"", "a,b\na,b\n", "#\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		table, mistakes := ParseTable("t.csv", "k", b)
		if mistakes != nil && (table.Len() != 0 || table.Find("*") != "") {
			t.Fatal("got a table beside mistakes")
		}
		for _, m := range mistakes {
			if m.Line < 1 || m.Col < 1 {
				t.Fatalf("got %v, want a place", m)
			}
		}
	})
}

// Every expression compiles or is refused at a character of its own, and what compiles ends with a value or an *Error.
func FuzzCompile(f *testing.F) {
	for _, s := range []string{
		`type in ["REF^I12"] || msg("OBR-24") in ["REF","CON"]`, `lookup("specialty", msg("OBR-4.1")) == "x"`, `any(split(type,"^"), # == "I12")`,
		`let a = type + "x"; a == "b"`, `sort(split(type, ""))[0] == "1" ? true : false`, `map(1..3, {"a": #})[0].a == 1`, `((((`, `type?.x ?? true`,
		`filter(1..9, # > 2) | len() > 3`, `not not not true`, `type[1:3] == "EF"`, `1/0 > 1`, `7 % 0 == 1`, "\x00", `sum(1..5, # * 2) > 1`, `-9223372036854775808 / -1 > 0`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n := len([]rune(text))
		src := Source{Key: "k", Text: text, At: func(i int) Place {
			if i < 0 || i > n {
				t.Fatalf("got a mistake at character %d of %d", i, n)
			}
			return Place{"f", 1, i + 1}
		}}
		s, mistakes := Compile(Channel{When: src, Tables: map[string]Table{"specialty": {}}})
		if (s == nil) == (mistakes == nil) && text != "" {
			t.Fatalf("got set %v and mistakes %v, want one of them", s, mistakes)
		}
		if s != nil {
			_, _ = s.When(Message{Type: "REF^I12", View: view{"OBR-24": "REF,CON"}})
		}
	})
}
