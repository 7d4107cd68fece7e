package transform

import (
	"slices"
	"strings"
	"time"

	"refloop/referral"
)

// ReasonMissing is the reason of the completeness hold of a request that says neither why nor what for.
const ReasonMissing = "no reason for referral"

// settle gives every request that came as data its urgency. A change says no news by being silent: neither an urgency nor, by the time
// of its message, another date of the request. Paper says nothing by being silent: what was not read there stays unknown.
func settle(out *Decoded) {
	for i := range out.Facts {
		ev := out.Facts[i].Event
		rec := ev.Payload.Record
		if rec == nil {
			continue
		}
		switch {
		case rec.Priority == unknownPriority:
			rec.Priority = ""
		case rec.Priority == "" && ev.Type == referral.EventRequest:
			rec.Priority = referral.Routine
		}
		if ev.Type == referral.EventChange && rec.Requested.Equal(ev.EventTime) {
			rec.Requested = time.Time{}
		}
	}
}

// finish completes the requests that a message holds when all its parts and rules have spoken: reason, protection, and the holds that
// are known at intake.
func finish(s Source, out *Decoded) {
	doubts(s, out)
	for i := range out.Facts {
		f := &out.Facts[i]
		rec := f.Event.Payload.Record
		if rec == nil {
			continue
		}
		f.Event.Payload.Patient = &rec.Patient
		for j := range rec.Holds {
			if rec.Holds[j].Since.IsZero() {
				rec.Holds[j].Since = s.Message.ReceivedAt
			}
		}
		protect(s, rec, out.Partner)
		if f.Event.Type != referral.EventRequest {
			continue
		}
		if rec.Reason == "" && len(rec.Notes) > 0 { // some systems have no other place for it
			rec.Reason = rec.Notes[0]
		}
		if unreasoned(*rec) {
			rec.Holds = append(rec.Holds, referral.Hold{Kind: referral.HoldCompleteness, Reason: ReasonMissing, Owner: "front desk", Since: s.Message.ReceivedAt})
		}
	}
}

// unreasoned reports whether a request says neither a reason nor a diagnosis, not even one that a person must still confirm.
func unreasoned(r referral.Referral) bool {
	return r.Reason == "" && len(r.Diagnoses) == 0 && !slices.ContainsFunc(r.Fields, func(f referral.Field) bool {
		switch f.Key {
		case "reason", "diagnosis_codes", "diagnosis_text":
			return true
		}
		return false
	})
}

// protect marks records of substance use disorder programs (loop.md section 8): all of a partner that is such a program, and those
// with a diagnosis of ICD-10 F10 to F19 but F17. The latter is a label when the sender is known to be no such program; from any
// other sender a person must look.
func protect(s Source, rec *referral.Referral, partner string) {
	p, _ := s.Directory.Partner(partner)
	hit := slices.ContainsFunc(rec.Diagnoses, substanceUse)
	switch {
	case p.Part2 == "program":
		markPart2(&rec.Confidentiality, "sender")
	case hit && p.Part2 == "not":
		restrict(&rec.Confidentiality, "R", "rule")
	case hit && !rec.Confidentiality.Part2:
		markPart2(&rec.Confidentiality, "rule")
		rec.Holds = append(rec.Holds, referral.Hold{
			Kind: referral.HoldPart2, Reason: "a diagnosis may be protected by 42 CFR Part 2 and the sender is not known to be outside of it", Owner: "compliance", Since: s.Message.ReceivedAt,
		})
	}
	if rec.Confidentiality.Part2 {
		restrict(&rec.Confidentiality, "R", rec.Confidentiality.Source)
	}
}

func markPart2(c *referral.Confidentiality, source string) {
	if !c.Part2 {
		c.Part2, c.Source = true, source
	}
	restrict(c, "R", source)
}

// substanceUse reports whether a diagnosis is ICD-10-CM F10 to F19 without F17 (nicotine).
func substanceUse(c referral.Coded) bool {
	code := strings.ToUpper(c.Code)
	if systemOID(c.System) != systemOID("I10") && c.System != "" {
		return false
	}
	return len(code) >= 3 && strings.HasPrefix(code, "F1") && code[2] >= '0' && code[2] <= '9' && code[2] != '7'
}

// noticeNotes takes redisclosure notices out of notes: they are kept as the record's notice, word for word, and said again with every
// disclosure.
func noticeNotes(r *referral.Referral) {
	r.Notes = slices.DeleteFunc(r.Notes, func(note string) bool {
		if !speaksOfPart2(note) {
			return false
		}
		noticeFound(&r.Confidentiality, note)
		return true
	})
}
