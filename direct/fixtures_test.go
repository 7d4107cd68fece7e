package direct

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"refloop/direct/cms"
)

// mails reads the fixtures that match; none is a failure.
func mails(t testing.TB, pattern string) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob("../testdata/direct/mail/" + pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("no fixtures match %s (%v)", pattern, err)
	}
	out := map[string][]byte{}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		out[strings.TrimSuffix(filepath.Base(f), ".eml")] = b
	}
	return out
}

// What another program wrote and signed stays readable, or refused with its reason.
func TestMailFixtures(t *testing.T) {
	ids := []cms.Identity{fixture(t)}
	for name, raw := range mails(t, "good-*.eml") {
		o, err := Open(raw, ids, Limits{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if err := o.Check(theirs, theirs); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if o.Wrapped == (name == "good-unwrapped") || !strings.Contains(string(o.Mail.Parts[0].Body), "A synthetic note.") {
			t.Errorf("%s: wrapped %v, %d parts", name, o.Wrapped, len(o.Mail.Parts))
		}
		if len(o.Mail.Parts) == 2 && o.Mail.Parts[1].Name != "note.pdf" {
			t.Errorf("%s: attachment %q", name, o.Mail.Parts[1].Name)
		}
	}
	want := map[string]error{
		"bad-sha1": ErrSignature, "bad-changed": ErrSignature, "bad-unsigned": ErrUnsigned, "bad-3des": ErrUndecryptable, "bad-plain": ErrNotEncrypted,
	}
	for name, raw := range mails(t, "bad-*.eml") {
		if o, err := Open(raw, ids, Limits{}); o != nil || want[name] == nil || !errors.Is(err, want[name]) {
			t.Errorf("%s: got %v, want %v", name, err, want[name])
		}
	}
}
