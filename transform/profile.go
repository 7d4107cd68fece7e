package transform

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"refloop/ccda"
	"refloop/channels"
	"refloop/referral"
)

// Profile says what of a record goes to a partner (minimum necessary, loop.md section 9). The zero value sends all but what needs a
// basis. Patient, reason, diagnoses, allergies and medications always go: a clinician who does not see them may take them for none.
type Profile struct {
	Sections    []string      // what else goes: names of ProfileSections or LOINC codes; nil: all
	LookBack    time.Duration // dated results, vital signs and papers older than this stay; 0: no limit
	Attachments []string      // kinds of papers that go: pdf, image, cda, text, other, or none; nil: all
	Basis       []string      // sensitive content that may go to this partner: part2, psychotherapy
	Strict      bool          // a record marked under 42 CFR Part 2 goes without what may show it, unless Basis has part2

	Services []ServiceProfile // what is different for some services: the first that fits counts
}

// ServiceProfile is what of a record goes when a service of For is asked for. A zero field is that of the Profile around it.
type ServiceProfile struct {
	For         []string // specialties, service codes or words of the service; case does not count
	Sections    []string
	LookBack    time.Duration
	Attachments []string
}

// of is the profile as it stands for the service that a record asks for.
func (p Profile) of(r referral.Referral) Profile {
	asked := append([]string{r.Specialty, r.Service.Code, r.Service.Text}, r.Service.Procedures...)
	for _, s := range p.Services {
		if !slices.ContainsFunc(s.For, func(want string) bool {
			return slices.ContainsFunc(asked, func(have string) bool {
				return have != "" && strings.EqualFold(strings.TrimSpace(want), strings.TrimSpace(have))
			})
		}) {
			continue
		}
		if s.Sections != nil {
			p.Sections = s.Sections
		}
		if s.LookBack > 0 {
			p.LookBack = s.LookBack
		}
		if s.Attachments != nil {
			p.Attachments = s.Attachments
		}
		break
	}
	return p
}

// Kinds of sensitive content that need a basis (Profile.Basis).
const (
	BasisPart2         = "part2"         // 42 CFR Part 2
	BasisPsychotherapy = "psychotherapy" // psychotherapy notes, 45 CFR 164.501
)

// profileSections are the names of Profile.Sections, with their LOINC codes. Nobody writes to it.
var profileSections = map[string]string{
	"results": "30954-2", "vitals": "8716-3", "procedures": "47519-4", "coverage": "48768-6", "immunizations": "11369-6", "social": "29762-2", "family": "10157-6",
	"history": "11348-0", "present_illness": "10164-2", "exam": "29545-1", "systems": "10187-3", "functional": "47420-5", "mental": "10190-7", "encounters": "46240-8",
	"equipment": "46264-8", "directives": "42348-3", "plan": "18776-5", "assessment": "51848-0", "notes": "11488-4",
}

// ProfileSections are the names that Profile.Sections knows beside LOINC codes, sorted.
func ProfileSections() []string {
	var out []string
	for name := range profileSections {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// AttachmentKinds are the words that Profile.Attachments knows.
func AttachmentKinds() []string {
	return []string{channels.KindPDF, channels.KindImage, channels.KindCDA, channels.KindText, channels.KindOther, "none"}
}

// filter applies a profile and gathers what stays behind.
type filter struct {
	Profile
	at   time.Time
	left []string
}

// Apply returns the record as the profile lets it go, and in words what was left out and why: kinds and numbers, never content, and
// nothing that tells which sensitive kind it is. r is not changed. at is when it goes.
func (p Profile) Apply(r referral.Referral, at time.Time) (referral.Referral, []string) {
	f := &filter{Profile: p.of(r), at: at}
	r.Results = f.observations(r.Results, "results", "result")
	r.Vitals = f.observations(r.Vitals, "vitals", "vital sign")
	if !f.wants("procedures") {
		r.Procedures = leave(f, r.Procedures, "procedure", byProfile)
	}
	if !f.wants("coverage") {
		r.Coverage = leave(f, r.Coverage, "insurance", byProfile)
	}
	r = f.sensitive(r)
	r.Sections = f.sections(r.Sections)
	r.Documents = f.papers(r.Documents)
	return r, f.left
}

const (
	byProfile  = "not in the payload agreed with this recipient"
	byAge      = "older than agreed with this recipient"
	needsBasis = "needs a basis that is not on record"
)

// say notes that n things stay behind.
func (f *filter) say(n int, what, why string) {
	if n == 1 {
		f.left = append(f.left, fmt.Sprintf("1 %s: %s", what, why))
	} else if n > 1 {
		f.left = append(f.left, fmt.Sprintf("%d %ss: %s", n, what, why))
	}
}

// leave leaves out a whole list.
func leave[T any](f *filter, list []T, what, why string) []T {
	f.say(len(list), what, why)
	return nil
}

// keep returns the items that pass ok, and says how many others there were.
func keep[T any](f *filter, list []T, what, why string, ok func(T) bool) []T {
	var out []T
	for _, x := range list {
		if ok(x) {
			out = append(out, x)
		}
	}
	f.say(len(list)-len(out), what, why)
	return out
}

// wants reports whether a section goes, by its name or LOINC code.
func (f *filter) wants(name string) bool {
	return f.Sections == nil || slices.Contains(f.Sections, name) || slices.Contains(f.Sections, profileSections[name])
}

// wantsLOINC is wants for a section that is known by its code.
func (f *filter) wantsLOINC(loinc string) bool {
	if f.Sections == nil || slices.Contains(f.Sections, loinc) {
		return true
	}
	switch loinc {
	case ccda.SectionReason, ccda.SectionProblems, ccda.SectionAllergies, ccda.SectionMedications:
		return true
	}
	for name, code := range profileSections {
		if code == loinc && slices.Contains(f.Sections, name) {
			return true
		}
	}
	return false
}

func (f *filter) observations(list []referral.Observation, section, what string) []referral.Observation {
	if !f.wants(section) {
		return leave(f, list, what, byProfile)
	}
	if f.LookBack <= 0 {
		return list
	}
	oldest := f.at.Add(-f.LookBack).UTC().Format(time.DateOnly)
	return keep(f, list, what, byAge, func(o referral.Observation) bool {
		n := min(len(o.Time), len(oldest))
		return n < 4 || o.Time[:n] >= oldest[:n]
	})
}

func (f *filter) sections(list []referral.Section) []referral.Section {
	if !slices.Contains(f.Basis, BasisPsychotherapy) {
		list = keep(f, list, "section", needsBasis, func(s referral.Section) bool { return !psychotherapy(s.Title) })
	}
	list = keep(f, list, "section", byProfile, func(s referral.Section) bool { return f.wantsLOINC(s.LOINC) })
	if f.LookBack <= 0 {
		return list
	}
	return keep(f, list, "section", byAge, func(s referral.Section) bool { // their narrative has no dates that could be told apart
		return s.LOINC != ccda.SectionResults && s.LOINC != ccda.SectionVitals
	})
}

// papers filters what came with the request; a report is never left out, it is what the loop is for.
func (f *filter) papers(list []referral.Document) []referral.Document {
	outcome := func(d referral.Document) bool { return d.Kind == "report" || d.Kind == "interim" }
	if !slices.Contains(f.Basis, BasisPsychotherapy) {
		list = keep(f, list, "attachment", needsBasis, func(d referral.Document) bool { return !psychotherapy(d.Title + " " + d.Code.Text) })
	}
	if f.Attachments != nil {
		list = keep(f, list, "attachment", byProfile, func(d referral.Document) bool {
			return outcome(d) || slices.Contains(f.Attachments, partKind(d.ContentType))
		})
	}
	if f.LookBack > 0 {
		oldest := f.at.Add(-f.LookBack)
		list = keep(f, list, "attachment", byAge, func(d referral.Document) bool { return outcome(d) || d.Time.IsZero() || !d.Time.Before(oldest) })
	}
	return list
}

// psychotherapy knows notes of psychotherapy by their title, which is all that tells them apart.
func psychotherapy(title string) bool {
	t := strings.ToLower(title)
	return strings.Contains(t, "psychotherap") && !strings.Contains(t, "referral") || strings.Contains(t, "process note")
}

// sensitive leaves out what may show that a record of a substance use disorder program is one. What cannot be told apart, narrative and
// papers, counts as protected.
func (f *filter) sensitive(r referral.Referral) referral.Referral {
	if !f.Strict || !r.Confidentiality.Part2 || slices.Contains(f.Basis, BasisPart2) {
		return r
	}
	r.Diagnoses = keep(f, r.Diagnoses, "item", needsBasis, func(c referral.Coded) bool { return !substanceUse(c) })
	r.Sections = leave(f, r.Sections, "section", needsBasis)
	r.Documents = keep(f, r.Documents, "attachment", needsBasis, func(d referral.Document) bool { return d.Kind == "report" || d.Kind == "interim" })
	return r
}
