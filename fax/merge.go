package fax

import (
	"maps"
	"math"
	"slices"
	"strings"
)

// facts are what merging must know of a page.
type facts struct {
	weight   float64 // how much its word counts: the referral itself before a cover sheet, records last
	readings int
	damage   float64
	exact    bool // its first reading is a text layer
}

// merge makes fields of candidates: for each key the values are grouped, the
// group with the most weight wins, and others that contradict it lower its
// confidence.
func merge(cands []candidate, pages map[int]facts) map[string]Field {
	byKey := map[string][]candidate{}
	for _, c := range cands {
		if c.value == "" && len(c.list) == 0 || pages[c.page].weight == 0 {
			continue
		}
		byKey[c.key] = append(byKey[c.key], c)
	}
	out := map[string]Field{}
	for key, list := range byKey {
		groups := groupSame(list)
		slices.SortStableFunc(groups, func(a, b []candidate) int { return cmpFloat(weightOf(b, pages), weightOf(a, pages)) })
		best := groups[0]
		f := fieldOf(best, pages)
		if len(groups) > 1 {
			f.Confidence *= contested(key, best, groups[1:], pages)
		}
		f.Score = max(0, min(1, f.Confidence-loss(key)))
		f.Confidence = Calibrated(f.Score)
		out[key] = f
	}
	return out
}

func cmpFloat(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func groupSame(list []candidate) [][]candidate {
	var groups [][]candidate
next:
	for _, c := range list {
		for i := range groups {
			if groups[i][0].same(c) {
				groups[i] = append(groups[i], c)
				continue next
			}
		}
		groups = append(groups, []candidate{c})
	}
	return groups
}

// weightOf is how much speaks for a value: its best finding on the best page,
// and a little for every other place or reading that says the same.
func weightOf(g []candidate, pages map[int]facts) float64 {
	best := 0.0
	seen := map[[2]int]float64{}
	for _, c := range g {
		w := c.label * c.label * (0.35 + 0.65*c.words) * pages[c.page].weight
		if pages[c.page].exact && c.reading == 0 {
			w *= 1.6 // the text itself, not a reading of its picture
		}
		best = max(best, w)
		at := [2]int{c.page, c.reading}
		seen[at] = max(seen[at], w)
	}
	sum := 0.0
	for _, w := range seen {
		sum += w
	}
	size := 0.0
	if g[0].list != nil {
		size = 0.04 * float64(min(len(g[0].list), 6))
		if strings.HasSuffix(g[0].key, "_codes") {
			size *= 4 // a code is sooner overlooked than made up
		}
	}
	return best + 0.35*(sum-best) + size
}

// fieldOf turns agreeing candidates into a field with its confidence.
func fieldOf(g []candidate, pages map[int]facts) Field {
	best := g[0]
	wrong := map[[2]int]float64{} // chance that each independent reading is wrong
	label := 0.0
	for _, c := range g {
		if c.label*c.words > best.label*best.words {
			best = c
		}
		label = max(label, c.label)
		at := [2]int{c.page, c.reading}
		if w, ok := wrong[at]; !ok || 1-c.words < w {
			wrong[at] = 1 - c.words
		}
	}
	miss := 1.0
	// Readings of one picture share its faults, so agreement is worth less
	// than independence would make it, and a third voice adds nothing: poor
	// pages have three readings, and must not be surer for it.
	for _, w := range slices.Sorted(maps.Values(wrong))[:min(2, len(wrong))] {
		miss *= math.Min(1, 0.12+w*0.88)
	}
	if len(wrong) == 1 && pages[best.page].readings > 1 {
		miss = math.Min(1, miss*1.5+0.05)
	}
	if len(wrong) > 1 {
		miss = min(miss*1.6, 1)
		if _, again := wrong[[2]int{best.page, againReading}]; again && len(wrong) == 2 && pages[best.page].readings > 2 {
			miss = min(miss*1.5+0.03, 1) // a poor page, and only one of its readings says so
		}
	}
	conf := label * (1 - miss)
	if _, printed := wrong[[2]int{best.page, 0}]; printed && pages[best.page].exact {
		// Nothing was recognised; but a scanner may have put the text layer
		// there, so what OCR reads as well is surer.
		conf = label
		if len(wrong) == 1 && pages[best.page].readings > 1 {
			conf *= 0.95
		}
	}
	if d := pages[best.page].damage; d > 0 {
		conf *= damagedPage - math.Min(0.5, 4*d)
	}
	b := best.box.Union(best.region)
	return Field{Value: best.value, List: best.list, Confidence: max(0.01, min(0.99, conf)), Page: best.page, Box: [4]int{b.Min.X, b.Min.Y, b.Dx(), b.Dy()}}
}

// damagedPage keeps everything on a page with concealed or missing rows below
// the review line: a digit there can be made of two, and read well.
const damagedPage = 0.9

// contested is the factor for a value that others contradict.
func contested(key string, best []candidate, others [][]candidate, pages map[int]facts) float64 {
	w := weightOf(best, pages)
	rest := 0.0
	for _, g := range others {
		rest = max(rest, weightOf(g, pages))
	}
	switch key {
	case "reason", "service_text", "medications", "allergies", "diagnosis_text":
		return 1 - 0.3*min(1, rest/w)
	}
	return 1 - 0.55*min(1, rest/w)
}
