package transform

import (
	"slices"

	"refloop/channels"
	"refloop/hl7"
	"refloop/referral"
)

// adtEvents are the triggers that a channel with `patients: true` takes: registered, updated, added, and merged (HL7 v2.5.1 chapter 3).
var adtEvents = []string{"A01", "A04", "A05", "A08", "A28", "A31", "A40"}

// patientFeed reports whether the message is one for the practice's own list of patients.
func (r *hl7Reader) patientFeed() bool { return r.s.Channel.Patients && r.m.Code() == "ADT" }

// adt reads what an ADT says of one of the practice's own patients. It is never a fact about a referral: whether a referral's patient is
// this one, a person says.
func (r *hl7Reader) adt() {
	if !r.acceptable() {
		return
	}
	if !slices.Contains(adtEvents, r.m.Event()) {
		r.out.Ignore = "patients: an ADT of a trigger that says nothing new about who a patient is"
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
	news := PatientNews{Patient: patientOf(r.m, r.partner)}
	news.Patient.Visit, news.Patient.VisitClass, news.Patient.Account, news.Patient.AccountAuthority = referral.Identifier{}, "", "", ""
	switch {
	case len(news.Patient.IDs) == 0:
		r.missing("PID-3", "patient number: got nothing, want the one that the sender's system gave")
		return
	case news.Patient.Name == (referral.Name{}):
		r.missing("PID-5", "patient name: got nothing, want one")
		return
	}
	if r.m.Event() == "A40" {
		old := cxOf(r.m.First("MRG").Field(1), r.partner)
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
