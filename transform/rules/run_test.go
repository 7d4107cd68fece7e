package rules

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"refloop/referral"
)

func mustTime(t testing.TB, s string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func mustCompile(t testing.TB, when string, set ...string) *Set {
	t.Helper()
	c := Channel{Tables: specialties(t), Partners: []string{"lakeside-cardiology"}}
	if when != "" {
		c.When = source("channels[ehr].when", when)
	}
	for i := 0; i+1 < len(set); i += 2 {
		c.Set = append(c.Set, Assign{Target: set[i], Source: source("channels[ehr].set."+set[i], set[i+1])})
	}
	s, mistakes := Compile(c)
	if mistakes != nil {
		t.Fatal(mistakes)
	}
	return s
}

func TestNoRulesLetEverythingPass(t *testing.T) {
	for _, s := range []*Set{nil, mustCompile(t, "")} {
		ok, err := s.When(Message{Type: "ADT^A08"})
		r, err2 := s.Apply(Message{}, referral.Referral{ID: "R1"})
		if !ok || err != nil || err2 != nil || r.ID != "R1" || s.WhenName() != "" {
			t.Errorf("got %v %v %v %+v", ok, err, err2, r)
		}
	}
}

func TestWhen(t *testing.T) {
	s := mustCompile(t, `type == "REF^I12" || type == "ORM^O01" && msg("OBR-24") in ["REF","CON"]`)
	for _, c := range []struct {
		m    Message
		want bool
	}{
		{Message{Type: "REF^I12"}, true},
		{Message{Type: "ORM^O01", View: view{"OBR-24": "CON"}}, true},
		{Message{Type: "ORM^O01", View: view{"OBR-24": "LAB"}}, false},
		{Message{Type: "ORM^O01"}, false},
	} {
		if got, err := s.When(c.m); err != nil || got != c.want {
			t.Errorf("%+v: got %v, %v, want %v", c.m, got, err, c.want)
		}
	}
	if got := s.WhenName(); got != "channels[ehr].when (refloop.yaml:40:11)" {
		t.Errorf("got %q", got)
	}
}

func TestSet(t *testing.T) {
	s := mustCompile(t, "",
		"specialty", `lookup("specialty", msg("OBR-4.1"))`,
		"priority", `msg("TQ1-9") == "S" ? "stat" : "routine"`,
		"reason", `referral.reason + " / " + referral.specialty`,
		"service_code", `msg("OBR-4.1")`,
		"service_text", `msg("ZZZ-1")`,
		"recipient_partner", `referral.specialty == "cardiology" ? "lakeside-cardiology" : ""`,
		"recipient_npi", `"1245319599"`,
		"confidentiality", `"R"`,
		"part2", `msg("PV1-10") == "SUD"`,
		"extra.site", `upper(sender)`,
		"extra.site", `referral.extra.site + "!"`,
	)
	in := referral.Referral{Reason: "chest pain", Service: referral.Service{Coded: referral.Coded{Text: "Consult"}},
		Extra: []referral.Extra{{Key: "kept", Value: "1"}}}
	before := in
	got, err := s.Apply(Message{Sender: "nsehr", View: view{"OBR-4.1": " CARD", "TQ1-9": "S", "PV1-10": "SUD"}}, in)
	if err != nil {
		t.Fatal(err)
	}
	want := before
	want.Specialty, want.Priority, want.Reason = "cardiology", referral.Stat, "chest pain / cardiology"
	want.Service.Code = " CARD"
	want.Recipient.Partner, want.Recipient.NPI = "lakeside-cardiology", "1245319599"
	want.Confidentiality = referral.Confidentiality{Code: "R", Part2: true, Source: "rule"}
	want.Extra = []referral.Extra{{Key: "kept", Value: "1"}, {Key: "site", Value: "NSEHR!"}}
	if !reflect.DeepEqual(want, got) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if !reflect.DeepEqual(before, in) {
		t.Errorf("Apply changed what it was given: got %+v, want %+v", in, before)
	}
}

// A failing rule names itself and nothing of the message.
func TestErrorsShowNoMessage(t *testing.T) {
	const secret = "Vandelay"
	long := strings.Repeat(secret, MaxText)
	many := strings.Repeat(secret+",", MaxList)
	cases := []struct {
		when, target, value string
		v                   view
		reason              string
	}{
		{when: `int(msg("PID-5")) > 1`, v: view{"PID-5": secret}, reason: "could not be computed"},
		{when: `msg("PID-" + msg("PID-5")) == ""`, v: view{"PID-5": secret}, reason: "no path"},
		{when: `msg("PID-5") == ""`, v: view{"PID-5": long}, reason: "longer than a rule may read"},
		{when: `len(split(msg("PID-5"), ",")) == 1`, v: view{"PID-5": many}, reason: "more parts than it may"},
		{when: `len(map(split(msg("PID-5"), "|"), split(#, "|")[9])) == 1`, v: view{"PID-5": secret}, reason: "could not be computed"},
		{when: `replace(msg("PID-5"), "", msg("PID-5")) == ""`, v: view{"PID-5": long[:1000]}, reason: "longer text"},
		{when: `let a = msg("PID-5") + msg("PID-5"); let b = a + a; let c = b + b; c + c == ""`, v: view{"PID-5": long[:30000]}, reason: "longer text"},
		{when: `all(split(msg("PID-5"), ","), all(split(msg("PID-5"), ","), msg("PID-5") != ""))`, v: view{"PID-5": many[:MaxList*4]}, reason: "more often"},
		{target: "priority", value: `msg("PID-5")`, v: view{"PID-5": secret}, reason: "none of routine, urgent, stat"},
		{target: "confidentiality", value: `msg("PID-5")`, v: view{"PID-5": secret}, reason: "none of N, R, V"},
		{target: "recipient_partner", value: `msg("PID-5")`, v: view{"PID-5": secret}, reason: "not the id of a partner"},
		{target: "recipient_npi", value: `msg("PID-5")`, v: view{"PID-5": secret}, reason: "not ten digits"},
	}
	for _, c := range cases {
		t.Run(c.when+c.target, func(t *testing.T) {
			var set []string
			if c.target != "" {
				set = []string{c.target, c.value}
			}
			s := mustCompile(t, c.when, set...)
			_, err := s.When(Message{View: c.v})
			if c.target != "" {
				var r referral.Referral
				r, err = s.Apply(Message{View: c.v}, referral.Referral{ID: "R1"})
				if !reflect.DeepEqual(referral.Referral{ID: "R1"}, r) {
					t.Errorf("got %+v, want the referral unchanged", r)
				}
			}
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("got %v, want an *Error", err)
			}
			if !strings.Contains(e.Reason, c.reason) || strings.Contains(err.Error(), secret) || e.Place.Line != 40 || !strings.HasPrefix(e.Key, "channels[ehr].") {
				t.Errorf("got %v, want the reason %q and no value", err, c.reason)
			}
		})
	}
}

// A rule never loosens what is known about confidentiality.
func TestConfidentialityOnlyGetsStricter(t *testing.T) {
	order := map[string]int{"": 0, "N": 0, "R": 1, "V": 2}
	rapid.Check(t, func(rt *rapid.T) {
		code := rapid.SampledFrom([]string{"", "N", "R", "V"})
		before := referral.Referral{Confidentiality: referral.Confidentiality{Code: code.Draw(rt, "before"), Part2: rapid.Bool().Draw(rt, "part2")}}
		s := mustCompile(t, "", "confidentiality", `msg("PID-1")`, "part2", `msg("PID-2") == "Y"`)
		after, err := s.Apply(Message{View: view{"PID-1": code.Draw(rt, "rule"), "PID-2": rapid.SampledFrom([]string{"Y", "N"}).Draw(rt, "flag")}}, before)
		if err != nil || order[after.Confidentiality.Code] < order[before.Confidentiality.Code] || before.Confidentiality.Part2 && !after.Confidentiality.Part2 {
			rt.Fatalf("got %+v from %+v (%v), want nothing looser", after.Confidentiality, before.Confidentiality, err)
		}
	})
}

// The dearest rule that the guards let through, on the largest lists, ends soon.
func TestWorstCaseIsBounded(t *testing.T) {
	s := mustCompile(t, `count(split(msg("PID-3"), ","), any(split(msg("PID-3"), ","), # == "never" and lower(#) matches "a.*b.*c$")) > 0`)
	v := view{"PID-3": strings.Repeat("aaaaaaaaab,", MaxList-1)}
	start := time.Now()
	if ok, err := s.When(Message{View: v}); ok || err != nil {
		var e *Error
		if !errors.As(err, &e) {
			t.Fatalf("got %v, %v", ok, err)
		}
	}
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("got %v, want a fraction of a second", d)
	}
}

func BenchmarkWhenAndSet(b *testing.B) {
	s := mustCompile(b, `type in ["REF^I12","REF^I13","REF^I14","REF^I15","OMG^O19"] || type == "ORM^O01" && msg("OBR-24") in ["REF","CON"]`,
		"specialty", `lookup("specialty", msg("OBR-4.1"))`)
	m := Message{Type: "ORM^O01", View: view{"OBR-24": "CON", "OBR-4.1": "CARD"}}
	b.ReportAllocs()
	for b.Loop() {
		if ok, err := s.When(m); !ok || err != nil {
			b.Fatal(ok, err)
		}
		if _, err := s.Apply(m, referral.Referral{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRoute(b *testing.B) {
	r, _ := CompileRoute(source("routes[0].when", `referral.specialty == "cardiology" && any(referral.diagnoses, # startsWith "I")`))
	ref := referral.Referral{Specialty: "cardiology", Diagnoses: []referral.Coded{{Code: "E11"}, {Code: "I10"}}}
	b.ReportAllocs()
	for b.Loop() {
		if ok, err := r.Match(ref); !ok || err != nil {
			b.Fatal(ok, err)
		}
	}
}
