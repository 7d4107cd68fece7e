package rules

import (
	"strings"
	"testing"

	"refloop/referral"
)

// view is a message of known paths.
type view map[string]string

func (v view) Get(path string) string { return v[path] }

// at puts every character of an expression in line 40, from column 11.
func at(index int) Place { return Place{File: "refloop.yaml", Line: 40, Col: 11 + index} }

func source(key, text string) Source { return Source{Key: key, Text: text, At: at} }

func specialties(t testing.TB) map[string]Table {
	t.Helper()
	table, mistakes := ParseTable("specialty.csv", "lookup.specialty", []byte("key,value\nCARD,cardiology\nORTHO,orthopedics\n*,other\n"))
	if mistakes != nil {
		t.Fatal(mistakes)
	}
	return map[string]Table{"specialty": table}
}

func TestMistakesInWhen(t *testing.T) {
	cases := []struct {
		text string
		col  int    // of the character in the expression, from 1; 0: nothing is wrong
		want string // part of the message
	}{
		{`type in ["REF^I12","REF^I13"] || type == "ORM^O01" && msg("OBR-24") in ["REF","CON"]`, 0, ""},
		{`msg("PID-3(2).4.1") startsWith "1." and lookup("specialty", msg("OBR-4.1")) != "other"`, 0, ""},
		{`any(split(msg("OBX(2)-5"), ","), trim(#) matches "^I1[0-5]")`, 0, ""},
		{`let code = msg("OBR-4.1"); code == "CARD" or code == "ORTHO"`, 0, ""},
		{`typ == "x"`, 1, `unknown name "typ", want one of type, version, channel, partner, direction, sender, receiver, msg, lookup; did you mean "type"?`},
		{`type == "x" && foo`, 16, `unknown name "foo"`},
		{`"é" == type && foo`, 16, `unknown name "foo"`},
		{`msg("OBR24") == "x"`, 5, `got the path "OBR24", want one such as OBR-4.1`},
		{`msg("obr-24") == "x"`, 5, `got the path "obr-24"`},
		{`lookup("specialti", "x") == "y"`, 8, `want one defined under lookup: (specialty); did you mean "specialty"?`},
		{`lookup(type, "x") == "y"`, 8, `got a table name that is computed, want it in quotes`},
		{`type`, 1, `gives text, want one that gives true or false`},
		{`1 + 2`, 1, `gives a number, want one that gives true or false`},
		{`type == 1`, 6, `mismatched types string and int`},
		{`type == `, 7, `cannot be read`},
		{`type matches "("`, 6, `error parsing regexp`},
		{`type matches version`, 14, `got a pattern that is computed, want it in quotes`},
		{`lookup("specialty", mesg("OBR-4.1")) == "x"`, 21, `unknown name "mesg", want one of`},
		{`referral.specialty == ""`, 1, `unknown name "referral"`},
		{`any(1..3, any(1..3, all(1..3, # == 1)))`, 1, `more than two deep`},
		{`any(1..3, len(filter(1..3, count(1..3, true) > 0)) > 0)`, 1, `more than two deep`},
		{`all(1..501, true)`, 6, `got a range`},
		{`all(1..len(type), true)`, 6, `got a range`},
		{`[type, 1][0] + "x" == "y"`, 14, `got + of a value whose kind is not known`},
		{`reduce(["a"], "x") == "x"`, 1, `got the function reduce, which rules may not call`},
		{`now() > 1`, 1, `unknown name "now"`},
		{`$env == 1`, 1, `got $env`},
		{`2 ** 9 > 1`, 3, `got a power`},
		{strings.Repeat("type==type&&", 400) + "true", 1, `cannot be read`},
		{strings.Repeat(" ", MaxExpr) + "true", 1, `got an expression of 16388 bytes, want at most 16384`},
	}
	for _, c := range cases {
		t.Run(c.text[:min(len(c.text), 40)], func(t *testing.T) {
			set, got := Compile(Channel{When: source("channels[ehr].when", c.text), Tables: specialties(t)})
			if c.col == 0 {
				if got != nil || set == nil {
					t.Fatalf("got %v, want no mistake", got)
				}
				return
			}
			if set != nil || len(got) == 0 {
				t.Fatal("got no mistake, want one")
			}
			m := got[0]
			if c.want != "cannot be read" && m.Col != 10+c.col || !strings.Contains(m.Text, c.want) || m.Key != "channels[ehr].when" {
				t.Errorf("got column %d: %v, want column %d and %q", m.Col-10, m, c.col, c.want)
			}
		})
	}
}

func TestEveryMistakeOfAChannelAtOnce(t *testing.T) {
	_, got := Compile(Channel{
		When: source("channels[ehr].when", `typo == msg("x")`),
		Set: []Assign{
			{Target: "speciality", Place: Place{"refloop.yaml", 41, 7}, Source: source("channels[ehr].set.speciality", `"x"`)},
			{Target: "priority", Source: source("channels[ehr].set.priority", `1`)},
			{Target: "part2", Source: source("channels[ehr].set.part2", `"yes"`)},
			{Target: "extra.Big", Source: source("channels[ehr].set.extra.Big", `"x"`)},
			{Target: "reason", Source: source("channels[ehr].set.reason", `referral.patient.name`)},
		},
	})
	want := []string{
		`got the path "x"`,
		`got the unknown name "typo"`,
		`got the unknown field "speciality", want one of specialty, priority, reason, service_code, service_text, recipient_partner, recipient_npi, confidentiality, part2, extra.<name>; did you mean "specialty"?`,
		`gives a number, want one that gives text`,
		`gives text, want one that gives true or false`,
		`got "Big" after extra., want a name of small letters, digits and _`,
		`got the unknown field "name", want one of sex, age, state, zip`,
	}
	if len(got) != len(want) {
		t.Fatalf("got %d mistakes, want %d: %v", len(got), len(want), got)
	}
	for i, w := range want {
		if !strings.Contains(got[i].Text, w) {
			t.Errorf("mistake %d: got %q, want %q", i, got[i].Text, w)
		}
	}
}

func TestMistakesInRoutes(t *testing.T) {
	for text, want := range map[string]string{
		`referral.specialti == ""`:      `unknown field "specialti", want one of id, role, state`,
		`referral.recipient.np == ""`:   `unknown field "np", want one of partner, npi`,
		`msg("PID-3") == ""`:            `unknown name "msg", want one of referral`,
		`referral.specialty`:            `gives text, want one that gives true or false`,
		`referral.patient.family == ""`: `unknown field "family"`,
	} {
		if r, got := CompileRoute(source("routes[0].when", text)); r != nil || len(got) != 1 || !strings.Contains(got[0].Text, want) {
			t.Errorf("%s: got %v, want %q", text, got, want)
		}
	}
}

func TestRouteMatches(t *testing.T) {
	ref := referral.Referral{Specialty: "cardiology", Priority: referral.Urgent, Diagnoses: []referral.Coded{{Code: "I10"}, {Code: "E11.9"}},
		Patient:  referral.Patient{BirthDate: "2010-06-15", Sex: "F"},
		Coverage: []referral.Coverage{{Payer: "Acme Health"}}, Extra: []referral.Extra{{Key: "site", Value: "north"}}}
	ref.Recipient.NPI = "1245319599"
	ref.Requested = mustTime(t, "2026-06-14T23:00:00Z")
	for text, want := range map[string]bool{
		`referral.specialty == "cardiology"`:                              true,
		`referral.specialty == "cardiology" && referral.patient.age < 16`: true, // the day before the birthday
		`referral.patient.age == 15`:                                      true,
		`any(referral.diagnoses, # startsWith "E11")`:                     true,
		`referral.priority in ["stat"]`:                                   false,
		`referral.recipient.npi == "1245319599"`:                          true,
		`referral.extra.site == "north" and referral.extra.other == ""`:   true,
		`"Acme Health" in referral.payers`:                                true,
		`referral.confidentiality == "N" and not referral.part2`:          true,
	} {
		r, mistakes := CompileRoute(source("routes[0].when", text))
		if mistakes != nil {
			t.Fatal(mistakes)
		}
		if got, err := r.Match(ref); err != nil || got != want {
			t.Errorf("%s: got %v, %v, want %v", text, got, err, want)
		}
	}
}
