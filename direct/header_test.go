package direct

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAddresses(t *testing.T) {
	for value, want := range map[string][]string{
		"A@B.example": {"a@b.example"},
		"\"B, A\" <a@b.example>, C <c@D.example>":      {"a@b.example", "c@d.example"},
		"=?windows-1252?Q?Dr_M=FCller?= <a@b.example>": {"a@b.example"},
		"Dr M\xfcller <a@b.example>":                   {"a@b.example"},
		"group: a@b.example, c@d.example;":             {"a@b.example", "c@d.example"},
		"nobody":                                       nil,
		"<a@b.example> trailing, <c@d.example>":        nil,
		"":                                             nil,
	} {
		h := Header{{"To", value}}
		if diff := cmp.Diff(want, h.Addresses("to")); diff != "" {
			t.Errorf("%q (-want +got)\n%s", value, diff)
		}
	}
}

func TestCanonical(t *testing.T) {
	for in, want := range map[string]string{"A@B.Example": "a@b.example", " <a@b.example> ": "a@b.example", "Name <a@b.example>": "a@b.example"} {
		if got, ok := Canonical(in); !ok || got != want {
			t.Errorf("%q: got %q %v", in, got, ok)
		}
	}
	for _, in := range []string{"", "a", "@b", "a@", "a@b, c@d", "ä@b.example", strings.Repeat("a", 400) + "@b.example", "a@b.example\r\nX: y"} {
		if got, ok := Canonical(in); ok {
			t.Errorf("%q: got %q", in, got)
		}
	}
}

func TestMediaType(t *testing.T) {
	for value, want := range map[string]string{
		"multipart/signed; boundary=\"----=_b\"; micalg=sha-256": "multipart/signed ----=_b",
		"Multipart/Signed; Boundary=----=_b; x":                  "multipart/signed ----=_b",
		"multipart/signed;boundary=b":                            "multipart/signed b",
		"":                                                       "text/plain ",
		"nonsense":                                               "text/plain ",
	} {
		typ, params := Header{{"Content-Type", value}}.mediaType()
		if got := typ + " " + params["boundary"]; got != want {
			t.Errorf("%q: got %q", value, got)
		}
	}
}
