package fax

import "slices"

// How sure a place relative to a label is.
const (
	besideClosed = 0.99 // behind "Label:"
	beside       = 0.97 // behind a label without a colon, or in the next column
	under        = 0.97 // below a label, left edges in line
	loosely      = 0.93 // below or beside, not quite in line
	doubtful     = 0.75 // it may as well be the value of another label
)

// gather collects candidates from the labels of one reading, and notes in the sheet the places where a label's value could not be made out.
func (r *Rules) gather(s *sheet) []candidate {
	for _, g := range s.segs {
		findLabels(r, g)
	}
	s.under = s.labelsUnder()
	hs := findHeadings(r, s)
	var out []candidate
	for _, g := range s.segs {
		for _, m := range g.marks {
			values, lost := r.values(s, hs, g, m)
			out, s.missed = append(out, values...), append(s.missed, lost...)
		}
	}
	out = joinRows(out, s.height)
	out = append(out, r.partyBlocks(s, hs)...)
	out = append(out, r.banner(s)...)
	for i := range out {
		out[i].page, out[i].reading = s.page.Number, s.number
	}
	return out
}

// values reads what one label is about.
func (r *Rules) values(s *sheet, hs []heading, g *segment, m mark) ([]candidate, []Again) {
	party, soft := s.partyAt(hs, g, m.from)
	key := resolve(m.key, party, soft)
	if key == "" || m.key == ".phone" && party == "" && g.box.Min.Y < s.page.Height/5 {
		return nil, nil // a number in the letterhead is the practice's
	}
	if (key == "priority" || key == "patient_sex") && r.choices(s.rowWords(g.row), key) > 1 {
		return nil, nil // all choices are printed: the tick decides
	}
	var out []candidate
	places := s.places(key, hs, g, m)
	for _, p := range places {
		if s.unticked(p.words[0]) {
			continue
		}
		out = r.parse(key, p.words)
		if len(out) == 0 {
			continue
		}
		for i := range out {
			out[i].label *= p.sure
			out[i].labelled = m.key[0] != '.' || party != ""
			out[i].placed = m.to-m.from == 1 && (key == "referring_name" || key == "referred_to_name") && len(g.words[m.from].Text) <= 5 // From:, To:
			if m.key[0] == '.' && (party == "" || s.farFrom(hs, party, g)) {
				out[i].label *= 0.88
			}
		}
		return out, nil
	}
	return nil, s.missing(key, places, g, m)
}

// farFrom tells whether the heading that says whom a label is about stands so far above it that another one may have been missed between.
func (s *sheet) farFrom(hs []heading, party string, g *segment) bool {
	near := -1
	for i := range hs {
		if hs[i].party == party && hs[i].seg.box.Min.Y <= g.box.Max.Y {
			near = max(near, hs[i].seg.box.Max.Y)
		}
	}
	return near >= 0 && g.box.Min.Y-near > 12*s.height
}

// joinRows makes one list of the codes and names of diagnoses that stand under each other with a label each.
func joinRows(list []candidate, height int) []candidate {
	var out []candidate
	at := map[string]int{} // the list that grows, by key
	for _, c := range list {
		if c.key != "diagnosis_codes" && c.key != "diagnosis_text" || c.list == nil {
			out = append(out, c)
			continue
		}
		i, ok := at[c.key]
		if !ok || c.box.Min.Y-out[i].box.Max.Y > 3*height || c.box.Min.Y < out[i].box.Min.Y || slices.ContainsFunc(c.list, func(s string) bool { return slices.Contains(out[i].list, s) }) {
			at[c.key] = len(out)
			out = append(out, c)
			continue
		}
		o := &out[i]
		o.list = append(slices.Clone(o.list), c.list...)
		o.words, o.label, o.box = min(o.words, c.words), min(o.label, c.label), o.box.Union(c.box)
		o.region, o.doubt = o.region.Union(c.region), o.doubt || c.doubt
	}
	return out
}

// choices counts the different values that a row of words offers for a field.
func (r *Rules) choices(words []Word, key string) int {
	seen := map[string]bool{}
	for i := range words {
		for _, c := range r.choice(words[i : i+1]) {
			if c.key == key {
				seen[c.value] = true
			}
		}
	}
	return len(seen)
}

// resolve turns a label into a field, by whom this part of the page is about.
// "" means that its value is not looked for.
func resolve(key, party string, soft bool) string {
	byParty := map[string]map[string]string{
		".name":     {"patient": "patient_name", "from": "referring_name", "to": "referred_to_name", "": "patient_name"},
		".provider": {"from": "referring_name", "to": "referred_to_name", "patient": "referring_name", "": "referring_name", "clinical": "referring_name", "payer": "referring_name"},
		".phone":    {"patient": "patient_phone", "from": "referring_phone", "payer": "", "": "patient_phone", "clinical": ""},
		".fax":      {"from": "referring_fax", "to": "referred_to_fax", "clinical": ""},
		".address":  {"patient": "patient_address", "": "patient_address", "clinical": "patient_address", "payer": ""},
	}
	if m, ok := byParty[key]; ok {
		if key == ".address" && soft {
			return "patient_address"
		}
		return m[party]
	}
	switch {
	case key == "none", key == "other", key == ".cell":
		return ""
	case party == "other" && (key == "patient_dob" || key == "patient_sex" || key == "patient_phone" || key == "patient_name"):
		return ""
	case party == "other" && !soft:
		return ""
	case party == "to":
		switch key {
		case "referring_npi", "referring_phone":
			return ""
		case "referring_practice":
			return "referred_to_practice"
		case "referring_fax":
			return "referred_to_fax"
		case "patient_city", "patient_state", "patient_zip", "patient_csz", "patient_address":
			if !soft {
				return ""
			}
		}
	case party == "from":
		switch key {
		case "patient_city", "patient_state", "patient_zip", "patient_csz", "patient_address":
			if !soft {
				return ""
			}
		case "referred_to_specialty", "referred_to_practice":
			if !soft {
				return ""
			}
		}
	}
	return key
}
