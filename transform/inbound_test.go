package transform

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"refloop/channels"
	"refloop/hl7"
	"refloop/referral"
)

const whenReferral = `type in ["REF^I12","REF^I13","REF^I14","REF^I15","OMG^O19"] || type == "ORM^O01" && msg("OBR-24") in ["REF","CON"]`

// ugly are messages as systems really send them; want looks at what became of them.
func TestUglyMessages(t *testing.T) {
	base := []string{
		`MSH|^~\&|NSEHR|NORTHSIDE|REFLOOP|HUB|20261102091530||REF^I12^REF_I12|C1|P|2.4`, `RF1||U|||O|R-1^NORTHSIDE|||20261102|^Knee pain`,
		`PRD|RP~AP|Marsh^Ellen|||||1467560003^NPI`, `PRD|RT~IR|Ruiz^Ana`, `PID|1||M1^^^NORTHSIDE^MR~900-11-2222^^^USSSA^SS||Doe^Jo^^^^^A~Doe^Joanna^^^^^L||19700101|F`,
	}
	with := func(change func(lines []string) []string) []byte { return message(change(slices.Clone(base))...) }
	same := func(lines []string) []string { return lines }
	for _, c := range []struct {
		name string
		body []byte
		want func(t *testing.T, d Decoded)
	}{
		{"plain", with(same), func(t *testing.T, d Decoded) {
			r := one(t, d).Event.Payload.Record
			if r.Priority != referral.Urgent || r.Reason != "Knee pain" || r.Initiator.NPI != "1467560003" || r.Recipient.Clinician.Family != "Ruiz" || r.Patient.Name.Given != "Joanna" || len(r.Patient.IDs) != 1 {
				t.Errorf("got %+v", r)
			}
		}},
		{"LF and byte order mark", append([]byte("\xEF\xBB\xBF"), bytes.ReplaceAll(with(same), []byte("\r"), []byte("\n"))...), func(t *testing.T, d Decoded) {
			if r := one(t, d).Event.Payload.Record; r.Reason != "Knee pain" {
				t.Errorf("got %q", r.Reason)
			}
		}},
		{"repeats and escapes", with(func(l []string) []string {
			l[1] = `RF1||S|||O|R-1^NORTHSIDE||||^Pain \T\ swelling~^Since \H\May\N\ 5\S\th\.br\worse`
			return l
		}), func(t *testing.T, d Decoded) {
			if r := one(t, d).Event.Payload.Record; r.Reason != "Pain & swelling; Since May 5^th\nworse" || r.Priority != referral.Stat {
				t.Errorf("got %q %q", r.Reason, r.Priority)
			}
		}},
		{"Z segments and no PRD", with(func(l []string) []string { return []string{l[0], `ZAA|1|x`, l[1], l[4], `ZBB|2|y`} }), func(t *testing.T, d Decoded) {
			if r := one(t, d).Event.Payload.Record; r.Initiator.NPI != "" || r.Reason == "" {
				t.Errorf("got %+v", r.Initiator)
			}
		}},
		{"ISO 8859-1 said", []byte(strings.ReplaceAll(string(with(func(l []string) []string { l[0] += "||||||8859/1"; return l })), "Doe", "M\xfcller")), func(t *testing.T, d Decoded) {
			if r := one(t, d).Event.Payload.Record; r.Patient.Name.Family != "Müller" {
				t.Errorf("got %q", r.Patient.Name.Family)
			}
		}},
		{"UTF-8 unsaid", []byte(strings.ReplaceAll(string(with(same)), "Doe", "Müller")), func(t *testing.T, d Decoded) {
			if r := one(t, d).Event.Payload.Record; r.Patient.Name.Family != "Müller" {
				t.Errorf("got %q", r.Patient.Name.Family)
			}
		}},
		{"unknown priority", with(func(l []string) []string { l[1] = strings.Replace(l[1], "|U|", "|PRONTO|", 1); return l }), func(t *testing.T, d Decoded) {
			if r := one(t, d).Event.Payload.Record; r.Priority != "" {
				t.Errorf("got %q, want none: a person decides", r.Priority)
			}
		}},
		{"no reason", with(func(l []string) []string { l[1] = `RF1||R|||O|R-1^NORTHSIDE`; return l }), func(t *testing.T, d Decoded) {
			r := one(t, d).Event.Payload.Record
			if len(r.Holds) != 1 || r.Holds[0].Kind != referral.HoldCompleteness || r.Holds[0].Reason != ReasonMissing || r.Holds[0].Since != hour(12) {
				t.Errorf("got %v", r.Holds)
			}
		}},
		{"change without priority says no news", with(func(l []string) []string {
			l[0], l[1] = strings.Replace(l[0], "I12^REF", "I13^REF", 1), `RF1|||||O|R-1^NORTHSIDE|||20261102|^Knee pain`
			return l
		}), func(t *testing.T, d Decoded) {
			f := one(t, d)
			if rec := f.Event.Payload.Record; f.Event.Type != referral.EventChange || rec.Priority != "" || f.Creates || len(rec.Holds) != 0 {
				t.Errorf("got %s %q %v", f.Event.Type, rec.Priority, rec.Holds)
			}
		}},
		{"EI.3 instead of EI.1", with(func(l []string) []string { l[1] = strings.Replace(l[1], "R-1^NORTHSIDE", "^^REF001", 1); return l }), func(t *testing.T, d Decoded) {
			if f := one(t, d); len(f.Ref) != 1 || f.Ref[0].Value != "REF001" || f.Ref[0].Authority != "partner:northside-ehr" {
				t.Errorf("got %v", f.Ref)
			}
		}},
		{"no number", with(func(l []string) []string { l[1] = strings.Replace(l[1], "R-1^NORTHSIDE", "", 1); return l }), func(t *testing.T, d Decoded) {
			if d.Verdict != channels.Repair || len(d.Facts) != 0 || d.Problems[0].Location != "RF1[1]-6.1" || d.Problems[0].Code != hl7.CodeRequired {
				t.Errorf("got %v %v", d.Verdict, d.Problems)
			}
		}},
		{"test traffic", with(func(l []string) []string { l[0] = strings.Replace(l[0], "|P|", "|T|", 1); return l }), func(t *testing.T, d Decoded) {
			if d.Verdict != channels.Reject || d.Problems[0].Code != hl7.CodeProcessingID {
				t.Errorf("got %v %v", d.Verdict, d.Problems)
			}
		}},
		{"constant numbers beside RF1-6 name nothing", with(func(l []string) []string { return append(l, `OBR|1|ORD-1^LAB||X^ECG^L`) }), func(t *testing.T, d Decoded) {
			if f := one(t, d); len(f.Ref) != 1 || f.Ref[0].Value != "R-1" {
				t.Errorf("got %v", f.Ref)
			}
		}},
		{"status query", with(func(l []string) []string { l[0] = strings.Replace(l[0], "I12^REF", "I15^REF", 1); return l }), func(t *testing.T, d Decoded) {
			if f := one(t, d); f.Event.Type != referral.EventStatusQuery || kindOf(f.Event.Payload.Identifiers, referral.KindControlID).Value != "C1" {
				t.Errorf("got %s %v", f.Event.Type, f.Event.Payload.Identifiers)
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := Decode(hl7Source(c.body, "northside-ehr"))
			c.want(t, d)
			for _, f := range d.Facts {
				if f.Event.Payload.Patient == nil {
					t.Error("the patient is not named")
				}
			}
		})
	}
}

// An ORM is judged order by order: the lab order rides along and is left out by the channel's rule.
func TestOrdersAreJudgedOneByOne(t *testing.T) {
	orm := func(kinds ...string) []byte {
		lines := []string{`MSH|^~\&|NSEHR|NORTHSIDE|REFLOOP|HUB|20261102||ORM^O01|O1|P|2.3`, `PID|1||M1^^^NORTHSIDE||Doe^Jo||19700101|F`}
		for i, k := range kinds {
			n := string(rune('1' + i))
			control := "NW"
			if k == "LAB" {
				control = "PA" // means nothing to a referral, and must not matter here
			}
			lines = append(lines, `ORC|`+control+`|P-`+n+`^NSEHR`, `OBR|`+n+`|P-`+n+`^NSEHR||X`+n+`^Service `+n+`^L||||||||||||||||||||`+k, `DG1|1||D22.`+n+`^Naevus^I10`)
		}
		return message(lines...)
	}
	for _, c := range []struct {
		kinds   []string
		numbers []string
	}{
		{[]string{"REF", "CON"}, []string{"P-1", "P-2"}}, {[]string{"LAB", "REF"}, []string{"P-2"}}, {[]string{"REF", "LAB"}, []string{"P-1"}}, {[]string{"LAB"}, nil},
	} {
		s := hl7Source(orm(c.kinds...), "northside-ehr")
		s.Channel.Rules = ruleSet(t, whenReferral)
		d := Decode(s)
		var got []string
		for _, f := range d.Facts {
			got = append(got, f.Ref[0].Value)
			if dg := f.Event.Payload.Record.Diagnoses; len(dg) != 1 || dg[0].Code != "D22."+f.Ref[0].Value[2:] {
				t.Errorf("%v: diagnoses of another order: %v", c.kinds, dg)
			}
		}
		if !slices.Equal(got, c.numbers) || d.Verdict != channels.Taken || (d.Ignore != "") != (len(c.numbers) == 0) {
			t.Errorf("%v: got %v, ignore %q, verdict %v, want %v", c.kinds, got, d.Ignore, d.Verdict, c.numbers)
		}
	}
	lab, err := os.ReadFile("../testdata/hl7/microsoft-fhir-converter/LAB-ORM-1.hl7")
	if err != nil {
		t.Fatal(err)
	}
	s := hl7Source(lab, "northside-ehr")
	s.Channel.Rules = ruleSet(t, whenReferral)
	if d := Decode(s); !strings.HasPrefix(d.Ignore, "when") || len(d.Facts) != 0 {
		t.Errorf("LAB-ORM-1: ignore %q with %d facts", d.Ignore, len(d.Facts))
	}
}

// A cancel of a known order, and an unknown sender.
func TestCancelAndUnknownSender(t *testing.T) {
	body, err := os.ReadFile(filepath.Join("../testdata/hl7/own", "orm-cancel.hl7"))
	if err != nil {
		t.Fatal(err)
	}
	f := one(t, Decode(hl7Source(body, "")))
	if f.Event.Type != referral.EventCancel || f.Ref[0].Value != "P-9002" || f.Creates {
		t.Errorf("got %s %v", f.Event.Type, f.Ref)
	}
	d := Decode(hl7Source(bytes.Replace(body, []byte("NSEHR|NORTHSIDE"), []byte("WHO|KNOWS"), 1), ""))
	if d.Hold == "" || len(d.Facts) != 0 || d.Verdict != channels.Taken {
		t.Errorf("unknown sender: hold %q, %d facts, verdict %v", d.Hold, len(d.Facts), d.Verdict)
	}
}

// A system that names its authority by namespace and OID once, and by one of them later, speaks of the same referral and patient.
func TestNumbersAreKnownUnderBothNames(t *testing.T) {
	r := taken(t, "ref-i12.hl7", referral.RoleInitiator)
	body, err := os.ReadFile("../testdata/hl7/own/ref-i14-lf-bom.hl7")
	if err != nil {
		t.Fatal(err)
	}
	f := one(t, Decode(hl7Source(body, "northside-ehr")))
	if !slices.ContainsFunc(r.Identifiers, func(id referral.Identifier) bool { return id.Equal(f.Ref[0]) }) {
		t.Errorf("the cancel says %v, the record knows %v", f.Ref, r.Identifiers)
	}
	if m, diff := referral.SamePatient(r.Patient, *f.Event.Payload.Patient); m != referral.MatchSame {
		t.Errorf("got %v %v, want the same patient", m, diff)
	}
	f.Event.Payload.Patient.IDs[0].Value = "MRN9999"
	if m, _ := referral.SamePatient(r.Patient, *f.Event.Payload.Patient); m != referral.MatchOther {
		t.Error("another number of the same namespace: want another patient")
	}
}

// What the package around a message says is kept with a request: referral number, mail and submission set.
func TestPackageNumbers(t *testing.T) {
	body, err := os.ReadFile("../testdata/hl7/own/360x-omg-o19.hl7")
	if err != nil {
		t.Fatal(err)
	}
	attrs := map[string]string{"referral_id": "R-88213", "referral_authority": ownOID, "order_id": "X-1", "order_authority": "1.2.3", "set_id": "1.2.9"}
	s := mailSource(channels.Part{Kind: channels.KindHL7, Body: body, Attrs: attrs})
	s.Opened.ControlID = "<a@b>"
	f := one(t, Decode(s))
	if len(f.Ref) != 2 || f.Ref[0].Value != "R-88213" || f.Ref[1].Value != "X-1" {
		t.Errorf("got %v", f.Ref)
	}
	for kind, want := range map[string]string{referral.KindMessageID: "<a@b>", referral.KindXDM: "1.2.9"} {
		if got := kindOf(f.Event.Payload.Record.Identifiers, kind).Value; got != want {
			t.Errorf("%s: got %q, want %q", kind, got, want)
		}
	}
}

// The published 360X samples say what the ONC pages say they do.
func TestPublished360X(t *testing.T) {
	const folder = "../../shared/samples/hl7/onc-360x"
	if _, err := os.Stat(folder); err != nil {
		t.Skipf("%s is missing: the published 360X samples are not part of this repository", folder)
	}
	for name, want := range map[string]referral.EventType{"OMG_O19_request": referral.EventRequest, "OSU_O51_cancel": referral.EventCancel, "SIU_S26_noshow": referral.EventNoShow} {
		body, err := os.ReadFile(filepath.Join(folder, name+".hl7"))
		if err != nil {
			t.Fatal(err)
		}
		f := one(t, Decode(mailSource(channels.Part{Kind: channels.KindHL7, Body: body})))
		if f.Event.Type != want || f.Ref[0].Value != "889342" || f.Ref[0].Authority != "1.3.6.1.4.1.21367.2016.10.1.21.15" || f.Event.Payload.Patient == nil {
			t.Errorf("%s: got %s %v", name, f.Event.Type, f.Ref)
		}
	}
}

// Records of substance use disorder programs are marked by sender, label, notice and diagnosis, and never unmarked.
func TestPart2Marks(t *testing.T) {
	ref := func(lines ...string) []byte {
		return message(append([]string{
			`MSH|^~\&|A|B|REFLOOP|HUB|20261102||REF^I12|C1|P|2.5.1`, `RF1||R|||O|R-1^B||||^Counselling`, `PID|1||M1^^^B||Doe^Jo||19700101|F`,
		}, lines...)...)
	}
	for _, c := range []struct {
		name, partner string
		body          []byte
		want          referral.Confidentiality
		hold          bool
	}{
		{"nothing", "northside-ehr", ref(), referral.Confidentiality{}, false},
		{"program", "clinic", ref(), referral.Confidentiality{Code: "R", Part2: true, Source: "sender"}, false},
		{"diagnosis, unknown sender", "northside-ehr", ref(`DG1|1||F11.20^Opioid dependence^I10`), referral.Confidentiality{Code: "R", Part2: true, Source: "rule"}, true},
		{"diagnosis, no program", "dermatology", ref(`DG1|1||F11.20^Opioid dependence^I10`), referral.Confidentiality{Code: "R", Source: "rule"}, false},
		{"nicotine", "northside-ehr", ref(`DG1|1||F17.210^Nicotine dependence^I10`), referral.Confidentiality{}, false},
		{"label", "northside-ehr", ref(`ARV|1|A|ETH`), referral.Confidentiality{Code: "R", Part2: true, Source: "label"}, false},
		{"very restricted", "northside-ehr", ref(`ARV|1|A|V`), referral.Confidentiality{Code: "V", Source: "label"}, false},
		{
			"notice", "northside-ehr", ref(`NTE|1||42 CFR part 2 prohibits unauthorized disclosure of these records.`),
			referral.Confidentiality{Code: "R", Part2: true, Source: "notice", Notice: "42 CFR part 2 prohibits unauthorized disclosure of these records."}, false,
		},
	} {
		r := one(t, Decode(hl7Source(c.body, c.partner))).Event.Payload.Record
		held := slices.ContainsFunc(r.Holds, func(h referral.Hold) bool { return h.Kind == referral.HoldPart2 })
		if r.Confidentiality != c.want || held != c.hold {
			t.Errorf("%s: got %+v, held %v; want %+v, %v", c.name, r.Confidentiality, held, c.want, c.hold)
		}
	}
}
