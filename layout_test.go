package refloop_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// allowed lists every edge between packages of this module: who may import whom. Imports go down the list of ARCHITECTURE.md, never up and
// never sideways but for a codec's own leaves. Change it in a commit of its own.
var allowed = map[string][]string{
	"audit":                 nil,
	"referral":              nil,
	"hl7":                   nil,
	"mllp":                  nil,
	"ccda":                  nil,
	"ccda/xdm":              nil,
	"direct":                {"direct/cms"},
	"direct/cms":            nil,
	"fax":                   {"fax/ocr"},
	"fax/ocr":               nil,
	"config":                nil,
	"channels":              nil,
	"channels/folder":       nil,
	"channels/mailbox":      {"channels/folder", "config"},
	"channels/smtpd":        {"channels"},
	"channels/mllp":         {"channels", "config", "hl7", "mllp"},
	"channels/direct":       {"channels", "channels/direct/trust", "channels/mailbox", "channels/smtpd", "config", "ccda/xdm", "direct", "direct/cms"},
	"channels/direct/trust": {"direct", "direct/cms"},
	"channels/fax":          {"channels", "channels/fax/gateway", "channels/fax/hylafax", "channels/folder", "channels/mailbox", "channels/smtpd", "config", "fax"},
	"channels/fax/gateway":  nil,
	"channels/fax/hylafax":  nil,
	"channels/file":         {"channels", "channels/folder", "config", "hl7", "mllp"},
	"transform/rules":       {"referral"},
	"transform":             {"ccda", "channels", "fax", "hl7", "referral", "transform/rules"},
	"store":                 {"audit", "referral"},
	"engine":                {"audit", "channels", "referral", "transform"},
	"console":               {"audit", "referral"},
	"report":                {"referral"},
	"cmd/refloop":           {"*"},
}

// anywhere are helpers of tests that any test may use.
const anywhere = "internal/"

// TestImportRule holds the import rule: a new package or a new edge must be allowed first.
func TestImportRule(t *testing.T) {
	seen := map[string]bool{}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "bin" || d.Name() == "var"):
			return fs.SkipDir
		case d.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		room := filepath.ToSlash(filepath.Dir(path))
		seen[room] = true
		checkFile(t, room, path)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for room := range allowed {
		if !seen[room] {
			t.Errorf("%s: in the list of allowed imports, but there is no such package; take it out", room)
		}
	}
}

func checkFile(t *testing.T, room, path string) {
	may, known := allowed[room]
	if !known && room != "." && !strings.HasPrefix(room, anywhere) {
		t.Errorf("%s: a package that the import rule does not know; add it with the imports it may have", room)
		return
	}
	f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	for _, imp := range f.Imports {
		target, err := strconv.Unquote(imp.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		target, ours := strings.CutPrefix(target, "refloop/")
		if ours && !slices.Contains(may, target) && !slices.Contains(may, "*") && !strings.HasPrefix(room, anywhere) {
			t.Errorf("%s imports %s: not allowed; want one of %v", path, target, may)
		}
	}
}

// TestFileSizes holds the limit of 600 lines a file.
func TestFileSizes(t *testing.T) {
	for _, path := range sources(t) {
		if n := lines(t, path); n > 600 && !strings.HasSuffix(path, "_test.go") {
			t.Errorf("%s: %d lines, want at most 600; split it by topic", path, n)
		}
	}
}
