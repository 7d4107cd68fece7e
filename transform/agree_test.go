package transform

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"refloop/channels"
	"refloop/referral"
)

// sentTo is an event as a partner's 360X package carries it, opened here. spoil changes the parts on the way.
func sentTo(t *testing.T, kind referral.EventType, spoil func([]channels.Part) []channels.Part) Source {
	t.Helper()
	r := taken(t, "ref-i12.hl7", referral.RoleInitiator)
	if kind == referral.EventReport || kind == referral.EventSchedule {
		r.Role = referral.RoleRecipient
	}
	ev, docs := happened(kind, r)
	to := target(channels.Direct, false, nil)
	if r.Role == referral.RoleRecipient {
		to.Own, to.Partner = specialist().Own, specialist().Partners[0]
	}
	ship, err := Render(r, ev, to, docs)
	if err != nil {
		t.Fatal(err)
	}
	parts := ship.Parts
	for i := range parts {
		attrs := maps.Clone(parts[i].Attrs)
		if attrs == nil {
			attrs = map[string]string{}
		}
		attrs["set_id"], attrs["referral_id"], attrs["referral_authority"] = "1.2.3.9", r.ID, ownOID
		attrs["patient_family"], attrs["patient_given"] = r.Patient.Name.Family, r.Patient.Name.Given
		attrs["patient_birth"], attrs["patient_sex"] = date8(r.Patient.BirthDate), r.Patient.Sex
		parts[i].Attrs = attrs
	}
	if spoil != nil {
		parts = spoil(parts)
	}
	if r.Role == referral.RoleRecipient {
		return mailSource(parts...)
	}
	ship.Parts = parts
	return arrived(ship)
}

// replaced changes words in the body of parts of a kind.
func replaced(kind, from, to string) func([]channels.Part) []channels.Part {
	return func(parts []channels.Part) []channels.Part {
		for i := range parts {
			if parts[i].Kind == kind {
				parts[i].Body = []byte(strings.ReplaceAll(string(parts[i].Body), from, to))
			}
		}
		return parts
	}
}

// said changes what the metadata says.
func said(key, value string) func([]channels.Part) []channels.Part {
	return func(parts []channels.Part) []channels.Part {
		for i := range parts {
			parts[i].Attrs[key] = value
		}
		return parts
	}
}

// TestPackageAgrees: a package whose parts say the same is taken without a hold.
func TestPackageAgrees(t *testing.T) {
	f := one(t, Decode(sentTo(t, referral.EventRequest, nil)))
	if rec := f.Event.Payload.Record; len(rec.Holds) != 0 || kindOf(rec.Identifiers, referral.KindXDM).Value != "1.2.3.9" {
		t.Errorf("request: got holds %v, identifiers %v", rec.Holds, rec.Identifiers)
	}
	for _, kind := range []referral.EventType{referral.EventReport, referral.EventSchedule} {
		f = one(t, Decode(sentTo(t, kind, nil)))
		if f.Event.Type != kind || kindOf(f.Event.Payload.Identifiers, referral.KindXDM).Value != "1.2.3.9" {
			t.Errorf("%s: got %s with %v", kind, f.Event.Type, f.Event.Payload.Identifiers)
		}
	}
}

// TestPackagePatientDiffers: PID, recordTarget and sourcePatientInfo name one patient (xdm.md, check 7). A request waits for a person;
// of a known referral the state machine is shown the other patient, and freezes.
func TestPackagePatientDiffers(t *testing.T) {
	birth := date8(taken(t, "ref-i12.hl7", referral.RoleInitiator).Patient.BirthDate)
	for name, spoil := range map[string]func([]channels.Part) []channels.Part{
		"metadata: birth date": said("patient_birth", "19010101"), "metadata: family name": said("patient_family", "Somebody"), "metadata: sex": said("patient_sex", "M"),
		"metadata: number": said("patient_ids", "999999|"+ownOID), "document: birth date": replaced(channels.KindCDA, `<birthTime value="`+birth, `<birthTime value="19010101`),
		"document: sex": replaced(channels.KindCDA, `administrativeGenderCode code="F"`, `administrativeGenderCode code="M"`),
	} {
		f := one(t, Decode(sentTo(t, referral.EventRequest, spoil)))
		if holds := f.Event.Payload.Record.Holds; len(holds) == 0 || holds[0].Kind != referral.HoldMatch || holds[0].Owner == "" || !strings.Contains(holds[0].Reason, "different patients") {
			t.Errorf("%s: got holds %v, want match_review", name, holds)
		}
		f = one(t, Decode(sentTo(t, referral.EventReport, spoil)))
		r := taken(t, "ref-i12.hl7", referral.RoleInitiator)
		if _, diff := referral.SamePatient(r.Patient, *f.Event.Payload.Patient); len(diff) == 0 {
			t.Errorf("%s: the state machine is not shown the difference", name)
		}
	}
	nick := said("patient_given", taken(t, "ref-i12.hl7", referral.RoleInitiator).Patient.Name.Given+" Q")
	if f := one(t, Decode(sentTo(t, referral.EventRequest, nick))); len(f.Event.Payload.Record.Holds) != 0 {
		t.Errorf("a middle name: got %v", f.Event.Payload.Record.Holds)
	}
}

// TestPackageNumberDiffers: the referral has one number in ORC-2, OBR-2, SCH-26, the Patient Referral Act, inFulfillmentOf and the
// referenceIdList (xdm.md, check 10). A request waits for a person; anything else is an anomaly and moves nothing.
func TestPackageNumberDiffers(t *testing.T) {
	const id = "7K3M9QX2T4V8WZ5C"
	for name, c := range map[string]struct {
		kind  referral.EventType
		spoil func([]channels.Part) []channels.Part
	}{
		"referenceIdList":              {referral.EventRequest, said("referral_id", "OTHER")},
		"referenceIdList of another":   {referral.EventRequest, said("referral_authority", "1.2.3.4")},
		"ORC-2":                        {referral.EventRequest, replaced(channels.KindHL7, "\rORC|NW|"+id, "\rORC|NW|OTHER")},
		"OBR-2":                        {referral.EventRequest, replaced(channels.KindHL7, "\rOBR|1|"+id, "\rOBR|1|OTHER")},
		"Patient Referral Act":         {referral.EventRequest, replaced(channels.KindCDA, `extension="`+id, `extension="OTHER`)},
		"report: referenceIdList":      {referral.EventReport, said("referral_id", "OTHER")},
		"report: inFulfillmentOf":      {referral.EventReport, replaced(channels.KindCDA, `extension="`+id, `extension="OTHER`)},
		"appointment: referenceIdList": {referral.EventSchedule, said("referral_id", "OTHER")},
		"appointment: SCH-26":          {referral.EventSchedule, replaced(channels.KindHL7, id, "OTHER")},
	} {
		f := one(t, Decode(sentTo(t, c.kind, c.spoil)))
		if c.kind == referral.EventRequest {
			if holds := f.Event.Payload.Record.Holds; len(holds) == 0 || holds[0].Kind != referral.HoldMatch || !strings.Contains(holds[0].Reason, "number") {
				t.Errorf("%s: got holds %v, want match_review", name, holds)
			}
		} else if ev := f.Event; ev.Type != referral.EventAnomaly || ev.Reason != ReasonDiffers || ev.Payload.Said != c.kind || !strings.Contains(ev.Note, "number") {
			t.Errorf("%s: got %s %s", name, ev.Type, ev.Reason)
		}
	}
}

// TestPackageHeldAndDoubted: what the rail found wrong with a package goes to a person.
func TestPackageHeldAndDoubted(t *testing.T) {
	s := sentTo(t, referral.EventRequest, nil)
	s.Opened.Hold = "the package cannot be taken"
	if d := Decode(s); d.Hold != s.Opened.Hold || len(d.Facts) != 0 || d.Partner == "" {
		t.Errorf("held: got %q, %d facts, partner %q", d.Hold, len(d.Facts), d.Partner)
	}
	s.Opened.Hold, s.Opened.Doubts = "", []string{"in its package a document entry names another patientId than its set"}
	f := one(t, Decode(s))
	if holds := f.Event.Payload.Record.Holds; len(holds) != 1 || holds[0].Reason != s.Opened.Doubts[0] {
		t.Errorf("doubted: got %v", holds)
	}
	known := f
	known.IfKnown = referral.EventReport
	if ev := known.AsKnown(); ev.Type != referral.EventAnomaly || ev.Payload.Said != referral.EventReport {
		t.Errorf("doubted outcome: got %s", ev.Type)
	}
	s = sentTo(t, referral.EventSchedule, nil)
	s.Opened.Doubts = []string{"odd"}
	if f := one(t, Decode(s)); f.Event.Type != referral.EventAnomaly || f.Event.Note == "" {
		t.Errorf("doubted answer: got %s", f.Event.Type)
	}
}

// TestChecksAreNamed: every test that docs/ccda-checks.md names is there.
func TestChecksAreNamed(t *testing.T) {
	b, err := os.ReadFile("../docs/ccda-checks.md")
	if err != nil {
		t.Fatal(err)
	}
	sources := map[string]string{}
	for _, folder := range []string{"transform", "ccda", "ccda/xdm", "channels/direct", "engine", "referral", "cmd/refloop"} {
		files, err := filepath.Glob(filepath.Join("..", folder, "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			sources[folder] += string(text)
		}
	}
	var named []string
	for word := range strings.SplitSeq(string(b), "`") {
		if folder, test, ok := strings.Cut(word, ".Test"); ok {
			test, _, _ = strings.Cut(test, "/")
			named = append(named, word)
			if !strings.Contains(sources[folder], "func Test"+test+"(") {
				t.Errorf("docs/ccda-checks.md names %s, which is not there", word)
			}
		}
	}
	if slices.Sort(named); len(slices.Compact(named)) < 20 {
		t.Errorf("docs/ccda-checks.md names %d tests, want 20 or more", len(named))
	}
}

// TestMailIsNoFeed: an appointment or report that comes by Direct mail is about a referral of ours, known or not; on a line it may be one
// of a whole hospital's feed.
func TestMailIsNoFeed(t *testing.T) {
	for _, kind := range []referral.EventType{referral.EventSchedule, referral.EventReport} {
		s := sentTo(t, kind, nil)
		if f := one(t, Decode(s)); f.Feed {
			t.Errorf("%s by mail is taken for a feed", kind)
		}
		s.Channel.Type = channels.MLLP
		if f := one(t, Decode(s)); kind == referral.EventSchedule && !f.Feed {
			t.Errorf("%s on a line is not taken for a feed", kind)
		}
	}
}
