package transform

import (
	"slices"

	"refloop/channels"
	"refloop/hl7"
	"refloop/referral"
)

// The triggers that a channel with `patients: true` takes (HL7 v2.5.1 chapter 3): registered, updated and added; and those by which a number is
// merged into another or changed, each with MRG.
var (
	adtEvents   = []string{"A01", "A04", "A05", "A08", "A28", "A31"}
	mergeEvents = []string{"A18", "A34", "A36", "A40", "A47"}
)

// patientFeed reports whether the message is one for the practice's own list of patients.
func (r *hl7Reader) patientFeed() bool { return r.s.Channel.Patients && r.m.Code() == "ADT" }

// adt reads what an ADT says of the practice's own patients. It makes no referral and moves none: the engine takes what it says over into open
// referrals that hold the patient's number.
func (r *hl7Reader) adt() {
	if !r.acceptable() {
		return
	}
	merge := slices.Contains(mergeEvents, r.m.Event())
	if !merge && !slices.Contains(adtEvents, r.m.Event()) {
		r.out.Ignore = "patients: an ADT of a trigger that says nothing new about who a patient is"
		return
	}
	if r.unreadText() {
		r.warnUnread()
		return
	}
	if r.partner == "" {
		r.out.Hold = "unknown sender: MSH-3 and MSH-4 belong to no partner"
		return
	}
	if p, ok := r.s.Directory.Partner(r.partner); !ok || !p.Own {
		r.out.Hold = "patients: got an ADT of a partner that is not our own side; only our own systems keep our list of patients"
		return
	}
	people := r.m.Groups("PID")
	for _, g := range people {
		r.patientNews(g, merge)
	}
	if len(people) == 0 {
		r.missing("PID", "patient identification: got no PID, want one")
	}
	if r.out.Verdict != channels.Taken {
		r.out.Patients = nil
	}
}

// warnUnread tells the sender of an ADT, for which there is no profile, that its text cannot be known.
func (r *hl7Reader) warnUnread() {
	at, _ := r.m.Unreadable()
	p := channels.Problem{
		Location: at.Location(), Code: hl7.CodeDataType, Severity: "W",
		Text: "text in a character set that is not read (MSH-18, table 0211, or escape sequences); send UNICODE UTF-8",
	}
	if r.s.Channel.Validate == "strict" {
		p.Severity, r.out.Verdict, r.out.Hold = "E", channels.Repair, ""
	}
	r.out.Problems = append(r.out.Problems, p)
}

// patientNews reads one PID with the MRG behind it; a merge may hold several (structure ADT_A39).
func (r *hl7Reader) patientNews(g hl7.Group, merge bool) {
	news := PatientNews{Patient: personOf(g.Lead(), hl7.Segment{}, r.partner)}
	news.Patient.Account, news.Patient.AccountAuthority = "", ""
	switch {
	case len(news.Patient.IDs) == 0:
		r.missing("PID-3", "patient number: got nothing, want the one that the sender's system gave")
		return
	case news.Patient.Name == (referral.Name{}):
		r.missing("PID-5", "patient name: got nothing, want one")
		return
	}
	if merge {
		old := cxOf(g.First("MRG").Field(1), r.partner)
		if len(old) == 0 {
			r.missing("MRG-1", "merged number: got nothing, want the one that is no longer in use")
			return
		}
		news.Former = old[0]
	}
	r.out.Patients = append(r.out.Patients, news)
}

// missing asks the sender to repair a field.
func (r *hl7Reader) missing(location, text string) {
	r.out.Verdict = channels.Repair
	r.out.Problems = append(r.out.Problems, channels.Problem{Location: location, Code: hl7.CodeRequired, Severity: "E", Text: text})
}
