package fax

import (
	"fmt"
	"slices"
	"strings"
)

// Extract finds the fields of a referral in what was read off its pages, with
// the rules that come with the program. It is a pure function and never
// invents: every value stands on a page.
func Extract(pages []PageText) Result { return DefaultRules().Extract(pages) }

// paper is a page during extraction.
type leaf struct {
	page   *PageText
	sheets []*sheet // one a reading
	cands  []candidate
	missed []Again // labels without a value
	weight map[string]float64
	kind   string
	part2  bool
	form   *Template // the partner's form that it is, when it was taught
}

// maxPagesRead bounds the pages that fields are looked for on; a referral is
// at the front of a fax, and the rest is still counted.
const maxPagesRead = 60

// Extract is the function Extract with other rules.
func (r *Rules) Extract(pages []PageText) Result {
	var res Result
	var leaves []*leaf
	for i := range pages {
		p := &pages[i]
		if p.Failure != "" {
			res.Failed = append(res.Failed, p.Number)
			continue
		}
		if len(leaves) < maxPagesRead {
			leaves = append(leaves, r.leaf(p))
		}
	}
	groups := split(leaves)
	groups.unsure = groups.unsure || slices.ContainsFunc(leaves, func(l *leaf) bool {
		_, several := l.several()
		return several
	})
	for _, g := range groups.lists {
		p := r.paper(g, len(pages))
		p.NeedsSplit = groups.unsure
		res.Papers = append(res.Papers, p)
	}
	if len(leaves) == len(pages) && len(groups.lists) > 1 && !groups.unsure {
		for i, sheets := range groups.sheets() {
			res.Papers[i].Sheets = sheets
		}
	}
	res.Own = ownPages(pages)
	return res
}

func (r *Rules) leaf(p *PageText) *leaf {
	l := &leaf{page: p}
	for i := range p.Readings {
		if i >= 4 {
			break
		}
		s := newSheet(p, i)
		l.sheets = append(l.sheets, s)
		l.cands = append(l.cands, r.gather(s)...)
		l.missed = append(l.missed, s.missed...)
		l.cands = append(l.cands, r.ticked(s)...)
		l.cands = append(l.cands, r.prose(s)...)
		l.cands = append(l.cands, r.blocks(s)...)
	}
	l.cands = append(l.cands, fromCodes(p)...)
	l.cands = append(l.cands, r.voted(p)...)
	l.weight = r.weigh(l.sheets)
	if r.taught(l); l.form != nil && l.form.Kind != "" {
		l.weight[l.form.Kind] += formWeight
	}
	l.kind, _ = strongest(l.weight, KindReferral, KindImaging, KindConsult, KindLab, KindRefill, KindAdvert, kindCover, kindRecords)
	l.part2 = r.hasPart2(l.sheets)
	return l
}

// fromCodes takes a referral ID from a bar code: its text is exact.
func fromCodes(p *PageText) []candidate {
	var out []candidate
	if c, ok := p.OwnCode(); ok {
		out = append(out, candidate{key: "referral_id", value: c.Referral, words: 1, label: 0.97, page: p.Number, reading: 9})
	}
	for _, t := range p.Codes {
		if m := refShape.FindString(strings.ToUpper(t)); m != "" {
			out = append(out, candidate{key: "referral_id", value: m, words: 1, label: 0.97, page: p.Number, reading: 9})
		}
	}
	return out
}

// identity is the patient that one page names.
func (l *leaf) identity() (name, dob string) {
	return l.strongestValue("patient_last") + "/" + l.strongestValue("patient_first"), l.strongestValue("patient_dob")
}

func (l *leaf) strongestValue(key string) string {
	best, value := 0.0, ""
	for _, c := range l.cands {
		if w := c.label * (0.3 + 0.7*c.words); c.key == key && w > best {
			best, value = w, strings.ToLower(c.value)
		}
	}
	return value
}

// asks tells whether a page is a request of its own, not a cover or a record.
func (l *leaf) asks() bool {
	if l.kind == kindRecords || l.kind == kindCover || l.kind == KindLab {
		return false
	}
	n := 0
	for _, key := range []string{"reason", "diagnosis_codes", "diagnosis_text", "priority", "service_text", "referred_to_name", "referred_to_specialty", "referred_to_practice", "member_id"} {
		if l.strongestValue(key) != "" || slices.ContainsFunc(l.cands, func(c candidate) bool { return c.key == key && c.list != nil }) {
			n++
		}
	}
	return n >= 3
}

// paper makes one document of the pages of one patient.
func (r *Rules) paper(leaves []*leaf, count int) Paper {
	p := Paper{PageCount: count, Type: KindOther, TypeSure: 0.5, Fields: map[string]Field{}}
	if len(leaves) == 0 {
		return p
	}
	main := r.classify(&p, leaves)
	pages := map[int]facts{}
	var cands []candidate
	lo, hi := main.page.Number, main.page.Number
	for _, l := range leaves {
		n := l.page.Number
		f := facts{weight: 0.55, readings: len(l.sheets), damage: l.page.Damage, exact: l.page.Exact}
		switch {
		case l == main:
			f.weight = 1
		case l.kind == p.Type && p.Type != KindOther:
			f.weight = 0.9
		case l.kind == kindCover:
			f.weight = 0.65
		}
		pages[n] = f
		cands = append(cands, l.firstPatient(l.usable(l == main))...)
		p.Part2 = p.Part2 || l.part2
		if l.kind == p.Type && (n == hi+1 || n == lo-1) {
			lo, hi = min(lo, n), max(hi, n)
		}
	}
	p.Pages = fmt.Sprintf("%d-%d", lo, hi)
	switch p.Type {
	case KindConsult:
		swapParties(cands)
	case KindLab, KindRefill, KindAdvert: // the letterhead is a laboratory's, a pharmacy's or a shop's
		cands = slices.DeleteFunc(slices.Clone(cands), func(c candidate) bool {
			return c.key == "referring_practice" || c.key == "referring_phone" || c.key == "referring_fax"
		})
	}
	ownForm(cands)
	p.Fields = merge(cands, pages)
	r.settle(p.Fields, leaves)
	r.settleDoubts(p.Fields, cands, leaves)
	return p
}

// usable leaves out what records pages say in passing: their sentences are
// about the past.
func (l *leaf) usable(main bool) []candidate {
	if main || l.kind != kindRecords {
		return l.cands
	}
	return slices.DeleteFunc(slices.Clone(l.cands), func(c candidate) bool {
		switch c.key {
		case "medications", "allergies", "patient_first", "patient_last", "patient_middle", "patient_dob", "patient_mrn", "patient_sex":
			return false
		}
		return true
	})
}

// classify sets type and certainty and gives the page the document is about.
func (r *Rules) classify(p *Paper, leaves []*leaf) *leaf {
	kinds := []string{KindReferral, KindImaging, KindConsult, KindLab, KindRefill, KindAdvert}
	total := map[string]float64{}
	best, main := -1.0, leaves[0]
	for _, l := range leaves {
		share := 1.0
		if l.kind == kindRecords || l.kind == kindCover {
			share = 0.4
		}
		for _, k := range kinds {
			total[k] = max(total[k], l.weight[k]*share)
		}
		if w := l.weight[KindReferral] + l.weight[KindImaging] - l.weight[kindCover] - 0.5*l.weight[kindRecords]; w > best {
			best, main = w, l
		}
	}
	// Labels that only a referral has.
	for _, l := range leaves {
		n := 0.0
		for _, key := range []string{"reason", "referring_npi", "referred_to_specialty", "priority", "member_id", "diagnosis_codes"} {
			if slices.ContainsFunc(l.cands, func(c candidate) bool { return c.key == key && c.label > 0.85 }) {
				n++
			}
		}
		if n >= 3 {
			total[KindReferral] = max(total[KindReferral], l.weight[KindReferral]+n)
		}
	}
	if len(leaves) > 1 && max(total[KindReferral], total[KindImaging]) >= 6 {
		total[KindLab] *= 0.4 // results and records ride along with a referral
		total[KindConsult] *= 0.6
	}
	p.Type, p.TypeSure = strongest(total, kinds...)
	if p.Type != KindReferral && p.Type != KindImaging {
		best = -1
		for _, l := range leaves {
			if w := l.weight[p.Type]; w > best {
				best, main = w, l
			}
		}
	}
	return main
}

// ownFormSure keeps what ownForm concludes under the review line.
const ownFormSure = 0.88

// ownForm: many who take referrals hand out forms of their own. When a label names another referring practice than the letterhead, the
// letterhead is whose form it is.
func ownForm(cands []candidate) {
	head, said := map[int]string{}, map[int]string{} // by page
	for _, c := range cands {
		switch {
		case c.key == "referring_practice" && c.head && head[c.page] == "":
			head[c.page] = strings.ToLower(c.value)
		case c.key == "referring_practice" && !c.head && c.label*c.words > 0.5:
			said[c.page] = strings.ToLower(c.value)
		}
	}
	for i := range cands {
		c := &cands[i]
		switch {
		case !c.head || head[c.page] == "" || said[c.page] == "" || similar(head[c.page], said[c.page]):
		case c.key == "referring_practice":
			c.key, c.label = "referred_to_practice", c.label*ownFormSure
		case c.key == "referring_fax":
			c.key, c.label = "referred_to_fax", c.label*ownFormSure
		case c.key == "referring_phone":
			c.key, c.value = "", ""
		}
	}
}

// swapParties: in a report that comes back, the letterhead and signature are
// the consultant's, and the letter is addressed to who referred. Labels such as "Referred by" stay as they are.
func swapParties(cands []candidate) {
	pairs := map[string]string{
		"referring_name": "referred_to_name", "referred_to_name": "referring_name",
		"referring_practice": "referred_to_practice", "referred_to_practice": "referring_practice",
		"referring_fax": "referred_to_fax", "referred_to_fax": "referring_fax",
	}
	for i := range cands {
		if to, ok := pairs[cands[i].key]; ok && cands[i].placed {
			cands[i].key = to
		}
	}
}
