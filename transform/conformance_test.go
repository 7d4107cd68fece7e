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

// generated is how many referrals of each kind the validator sees here; make test-long has more.
const generated = 6

// drawReferral makes a referral of anything that messages and papers bring: missing, odd and hostile values.
func drawReferral(t *rapid.T) referral.Referral {
	word := rapid.OneOf(rapid.SampledFrom([]string{"", "Smith", "O'Brien & Söhne", "<b>x</b>", "]]>", "a\x00\x01b", "line\r\nline", "   "}), rapid.StringN(0, 30, 90))
	text := func(label string) string { return word.Draw(t, label) }
	pick := func(label string, list ...string) string { return rapid.SampledFrom(list).Draw(t, label) }
	coded := func(label string) referral.Coded {
		return rapid.SampledFrom([]referral.Coded{
			{}, {Text: text(label)}, {Code: "I20.9", Text: "Angina pectoris", System: "I10"}, {Code: "194828000", Text: "Angina", System: "SCT"}, {Code: "X1", Text: "local", System: "L"},
			{Code: "7980", Text: "Penicillin G", System: "RXNORM"}, {Code: "8867-4", Text: "Heart rate", System: "LN"}, {Code: "93000", Text: "ECG", System: "C4"}, {Code: "bad code", System: "LN"},
		}).Draw(t, label)
	}
	name := func(label string) referral.Name {
		return rapid.SampledFrom([]referral.Name{
			{}, {Family: "Marsh", Given: "Ellen", Degree: "MD"}, {Text: "Dr. Ana Ruiz, MD"}, {Family: text(label)}, {Family: "Lee", Given: text(label), Prefix: "Ms", Suffix: "Jr", Middle: "Q"},
		}).Draw(t, label)
	}
	party := func(label string) referral.Party {
		return referral.Party{
			Clinician: name(label), NPI: pick(label+" npi", "", "1245319599", "12", "abc"), Organization: text(label + " org"), OrgNPI: pick(label+" orgnpi", "", "1992999825"),
			Direct: pick(label+" direct", "", "a@direct.example", "not an address"), Phone: pick(label+" phone", "", "+1 (207) 555-0132", "x"), Fax: pick(label+" fax", "", "2075550133"),
			Address:      referral.Address{Line1: text(label + " street"), City: text(label + " city"), State: pick(label+" state", "", "ME", "Maine"), Zip: pick(label+" zip", "", "04849", "x")},
			ClinicianIDs: rapid.SampledFrom([][]referral.Identifier{nil, {{Value: "C7", Authority: "partner:x", Kind: "clinician"}}, {{Value: text(label + " id"), Authority: "1.2.3", Kind: "clinician"}}}).Draw(t, label),
		}
	}
	r := referral.Referral{
		ID: "7K3M9QX2T4V8WZ5C", Authority: ownOID, Initiator: party("initiator"), Recipient: party("recipient"), Reason: text("reason"), Specialty: text("specialty"),
		Priority: rapid.SampledFrom([]referral.Priority{"", referral.Routine, referral.Urgent, referral.Stat}).Draw(t, "priority"),
		Service:  referral.Service{Coded: coded("service")},
		Patient: referral.Patient{
			Name: name("patient"), BirthDate: pick("birth", "", "1961-03-22", "1961", "x"), Sex: pick("sex", "", "F", "M", "U", "O", "zz"), Phone: pick("phone", "", "2075550144", "-"),
			Race: coded("race"), Ethnicity: coded("ethnicity"), Language: pick("language", "", "en", "English", "zz9"),
			IDs: rapid.SampledFrom([][]referral.Identifier{
				nil, {{Value: "MRN1", Authority: "NORTHSIDE", Kind: referral.KindMRN}}, {{Value: "MRN1", Authority: ownOID, Kind: referral.KindMRN}, {Value: "MRN1", Authority: "NORTHSIDE", Kind: referral.KindMRN}},
			}).Draw(t, "mrn"),
		},
		Confidentiality: rapid.SampledFrom([]referral.Confidentiality{{}, {Code: "R"}, {Code: "V"}, {Code: "R", Part2: true}, {Code: "R", Notice: "Do not pass on."}}).Draw(t, "label"),
	}
	for range rapid.IntRange(0, 3).Draw(t, "items") {
		r.Diagnoses = append(r.Diagnoses, coded("diagnosis"))
		r.Allergies = append(r.Allergies, referral.Allergy{Substance: coded("substance"), Reaction: text("reaction"), Severity: text("severity"), None: rapid.Bool().Draw(t, "none")})
		r.Medications = append(r.Medications, referral.Medication{Drug: coded("drug"), Sig: text("sig"), Dose: pick("dose", "", "5 mg"), Start: pick("start", "", "2026-01-02", "x")})
		r.Procedures = append(r.Procedures, coded("procedure"))
		o := referral.Observation{Test: coded("test"), Value: pick("value", "", "72", "positive", "-1.5"), Unit: pick("unit", "", "/min", "bad unit"), Range: text("range"), Flag: pick("flag", "", "H", "zz"), Time: pick("time", "", "2026-11-01", "2026-11-01T10:00:00Z")}
		r.Results, r.Vitals = append(r.Results, o), append(r.Vitals, o)
		r.Coverage = append(r.Coverage, referral.Coverage{Payer: text("payer"), Plan: text("plan"), MemberID: pick("member", "", "M 1"), Group: pick("group", "", "G1")})
		r.Sections = append(r.Sections, referral.Section{LOINC: pick("loinc", "", "29762-2", "10164-2", "51847-2", "99999-9"), Title: text("title"), Text: text("section")})
		r.Notes = append(r.Notes, text("note"))
	}
	return r
}

// C-CDAs made of any referral pass the XML schema and HL7's Schematron without an error.
func TestGeneratedDocumentsConform(t *testing.T) {
	for _, tool := range []string{"xmllint", "java"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is not installed: apt-get install libxml2-utils default-jre-headless libsaxonhe-java", tool)
		}
	}
	if _, err := os.Stat(validator); err != nil {
		t.Skipf("%s is missing: the C-CDA validator is not part of this repository", validator)
	}
	draw := rapid.Custom(drawReferral)
	for kind, events := range map[string][]referral.EventType{"referral": {referral.EventRequest}, "consult": {referral.EventReport, referral.EventInterim}} {
		t.Run(kind, func(t *testing.T) {
			var files []string
			for i := range generated {
				r := draw.Example(i)
				if i == 0 {
					r = taken(t, "ref-i12.hl7", referral.RoleInitiator)
				}
				ev, docs := happened(events[i%len(events)], taken(t, "ref-i12.hl7", referral.RoleInitiator))
				if i%3 == 2 && len(ev.Payload.Documents) > 0 {
					ev.Payload.Documents[0].ContentType = "application/pdf"
				}
				part, err := clinicalDocument(r, ev, target(channels.Direct, false, nil), docs)
				if err != nil {
					t.Fatalf("referral %d: %v", i, err)
				}
				name := filepath.Join(t.TempDir(), fmt.Sprintf("%s-%02d.xml", kind, i))
				if err := os.WriteFile(name, part.Body, 0o600); err != nil {
					t.Fatal(err)
				}
				files = append(files, name)
			}
			out, err := exec.Command(validator, append([]string{"--errors", "--type", kind}, files...)...).CombinedOutput()
			var exit *exec.ExitError
			if errors.As(err, &exit) && exit.ExitCode() == 2 && strings.Contains(string(out), "is missing") {
				t.Skipf("the validator cannot run here: %s", out)
			}
			if err != nil {
				t.Errorf("validator: %v\n%s", err, out)
			}
		})
	}
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
