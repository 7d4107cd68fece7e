package fax

import (
	"math"
	"strings"
)

// Kinds of document that Extract tells apart.
const (
	KindReferral = "referral"
	KindImaging  = "imaging_order"
	KindConsult  = "consult_report"
	KindLab      = "lab_result"
	KindRefill   = "refill_request"
	KindAdvert   = "advertisement"
	KindOther    = "other"

	kindCover   = "cover"
	kindRecords = "records"
)

// weigh adds up the evidence of one page for each kind. Large print and the
// top of the page count more: that is where titles are.
func (r *Rules) weigh(sheets []*sheet) map[string]float64 {
	out := map[string]float64{}
	seen := map[string]float64{}
	for _, s := range sheets {
		for i := range s.rows {
			words := s.rowWords(i)
			t := " " + strings.Join(plainTokens(text(words)), " ") + " "
			box := spanBox(words)
			factor := 1.0
			if len(words) <= 9 && (box.Min.Y < max(s.page.Height/4, 500) && tall(words) > s.height*12/10 || i < 3) {
				factor = 3
			} else if len(words) > 12 {
				factor = 0.7
			}
			for _, p := range r.typePhrases {
				if w := p.weight * factor; strings.Contains(t, p.text) && w > seen[p.kind+p.text] {
					seen[p.kind+p.text] = w
				}
			}
		}
	}
	for _, p := range r.typePhrases {
		out[p.kind] += seen[p.kind+p.text]
	}
	return out
}

// tall is the usual height of the words of a row.
func tall(words []Word) int {
	n, sum := 0, 0
	for _, w := range words {
		if len(w.Text) > 2 {
			n++
			sum += w.Box.Dy()
		}
	}
	if n == 0 {
		return 0
	}
	return sum / n
}

// strongest is the kind with the most evidence and how clear that is, 0..1.
func strongest(weights map[string]float64, among ...string) (string, float64) {
	best, kind, second := 0.0, KindOther, 0.0
	for _, k := range among {
		switch w := weights[k]; {
		case w > best:
			second, best, kind = best, w, k
		case w > second:
			second = w
		}
	}
	if best < 3 {
		return KindOther, 0.5
	}
	return kind, math.Min(0.99, 0.55+0.45*(best-second)/(best+2))
}

// hasPart2 tells whether the notice of 42 CFR Part 2 is on a page.
func (r *Rules) hasPart2(sheets []*sheet) bool {
	for _, s := range sheets {
		var toks []flatToken
		for _, t := range plainTokens(text(s.paragraphs())) {
			toks = append(toks, flatToken{t, len(toks)})
		}
		for _, p := range r.part2 {
			for i := 0; i+len(p) <= len(toks); i++ {
				n := 0
				for k, t := range p {
					if alike(toks[i+k].text, t) {
						n++
					}
				}
				if n == len(p) {
					return true
				}
			}
		}
	}
	return false
}
