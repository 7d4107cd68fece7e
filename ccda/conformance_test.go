package ccda_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"refloop/ccda"
)

const validator = "../../shared/conformance/ccda/validate"

var documentTypes = []ccda.Type{ccda.TypeReferral, ccda.TypeConsult, ccda.TypeCCD, ccda.TypeUnstructured}

// validate runs the C-CDA validator (XSD, HL7's Schematron, quality rules) over all files at once; options come before the files.
func validate(t *testing.T, files ...string) {
	t.Helper()
	for _, tool := range []string{"xmllint", "java"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed: apt-get install libxml2-utils default-jre-headless libsaxonhe-java", tool)
		}
	}
	if _, err := os.Stat(validator); err != nil {
		t.Skipf("%s is missing: the C-CDA validator is not part of this repository", validator)
	}
	out, err := exec.Command(validator, files...).Output()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit) && exit.ExitCode() == 2 && strings.Contains(string(exit.Stderr), "is missing"):
		t.Skipf("the validator cannot run here: %s", exit.Stderr)
	case err != nil && (exit == nil || exit.ExitCode() != 1):
		t.Fatal(err)
	}
	if wrong := byRule(string(out), func(kind, rule string) bool { return kind == "error" }); wrong != "" {
		t.Errorf("validator:\n%s", wrong)
	}
	explained, err := os.ReadFile("../docs/ccda-warnings.md")
	if err != nil {
		t.Fatal(err)
	}
	if new := byRule(string(out), func(kind, rule string) bool {
		return kind == "warning" && !strings.Contains(string(explained), "| `"+rule+"`")
	}); new != "" {
		t.Errorf("warnings that docs/ccda-warnings.md does not explain:\n%s", new)
	}
}

// TestConformance holds generated documents of each type against the validator: no error may be left.
func TestConformance(t *testing.T) {
	if generatedPerType >= 100 {
		for _, kind := range documentTypes {
			t.Run(string(kind), func(t *testing.T) { validate(t, append([]string{"--type", string(kind)}, generated(t, kind)...)...) })
		}
		return
	}
	var files []string // one call costs seconds, however few the files
	for _, kind := range documentTypes {
		files = append(files, generated(t, kind)...)
	}
	validate(t, files...)
}

// generated writes documents of one type into files.
func generated(t *testing.T, kind ccda.Type) []string {
	t.Helper()
	dir := t.TempDir()
	docs := []ccda.Document{dense(kind), sparse(kind)}
	if kind == ccda.TypeConsult {
		docs = append(docs, ccda.WrapNote(dense(kind), ccda.Body{MediaType: "application/pdf", Data: []byte("%PDF-1.4"), Description: "note.pdf"}, nil),
			ccda.WrapNote(sparse(kind), ccda.Body{MediaType: "text/plain", Data: []byte("Seen today.\n\nAll well.")}, nil))
	}
	g := gen(kind)
	for i := range generatedPerType {
		docs = append(docs, g.Example(i))
	}
	var files []string
	for i, d := range docs {
		b, err := ccda.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Join(dir, fmt.Sprintf("%s-%03d.xml", kind, i))
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
		files = append(files, name)
	}
	return files
}

// byRule shortens the validator's output to one line a rule that is wanted: how often, and the first finding.
func byRule(out string, wanted func(kind, rule string) bool) string {
	count, first, order := map[string]int{}, map[string]string{}, []string{}
	for line := range strings.Lines(out) {
		f := strings.Split(strings.TrimSpace(line), "\t")
		if len(f) < 5 || !wanted(f[1], f[2]) {
			continue
		}
		if count[f[2]]++; count[f[2]] == 1 {
			first[f[2]] = filepath.Base(f[0]) + " " + f[3] + " " + f[4]
			order = append(order, f[2])
		}
	}
	var b strings.Builder
	for _, rule := range order {
		fmt.Fprintf(&b, "%4d %s %s\n", count[rule], rule, first[rule])
	}
	return b.String()
}
