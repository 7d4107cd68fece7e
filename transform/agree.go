package transform

import (
	"slices"
	"strings"

	"refloop/channels"
	"refloop/referral"
)

// ReasonDiffers is the reason of the anomaly of a message about a known referral whose parts contradict each other: it is stored and
// moves nothing until a person looked.
const ReasonDiffers = "parts_differ"

// doubt notes that something in the message does not fit together.
func (f *Fact) doubt(why string) {
	if why != "" && !slices.Contains(f.doubts, why) {
		f.doubts = append(f.doubts, why)
	}
}

// doubted is an event as it may be taken when something in its message does not fit together: one that moves nothing.
func doubted(ev referral.Event, doubts []string) referral.Event {
	if len(doubts) == 0 || ev.Type == referral.EventAnomaly {
		return ev
	}
	ev.Payload.Said, ev.Type, ev.Reason = ev.Type, referral.EventAnomaly, ReasonDiffers
	ev.Note = strings.Join(append(nonEmpty(ev.Note), doubts...), "\n")
	return ev
}

// doubts makes of a fact's doubts what a person sees: a hold on a request, whose papers may be another's; an anomaly of anything else.
func doubts(s Source, out *Decoded) {
	for i := range out.Facts {
		f := &out.Facts[i]
		rec := f.Event.Payload.Record
		if rec == nil {
			f.Event = doubted(f.Event, f.doubts)
			continue
		}
		for _, why := range f.doubts {
			rec.Holds = append(rec.Holds, referral.Hold{Kind: referral.HoldMatch, Reason: why, Owner: "front desk", Since: s.Message.ReceivedAt})
		}
	}
}

// agree compares what one part of a message says of the patient with what is known from the others (xdm.md section 5, check 7), and
// reports whether it is the same person. Any difference is a doubt about a request. In anything else the part's own patient is put
// before the state machine, which freezes on another patient and records lesser differences.
func (f *Fact) agree(about referral.Patient, who string) bool {
	named := f.Event.Payload.Patient
	if rec := f.Event.Payload.Record; rec != nil {
		named = &rec.Patient
	}
	if named == nil || f.other {
		return !f.other
	}
	m, codes := referral.SamePatient(*named, about)
	codes = slices.DeleteFunc(codes, func(c string) bool {
		return c == referral.DiffFirstName && referral.FoldName(firstWord(named.Name.Given)) == referral.FoldName(firstWord(about.Name.Given))
	})
	switch {
	case len(codes) == 0:
	case f.Event.Payload.Record != nil:
		f.doubt(who + " name different patients: " + strings.ReplaceAll(strings.Join(codes, ", "), "_", " "))
	default:
		f.Event.Payload.Patient, f.other = &about, true
	}
	return m != referral.MatchOther
}

func firstWord(s string) string {
	word, _, _ := strings.Cut(strings.TrimSpace(s), " ")
	return word
}

// packagePatient is the patient as the metadata of a part names them (sourcePatientInfo); false when it says nothing.
func packagePatient(p channels.Part) (referral.Patient, bool) {
	about := referral.Patient{
		Name:      referral.Name{Family: p.Attrs["patient_family"], Given: p.Attrs["patient_given"]},
		BirthDate: stampFrom(p.Attrs["patient_birth"]), Sex: p.Attrs["patient_sex"],
	}
	for line := range strings.SplitSeq(p.Attrs["patient_ids"], "\n") {
		value, authority, _ := strings.Cut(line, "|")
		if value != "" && authority != "" {
			about.IDs = addID(about.IDs, referral.Identifier{Value: value, Authority: authority, Kind: referral.KindMRN})
		}
	}
	return about, len(about.IDs) > 0 || about.Name != (referral.Name{}) || about.BirthDate != ""
}

// sameNumbers compares the numbers that a part gives the referral with those that name it already (check 10): of one authority there is
// one, and what is said to be the referral's own number is that of the message. who names the part.
func (f *Fact) sameNumbers(ids []referral.Identifier, who string, own func(referral.Identifier) bool) {
	known := f.named()
	for _, id := range ids {
		rivals := func(have referral.Identifier) bool {
			same := referral.Authority(have.Authority) == referral.Authority(id.Authority)
			return have.Kind != referral.KindFiller && id.Authority != "" && (same || own(id) && isOID(have.Authority))
		}
		agrees := func(have referral.Identifier) bool {
			return slices.ContainsFunc(ids, func(i referral.Identifier) bool { return have.Equal(i) })
		}
		if slices.ContainsFunc(known, rivals) && !slices.ContainsFunc(known, agrees) {
			f.doubt(who + " gives the referral another number than the message")
		}
	}
}

// oneNumber compares the numbers inside an HL7 v2 message of a 360X package: ORC-2, OBR-2 and SCH-26 are one number of one authority.
func (f *Fact) oneNumber() {
	var placers []referral.Identifier
	for _, id := range f.named() {
		if id.Kind != referral.KindFiller {
			placers = append(placers, id)
		}
	}
	for _, id := range placers {
		if slices.ContainsFunc(placers, func(o referral.Identifier) bool {
			return id.Authority != "" && referral.Authority(o.Authority) == referral.Authority(id.Authority) && !o.Equal(id)
		}) {
			f.doubt("the message gives the referral several numbers")
		}
	}
}

// named are the numbers by which the message itself names its referral, the recipient's own ones included.
func (f *Fact) named() []referral.Identifier {
	out := slices.Clone(f.Ref)
	out = append(out, f.Event.Payload.Identifiers...)
	if rec := f.Event.Payload.Record; rec != nil {
		out = append(out, rec.Identifiers...)
	}
	return slices.DeleteFunc(out, func(id referral.Identifier) bool {
		switch id.Kind {
		case referral.KindPlacer, referral.KindFiller, referral.KindReferral:
			return false
		}
		return true
	})
}

// nobodys is for numbers of which none is said to be the referral's own.
func nobodys(referral.Identifier) bool { return false }
