package transform

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"refloop/ccda"
	"refloop/channels"
	"refloop/referral"
)

const validator = "../../shared/conformance/ccda/validate"

// documentOf makes the i-th generated document of a kind, as the command and the rails do.
func documentOf(t *testing.T, kind ccda.Type, i int) []byte {
	r := rapid.Custom(drawReferral).Example(i)
	if i == 0 {
		r = taken(t, "ref-i12.hl7", referral.RoleInitiator)
	}
	to := target(channels.Direct, false, nil)
	to.Basis = []string{"", "patient consent, recorded 2026-11-20"}[i%2]
	event := referral.EventRequest
	if kind == ccda.TypeConsult {
		event = []referral.EventType{referral.EventReport, referral.EventInterim}[i%2]
	}
	ev, docs := happened(event, r)
	switch kind {
	case ccda.TypeReferral, ccda.TypeConsult:
		if i%3 == 2 && len(ev.Payload.Documents) > 0 {
			ev.Payload.Documents[0].ContentType = "application/pdf"
		}
		part, err := clinicalDocument(r, ev, to, docs)
		if err != nil {
			t.Fatalf("%s %d: %v", kind, i, err)
		}
		return part.Body
	case ccda.TypeUnstructured:
		paper := channels.Part{ContentType: []string{"application/pdf", "image/tiff", "image/png; name=x"}[i%3], Title: r.Reason, Body: docs["doc-pdf"]}
		part, err := unstructured(r, ev, to, paper, i%2)
		if err != nil {
			t.Fatalf("%s %d: %v", kind, i, err)
		}
		return part.Body
	}
	body, err := ccda.Marshal(SummaryOfCare(referralDocument(r, to)))
	if err != nil {
		t.Fatalf("%s %d: %v", kind, i, err)
	}
	return body
}

// TestGeneratedDocumentsConform: documents of each type made of any referral pass the XML schema and HL7's Schematron without an
// error, and what the validator warns of is explained in docs/ccda-warnings.md.
func TestGeneratedDocumentsConform(t *testing.T) {
	for _, tool := range []string{"xmllint", "java"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed: apt-get install libxml2-utils default-jre-headless libsaxonhe-java", tool)
		}
	}
	if _, err := os.Stat(validator); err != nil {
		t.Skipf("%s is missing: the C-CDA validator is not part of this repository", validator)
	}
	kinds := []ccda.Type{ccda.TypeReferral, ccda.TypeConsult, ccda.TypeCCD, ccda.TypeUnstructured}
	if generated < 100 { // one call costs seconds, however few the files
		conforms(t, explainedWarnings(t), nil, kinds...)
		return
	}
	for _, kind := range kinds {
		t.Run(string(kind), func(t *testing.T) { conforms(t, explainedWarnings(t), []string{"--type", string(kind)}, kind) })
	}
}

// conforms writes generated documents of the kinds and validates them together.
func conforms(t *testing.T, explained map[string]bool, args []string, kinds ...ccda.Type) {
	t.Helper()
	dir := t.TempDir()
	for _, kind := range kinds {
		for i := range generated {
			name := filepath.Join(dir, fmt.Sprintf("%s-%03d.xml", kind, i))
			if err := os.WriteFile(name, documentOf(t, kind, i), 0o600); err != nil {
				t.Fatal(err)
			}
			args = append(args, name)
		}
	}
	out, err := exec.Command(validator, args...).Output()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit) && exit.ExitCode() == 2 && strings.Contains(string(exit.Stderr), "is missing"):
		t.Skipf("the validator cannot run here: %s", exit.Stderr)
	case err != nil && (exit == nil || exit.ExitCode() != 1):
		t.Fatal(err)
	}
	said := map[string]bool{}
	for line := range strings.Lines(string(out)) {
		f := strings.Split(strings.TrimSpace(line), "\t")
		switch {
		case len(f) < 5 || said[f[1]+f[2]]:
			continue
		case f[1] == "error":
			t.Errorf("%s: %s %s: %s", filepath.Base(f[0]), f[2], f[3], f[4])
		case !explained[f[2]]:
			t.Errorf("the warning %s (%s) is not explained in docs/ccda-warnings.md: %s", f[2], f[3], f[4])
		}
		said[f[1]+f[2]] = true
	}
}

// explainedWarnings are the rules that docs/ccda-warnings.md has a row for.
func explainedWarnings(t *testing.T) map[string]bool {
	t.Helper()
	b, err := os.ReadFile("../docs/ccda-warnings.md")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]bool{}
	for line := range strings.Lines(string(b)) {
		if cell, _, ok := strings.Cut(strings.TrimPrefix(line, "| `"), "`"); ok && strings.HasPrefix(line, "| `") {
			out[cell] = true
		}
	}
	if len(out) == 0 {
		t.Fatal("docs/ccda-warnings.md explains nothing")
	}
	return out
}

// Whatever a referral holds, its note can be written and read back, and its messages parse.
func TestRenderNeverFails(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := drawReferral(rt)
		r.Appointments = []referral.Appointment{{Start: hour(15)}}
		r.Role = rapid.SampledFrom([]referral.Role{referral.RoleInitiator, referral.RoleRecipient}).Draw(rt, "role")
		kind := rapid.SampledFrom(told()).Draw(rt, "event")
		if kind == referral.EventStatusQuery {
			r.State = referral.StateAccepted
		}
		ev, docs := happened(kind, r)
		to := target(rapid.SampledFrom([]string{channels.MLLP, channels.Direct}).Draw(rt, "rail"), rapid.Bool().Draw(rt, "own"), nil)
		ship, err := Render(r, ev, to, docs)
		if err != nil {
			rt.Fatalf("%s by %s: %v", kind, to.Rail.Type, err)
		}
		for _, p := range ship.Parts {
			if p.Kind == channels.KindCDA {
				if _, err := ccda.Read(p.Body, ccda.Limits{}); err != nil {
					rt.Fatal(err)
				}
			}
		}
	})
}
