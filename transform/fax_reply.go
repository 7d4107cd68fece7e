package transform

import (
	"encoding/json"
	"slices"
	"strings"

	"refloop/channels"
	"refloop/fax"
	"refloop/referral"
)

// Reasons of the anomalies by which a fax about a known referral goes to a person: the referral shows it, with the pages as a
// document, and it moves nothing.
const (
	faxReplyUnclear = "fax_reply_unclear" // our page came back, but what is ticked contradicts itself or cannot be told
	faxQuestion     = "fax_question"      // more information is wanted; what, is written by hand
	faxWrongNumber  = "fax_wrong_number"  // wrong number, or not their patient
	faxReport       = "fax_report"        // a consult report that names the referral
	faxPapers       = "fax_papers"        // other pages that name the referral
)

// meanings of the boxes of the reply area (fax.Ticks).
const (
	tickAccepted = "accepted"
	tickDeclined = "declined"
	tickQuestion = "more_information"
	tickNotOurs  = "not_our_patient"
)

// faxAnswer is what the ticks of a returned page say: an event with its coded reason, or the reason why a person must look.
type faxAnswer struct {
	event   referral.EventType
	reason  string // coded, of a decline
	more    string // further ticked reasons
	anomaly string
	ticked  string // what is ticked, and what cannot be told, for the person who must look
}

// ourPages are the pages of a fax that carry our codes; hold says why nobody can tell whose they are. code is the one referral they name.
func ourPages(body []byte) (pages []fax.OwnPage, code, hold string) {
	var top struct {
		Own []fax.OwnPage `json:"own_pages"`
	}
	if err := json.Unmarshal(body, &top); err != nil || len(top.Own) == 0 {
		return nil, "", ""
	}
	for _, p := range top.Own {
		switch {
		case p.Referral == "":
			return top.Own, "", "fax: a page carries codes of ours that contradict each other; a person must look"
		case code != "" && p.Referral != code:
			return top.Own, "", "fax: its pages carry the codes of several referrals; a person must split it"
		}
		code = p.Referral
	}
	return top.Own, code, ""
}

// answerOf reads the ticks of all returned pages. ok is false when no box is ticked: then the page is no answer.
func answerOf(pages []fax.OwnPage) (a faxAnswer, ok bool) {
	var ticked []string
	said, unclear := 0, false
	for _, p := range pages {
		unclear = unclear || len(p.Unclear) > 0
		if len(p.Ticked) == 0 {
			continue
		}
		if said++; said > 1 && !slices.Equal(ticked, p.Ticked) {
			unclear = true // two copies of the page that say different things
		}
		ticked = p.Ticked
	}
	if len(ticked) == 0 && !unclear {
		return faxAnswer{}, false
	}
	a.ticked = tickedWords(pages)
	has := func(means string) bool { return slices.Contains(ticked, means) }
	reasons := slices.DeleteFunc(slices.Clone(ticked), func(m string) bool { return m == tickAccepted || m == tickDeclined || m == tickNotOurs })
	switch {
	case unclear:
		a.anomaly = faxReplyUnclear
	case has(tickNotOurs) && len(ticked) == 1:
		a.anomaly = faxWrongNumber
	case has(tickNotOurs), has(tickAccepted) && len(ticked) > 1:
		a.anomaly = faxReplyUnclear
	case has(tickAccepted):
		a.event = referral.EventAccept
	case has(tickQuestion):
		a.anomaly = faxQuestion
	default:
		a.event = referral.EventDecline
		if len(reasons) > 0 {
			a.reason, a.more = reasons[0], strings.Join(reasons[1:], ", ")
		}
	}
	return a, true
}

// tickedWords says what is ticked on each returned page, and which boxes cannot be told.
func tickedWords(pages []fax.OwnPage) string {
	var said []string
	for _, p := range pages {
		for _, part := range []struct {
			label string
			boxes []string
		}{{"ticked: ", p.Ticked}, {"cannot be told: ", p.Unclear}} {
			if line := part.label + strings.Join(part.boxes, ", "); len(part.boxes) > 0 && !slices.Contains(said, line) {
				said = append(said, line)
			}
		}
	}
	return strings.Join(said, "; ")
}

// faxReply makes the fact of a returned page. The code ties it to the referral and was checked; the pages are the evidence. The
// counterpart's own hand said it (loop.md section 5), so its grade is B.
func faxReply(s Source, code string, a faxAnswer, out *Decoded) {
	ev := referral.Event{Type: a.event, EventTime: s.Message.ReceivedAt, Origin: referral.OriginFax, Grade: referral.GradeB, Reason: a.reason}
	if a.more != "" {
		ev.Note = "also ticked: " + a.more
	}
	if a.anomaly != "" {
		ev.Type, ev.Reason, ev.Note = referral.EventAnomaly, a.anomaly, a.ticked
	}
	out.Facts = []Fact{{Ref: ownNumber(s, code), Event: ev, Within: replyWithin(s)}}
	out.Documents = faxPages(s, "attachment")
}

// faxFiling puts a report or other pages that name a referral of ours in front of a person: they are kept with it, and nothing is
// closed by a machine that read them.
func faxFiling(s Source, r reading, refs []referral.Identifier, out *Decoded) {
	ev := referral.Event{Type: referral.EventAnomaly, EventTime: s.Message.ReceivedAt, Origin: referral.OriginFax, Grade: referral.GradeD, Reason: faxPapers}
	if r.values["document_type"] == fax.KindConsult {
		ev.Reason, ev.Payload.Said = faxReport, referral.EventReport
		ev.Note = "a consult report came by fax; when it is this patient's, confirm it with the report action"
	}
	out.Facts = []Fact{{Ref: refs, Event: ev}}
	out.Documents = faxPages(s, "attachment")
}

// printedNumber is the number printed on a fax when it was read surely enough, as ours and as its sender's.
func printedNumber(s Source, r reading) []referral.Identifier {
	value, _ := r.values["referral_id"].(string)
	line := s.Channel.ReviewBelow
	if line == 0 {
		line = referral.DefaultReviewBelow
	}
	if value == "" || r.confidence["referral_id"] < line {
		return nil
	}
	return ownNumber(s, value)
}

func ownNumber(s Source, value string) []referral.Identifier {
	return []referral.Identifier{{Value: value, Authority: s.Directory.Own.OID, Kind: referral.KindReferral}}
}

// faxPages are the archived pages as documents of the first fact.
func faxPages(s Source, kind string) []Body {
	var out []Body
	for _, p := range s.Opened.Parts {
		if p.Kind == channels.KindImage || p.Kind == channels.KindPDF {
			out = append(out, bodyOf(p, kind, false))
		}
	}
	return out
}
