package transform

import (
	"strings"

	"refloop/ccda"
	"refloop/referral"
)

// itemFrom is a clinical statement that the record has no field for; false when it says nothing that is coded.
func itemFrom(e ccda.Entry) (referral.Item, bool) {
	i := referral.Item{
		Kind: string(e.Kind), Class: e.Class, Code: codedFrom(e.Code), Subject: codedFrom(e.Subject), Time: periodStart(e.Time), End: stampFrom(e.Time.High),
		Status: e.Status, Negated: e.Negated, Reason: codedFrom(e.Reason), Text: e.Text,
	}
	switch v := e.Value; {
	case v.Code.Code != "" || v.Code.Text != "" || v.Code.Display != "" || len(v.Code.Translations) > 0:
		i.Answer = codedFrom(v.Code)
	default:
		o := observationFrom(e)
		i.Value, i.Unit = o.Value, o.Unit
	}
	return i, i.Code != (referral.Coded{}) || i.Answer != (referral.Coded{}) || i.Value != ""
}

// itemsFrom are the statements of an entry without a field: itself, or for a family history each condition of the relative.
func itemsFrom(e ccda.Entry) []referral.Item {
	var out []referral.Item
	list := []ccda.Entry{e}
	if len(e.Parts) > 0 {
		list = e.Parts
	}
	for _, p := range list {
		p.Kind = e.Kind
		if p.Subject.Code == "" {
			p.Subject = e.Subject
		}
		if i, ok := itemFrom(p); ok {
			out = append(out, i)
		}
	}
	return out
}

// itemEntry writes a statement that the record keeps as an item.
func itemEntry(i referral.Item) ccda.Entry {
	e := ccda.Entry{
		Kind: ccda.Kind(i.Kind), Class: i.Class, Code: wholeCode(i.Code), Status: i.Status, Negated: i.Negated, Reason: wholeCode(i.Reason), Text: i.Text,
		Time: ccda.Period{Low: cdaStamp(i.Time), High: cdaStamp(i.End)}, Value: ccda.Value{Code: wholeCode(i.Answer)},
	}
	if i.End == "" {
		e.Time = ccda.Period{Point: cdaStamp(i.Time)}
	}
	switch {
	case i.Value != "" && i.Unit != "" && numeric(i.Value):
		e.Value = ccda.Value{Quantity: ccda.Quantity{Value: i.Value, Unit: i.Unit}}
	case i.Value != "":
		e.Value = ccda.Value{Text: strings.TrimSpace(i.Value + " " + i.Unit)}
	}
	if e.Kind == ccda.KindFamily {
		part := e
		part.Kind, part.Subject = ccda.KindProblem, ccda.Code{}
		e = ccda.Entry{Kind: ccda.KindFamily, Subject: wholeCode(i.Subject), Parts: []ccda.Entry{part}}
	}
	return e
}

// wholeCode is cdaCode, but for the zero value, which stays zero.
func wholeCode(c referral.Coded) ccda.Code {
	if c == (referral.Coded{}) {
		return ccda.Code{}
	}
	return cdaCode(c)
}

// receivedSections are the sections that came with documents, as they go on: narrative that a field already says word for word is left
// out. have are the sections made of fields; the writer joins those of one code.
func receivedSections(list []referral.Section, have []ccda.Section) []ccda.Section {
	var out []ccda.Section
	for _, s := range list {
		next := ccda.Section{LOINC: s.LOINC, Title: s.Title, Text: s.Text}
		for _, h := range have {
			if h.LOINC == s.LOINC && saidBy(s.Text, h.Text) {
				next.Text = ""
			}
		}
		for _, i := range s.Items {
			next.Entries = append(next.Entries, itemEntry(i))
		}
		if s.LOINC != "" && (strings.TrimSpace(next.Text) != "" || len(next.Entries) > 0) {
			out = append(out, next)
		}
	}
	return out
}

// saidBy reports whether whole says all words of part, in one piece.
func saidBy(part, whole string) bool { return strings.Contains(squeeze(whole), squeeze(part)) }
