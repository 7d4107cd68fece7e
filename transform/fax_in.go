package transform

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"refloop/channels"
	"refloop/fax"
	"refloop/referral"
)

// reading is one paper of a fax as the fax rail hands it over: the flat keys of fax.Result with confidence and boxes.
type reading struct {
	values     map[string]any
	confidence map[string]float64
	boxes      map[string][5]int
}

// decodeFax turns what was read from a fax into a request, an answer to one of ours, or leaves it to a person with the reason.
func decodeFax(s Source, out *Decoded) {
	out.Partner = s.Channel.Partner
	part := partOf(s.Opened.Parts, channels.KindFields)
	top, err := readingOf(part.Body)
	if err != nil {
		out.Hold = err.Error()
		return
	}
	ours, code, hold := ourPages(part.Body)
	if why := part.Attrs["hold"]; why != "" {
		hold = why
	}
	answer, answered := answerOf(ours)
	kind, _ := top.values["document_type"].(string)
	asks := kind == fax.KindReferral || kind == fax.KindImaging
	if s.SaidKind != "" {
		kind, asks = s.SaidKind, true
		top.belowTheLine(s.Channel.ReviewBelow)
	}
	switch {
	case hold != "":
		out.Hold = hold
	case top.values["documents"] != nil && len(ours) == 0 && faxSplit(s, part.Body, out):
	case top.values["documents"] != nil || top.values["needs_split"] == true:
		out.Hold = "pages of several patients: a person must split the fax"
	case answered:
		faxReply(s, code, answer, out)
	case asks:
		faxRequest(s, top, faxPages(s, "request"), out)
		if s.SaidKind != "" {
			out.Facts[0].Event.Note = SaidByPerson + s.SaidKind
		}
		if code != "" { // our own page that came back without an answer is no new referral
			out.Facts[0].Ref = append(out.Facts[0].Ref, ownNumber(s, code)...)
		}
	case kind == fax.KindAdvert && top.confidence["document_type"] >= s.Channel.ReviewBelow:
		out.Ignore = "fax: an advertisement"
	case code != "":
		faxFiling(s, top, ownNumber(s, code), out)
	case kind == fax.KindConsult && printedNumber(s, top) != nil:
		faxFiling(s, top, printedNumber(s, top), out)
	default:
		out.Hold = fmt.Sprintf("fax: it looks like %s, not like a referral; a person must file it", strings.ReplaceAll(firstOf(kind, fax.KindOther), "_", " "))
	}
}

// SaidByPerson begins the note of a request whose paper was read as something else, and which a person says to be one; the kind follows.
const SaidByPerson = "a person says that the paper is: "

// SaidKinds are what a person may say that a held fax is (Source.SaidKind); a report or other papers go to the referral that they are about.
func SaidKinds() []string { return []string{fax.KindReferral, fax.KindImaging} }

// belowTheLine leaves every field to a person: what the reader took for another kind of paper may stand in the wrong places.
func (r *reading) belowTheLine(line float64) {
	if line == 0 {
		line = referral.DefaultReviewBelow
	}
	low := map[string]float64{}
	for key, c := range r.confidence {
		low[key] = max(0, min(c, line-0.01))
	}
	r.confidence = low
}

func readingOf(body []byte) (reading, error) {
	r := reading{}
	if err := json.Unmarshal(body, &r.values); err != nil {
		return r, fmt.Errorf("transform: fax fields: got %d bytes that are no JSON object, want the fields of a reading", len(body))
	}
	var rest struct {
		Confidence map[string]float64 `json:"confidence"`
		Boxes      map[string][5]int  `json:"boxes"`
	}
	if err := json.Unmarshal(body, &rest); err != nil {
		return r, fmt.Errorf("transform: fax fields: got confidence or boxes of another shape, want {key: number} and {key: [page, x, y, w, h]}")
	}
	r.confidence, r.boxes = rest.Confidence, rest.Boxes
	return r, nil
}

// fields returns what was read, in the order of fax.Keys. A list is one value a line.
func (r reading) fields() []referral.Field {
	var out []referral.Field
	for _, key := range fax.Keys {
		var value string
		switch v := r.values[key].(type) {
		case string:
			value = v
		case []any:
			var items []string
			for _, item := range v {
				if s, ok := item.(string); ok {
					items = append(items, s)
				}
			}
			value = strings.Join(items, "\n")
		}
		if value != "" {
			out = append(out, referral.Field{Key: key, Value: value, Confidence: r.confidence[key], Box: r.boxes[key]})
		}
	}
	return out
}

// identity are the fields without which nobody can be sure whom a referral is about.
func identity() []string { return []string{"patient_first", "patient_last", "patient_dob"} }

// faxRequest makes the request of a referral that came on paper. What is below the channel's line is listed, not filled in, and a
// person is asked.
func faxRequest(s Source, r reading, papers []Body, out *Decoded) {
	fields := r.fields()
	rec := referral.WithFields(referral.Referral{ReviewBelow: s.Channel.ReviewBelow}, fields)
	rec.Requested = s.Message.ReceivedAt
	from, known, doubt := faxSender(s, rec.Initiator)
	if known {
		rec.Initiator.Partner = from.ID
		out.Partner = from.ID
	}
	if r.values["part2"] == true {
		rec.Confidentiality = referral.Confidentiality{Code: "R", Part2: true, Source: "notice"}
	}
	rec.Holds = append(faxHolds(s, rec, fields), faxDoubts(s, doubt)...)
	ref := faxNumber(&rec, from.ID)
	ev := referral.Event{Type: referral.EventRequest, EventTime: s.Message.ReceivedAt, Origin: referral.OriginFax, Grade: referral.GradeB}
	rec.Identifiers = addID(rec.Identifiers, referral.Identifier{Value: "FAX", Kind: referral.KindSourceForm})
	ev.Payload.Record, ev.Payload.Patient = &rec, &rec.Patient
	for i := range papers {
		papers[i].Fact = len(out.Facts)
	}
	out.Facts = append(out.Facts, Fact{Ref: ref, Event: ev, Creates: true})
	out.Documents = append(out.Documents, papers...)
}

// faxNumber gives the number that the sender printed an authority: numbers of senders nobody knows name nothing.
func faxNumber(rec *referral.Referral, partner string) []referral.Identifier {
	for i, id := range rec.Identifiers {
		if id.Authority != "" || id.Kind != referral.KindPlacer {
			continue
		}
		if partner == "" {
			rec.Identifiers = slices.Clone(rec.Identifiers)
			rec.Identifiers[i] = referral.Identifier{Value: id.Value, Authority: "fax", Kind: referral.KindFaxCode} // shown and kept; it names nothing
			return nil
		}
		rec.Identifiers[i].Authority = partnerAuthority(partner)
		return rec.Identifiers[i : i+1]
	}
	return nil
}

// faxHolds says why a person must look: fields below the line, and what nobody may be without.
func faxHolds(s Source, rec referral.Referral, fields []referral.Field) []referral.Hold {
	var unsure, missing []string
	for _, f := range fields {
		if rec.Unsure(f) {
			unsure = append(unsure, f.Key)
		}
	}
	for _, key := range identity() {
		if !slices.ContainsFunc(fields, func(f referral.Field) bool { return f.Key == key }) {
			missing = append(missing, key)
		}
	}
	var out []referral.Hold
	if len(unsure) > 0 || len(missing) > 0 {
		reason := referral.ReasonToLook + strings.Join(append(unsure, missing...), ", ")
		out = append(out, referral.Hold{Kind: referral.HoldFaxReview, Reason: reason, Owner: "front desk", Since: s.Message.ReceivedAt})
	}
	return out
}
