package referral

import (
	"slices"
	"strings"
)

// What a front desk does with a case that came on paper: take it, cut it apart, say that it is not ours.

// EndNotOurs is the reason of the end of a referral that came to the wrong practice.
const EndNotOurs EndReason = "not_ours"

// EndPagesMoved is the reason of the end of a case whose pages all belong to other cases: nobody outside hears of it.
const EndPagesMoved EndReason = "pages_moved"

// ReasonPagesMoved begins the reason of the fax_review hold that a split opens.
const ReasonPagesMoved = "pages were moved to another case; to be looked at"

// ReasonToLook begins the reason of the fax_review hold of a fax that was read; the keys of the fields that a person must look at follow,
// with commas between them.
const ReasonToLook = "to be looked at: "

// looked takes the fields that a person has settled out of the reasons of the fax_review holds.
func (w *work) looked() {
	settled := func(key string) bool {
		return slices.ContainsFunc(w.r.Fields, func(f Field) bool { return f.Key == key && f.Confirmed })
	}
	w.r.Holds = slices.Clone(w.r.Holds)
	for i, h := range w.r.Holds {
		keys, of := strings.CutPrefix(h.Reason, ReasonToLook)
		if h.Kind != HoldFaxReview || !of {
			continue
		}
		if left := slices.DeleteFunc(strings.Split(keys, ", "), settled); len(left) > 0 {
			w.r.Holds[i].Reason = ReasonToLook + strings.Join(left, ", ")
		}
	}
}

// Paper is the fax or scan that the referral came with; false when it came with none.
func (r Referral) Paper() (Document, bool) {
	for _, d := range r.Documents {
		if d.Kind == "request" && (d.ContentType == "application/pdf" || len(d.ContentType) > 6 && d.ContentType[:6] == "image/") {
			return d, true
		}
	}
	return Document{}, false
}

// offeredNow says what is missing for what the state allows and the case does not: a case on paper has pages to split, one that is ours
// cannot be not ours. Empty: nothing.
func offeredNow(r Referral, t EventType) (want string) {
	switch t {
	case EventSplit:
		if _, ok := r.Paper(); !ok {
			return "a referral that came on paper, as pages"
		}
	case EventNotOurs:
		if r.Role != RoleRecipient {
			return "a referral that came to us from outside"
		}
	}
	return ""
}

// taken gives the case, and every open hold with it, to who said so.
func (w *work) taken(actor string) {
	w.r.Assigned = actor
	w.r.Holds = slices.Clone(w.r.Holds)
	for i := range w.r.Holds {
		w.r.Holds[i].Owner = actor
	}
}

// split takes pages off the case's paper: the paper is replaced by the one that is left, and what was read on the pages that went is for a
// person again, since it may be another patient's. left is the number that each page of the old paper has now; 0: it went.
func (w *work) split(e Event) {
	p := e.Payload
	if old, ok := w.r.Paper(); ok {
		w.r.Documents = slices.DeleteFunc(slices.Clone(w.r.Documents), func(d Document) bool { return d.ID == old.ID })
	}
	fields := slices.Clone(w.r.Fields)
	gone := false
	for i, f := range fields {
		page := f.Box[0]
		switch {
		case page < 1 || page > len(p.Left) || f.Confirmed:
		case p.Left[page-1] > 0:
			fields[i].Box[0] = p.Left[page-1]
		default:
			w.r = setField(w.r, f.Key, "")
			fields[i].Box, fields[i].Confidence = [5]int{}, 0
			gone = true
		}
	}
	w.r.Fields = fields
	if gone {
		w.openHold(Hold{Kind: HoldFaxReview, Reason: ReasonPagesMoved, Owner: w.r.Assigned}, e)
	}
}
