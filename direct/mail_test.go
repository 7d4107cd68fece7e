package direct

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestReadMail(t *testing.T) {
	m := readMail(t, `From: "A B" <A@B.example>
Content-Type: multipart/mixed; boundary="x y"

preamble
--x y
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

Gr=FC=DFe
--x y
Content-Type: multipart/alternative; boundary=z

--z
Content-Type: text/html; charset=windows-1252

<p>`+"\x93quoted\x94"+`</p>
--z--
--x y
Content-Type: text/xml; charset=iso-8859-1; name="=?utf-8?q?n=C3=B6te.xml?="
Content-Transfer-Encoding: base64

PGE+
 /DwvYT4=
--x y
Content-Type: text/plain; charset=x-martian
Content-Transfer-Encoding: x-uuencode

as it came
--x y--
epilogue
`)
	want := []struct{ path, typ, name, body string }{
		{"1", "text/plain", "", "Grüße"}, {"2.1", "text/html", "", "<p>“quoted”</p>"},
		{"3", "text/xml", "nöte.xml", "<a>\xfc</a>"}, {"4", "text/plain", "", "as it came"},
	}
	if len(m.Parts) != len(want) {
		t.Fatalf("got %d parts", len(m.Parts))
	}
	for i, w := range want {
		p := m.Parts[i]
		if p.Path != w.path || p.Type != w.typ || p.Name != w.name || strings.TrimSpace(string(p.Body)) != w.body {
			t.Errorf("part %d: got %s %s %q %q", i, p.Path, p.Type, p.Name, p.Body)
		}
	}
	if from, ok := m.From(); !ok || from != "a@b.example" {
		t.Errorf("from: got %q", from)
	}
	if len(m.Warnings) != 2 {
		t.Errorf("warnings: got %q", m.Warnings)
	}
}

// nested writes multiparts n deep.
func nested(n int) []byte {
	var b bytes.Buffer
	for i := range n {
		fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n", i, i)
	}
	b.WriteString("Content-Type: text/plain\r\n\r\nhello\r\n")
	for i := n - 1; i >= 0; i-- {
		fmt.Fprintf(&b, "--b%d--\r\n", i)
	}
	return b.Bytes()
}

func TestReadMailHostile(t *testing.T) {
	many := "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + strings.Repeat("--b\r\n\r\nx\r\n", 5000) + "--b--\r\n"
	secret := "Zebulon-Testperson"
	for name, tc := range map[string]struct {
		raw  string
		lim  Limits
		want error
	}{
		"nested 1000":      {string(nested(1000)), Limits{}, ErrLimit},
		"many parts":       {many, Limits{}, ErrLimit},
		"long header":      {"A: " + strings.Repeat("x\r\n ", 200_000) + "\r\n\r\n", Limits{}, ErrLimit},
		"many fields":      {strings.Repeat("A: b\r\n", 2000) + "\r\n", Limits{}, ErrLimit},
		"too large":        {strings.Repeat("x", 2000), Limits{Bytes: 1000}, ErrLimit},
		"decoded":          {"A: b\r\n\r\n" + strings.Repeat("x", 2000), Limits{Decoded: 1000}, ErrLimit},
		"no boundary":      {"Content-Type: multipart/mixed\r\n\r\nx", Limits{}, nil},
		"field quoted":     {"From: a@b.example\r\n" + secret + "\r\n\r\n", Limits{}, ErrMalformed},
		"part field":       {"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" + secret + "\r\n\r\nx\r\n--b--\r\n", Limits{}, nil},
		"broken base64":    {"Content-Transfer-Encoding: base64\r\n\r\n" + secret + "!", Limits{}, nil},
		"never closed":     {"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n" + secret, Limits{}, nil},
		"continued first":  {" " + secret + "\r\n\r\n", Limits{}, ErrMalformed},
		"quadratic folded": {"A: b\r\n" + strings.Repeat(" x\r\n", 60_000) + "\r\nbody", Limits{}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			m, err := ReadMail([]byte(tc.raw), tc.lim)
			if !errors.Is(err, tc.want) || (err != nil) != (tc.want != nil) {
				t.Fatalf("got %v, want %v", err, tc.want)
			}
			if err != nil && (m.Header != nil || m.Parts != nil || strings.Contains(err.Error(), secret)) {
				t.Errorf("half a message, or content in the error: %v", err)
			}
			if took := time.Since(start); took > 3*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

func TestSplitSigned(t *testing.T) {
	for name, tc := range map[string]struct{ body, signed, signature string }{
		"plain":        {"--b\r\nA: b\r\n\r\nx\r\n--b\r\nsig\r\n--b--\r\n", "A: b\r\n\r\nx", "sig"},
		"around":       {"pre\r\n--b \t\r\nx\r\n\r\n--b\r\nsig\r\n--b-- \r\nafter\r\n--b\r\n", "x\r\n", "sig"},
		"line feeds":   {"--b\nx\n--b\nsig\n--b--\n", "x", "sig"},
		"prefix lines": {"--b\r\n--bc\r\n--b-\r\n--b\r\nsig\r\n--b--", "--bc\r\n--b-", "sig"},
		"not closed":   {"--b\r\nx\r\n--b\r\nsig\r\n", "x", "sig\r\n"},
	} {
		signed, signature, err := splitSigned([]byte(tc.body), "b")
		if err != nil || string(signed) != tc.signed || string(signature) != tc.signature {
			t.Errorf("%s: got %q %q %v", name, signed, signature, err)
		}
	}
	for name, body := range map[string]string{"three": "--b\r\nx\r\n--b\r\ny\r\n--b\r\nz\r\n--b--", "one": "--b\r\nx\r\n--b--", "none": "x"} {
		if _, _, err := splitSigned([]byte(body), "b"); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestDecodeBase64(t *testing.T) {
	for in, want := range map[string]string{"aGVsbG8=": "hello", "aGVs\r\nbG8=\r\n": "hello", " aG\tVs\n bG 8=\n": "hello", "": ""} {
		if got, err := decodeBase64([]byte(in)); err != nil || string(got) != want {
			t.Errorf("%q: got %q %v", in, got, err)
		}
	}
	for _, in := range []string{"!", "aGVsbG8", "aGVsbG8=x", "a a a"} {
		if got, err := decodeBase64([]byte(in)); !errors.Is(err, ErrMalformed) || got != nil {
			t.Errorf("%q: got %q %v", in, got, err)
		}
	}
}
