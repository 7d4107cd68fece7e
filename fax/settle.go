package fax

import (
	"strings"
)

// sureLine is the highest confidence of a value that has a doubt of its own.
// It lies under every sensible review line.
const sureLine = 0.8

// settle applies what fields say about each other once they are chosen.
func (r *Rules) settle(f map[string]Field, leaves []*leaf) {
	plausibleBirth(f)
	nameTogether(f)
	differentPhones(f)
	if s, ok := f["referred_to_specialty"]; !ok || s.Confidence < 0.5 {
		r.specialtyOfPractice(f)
	}
	if v, ok := f["referring_npi"]; ok && !ValidNPI(v.Value) {
		capAt(f, "referring_npi", 0.3)
	}
	headerAgrees(f, leaves)
}

func capAt(f map[string]Field, key string, most float64) {
	if v, ok := f[key]; ok && v.Confidence > most {
		v.Confidence = most
		f[key] = v
	}
}

// plausibleBirth: nobody is referred before birth or after 115 years.
func plausibleBirth(f map[string]Field) {
	dob, ok := f["patient_dob"]
	if !ok {
		return
	}
	if ref, ok := f["referral_date"]; ok && ref.Value < dob.Value {
		capAt(f, "patient_dob", 0.4)
		capAt(f, "referral_date", 0.6)
	} else if ok && ref.Value[:4] > "1800" && year(ref.Value)-year(dob.Value) > 115 {
		capAt(f, "patient_dob", 0.4)
	}
}

func year(date string) int {
	n := 0
	for i := 0; i < 4 && i < len(date); i++ {
		n = n*10 + int(date[i]-'0')
	}
	return n
}

// nameTogether: first and last name are one find; a single letter is no name.
func nameTogether(f map[string]Field) {
	first, ok1 := f["patient_first"]
	last, ok2 := f["patient_last"]
	if !ok1 || !ok2 {
		capAt(f, "patient_first", sureLine)
		capAt(f, "patient_last", sureLine)
		return
	}
	if strings.EqualFold(first.Value, last.Value) || lettersDigits(first.Value) < 2 || lettersDigits(last.Value) < 2 {
		capAt(f, "patient_first", 0.5)
		capAt(f, "patient_last", 0.5)
	}
	low := min(first.Confidence, last.Confidence)
	capAt(f, "patient_first", low)
	capAt(f, "patient_last", low)
}

// differentPhones: the practice's own number is not the patient's.
func differentPhones(f map[string]Field) {
	p, ok := f["patient_phone"]
	if !ok {
		return
	}
	for _, k := range []string{"referring_phone", "referring_fax", "referred_to_fax"} {
		if o, ok := f[k]; ok && o.Value == p.Value {
			if p.Confidence <= o.Confidence {
				delete(f, "patient_phone")
				return
			}
			capAt(f, "patient_phone", 0.4)
			capAt(f, k, sureLine)
		}
	}
}

// specialtyOfPractice reads the specialty out of the name of the practice the
// patient is sent to ("Prairie Dermatology Center"), with less certainty.
func (r *Rules) specialtyOfPractice(f map[string]Field) {
	p, ok := f["referred_to_practice"]
	if !ok {
		return
	}
	var words []Word
	for _, t := range strings.Fields(p.Value) {
		words = append(words, Word{Text: t, Conf: 1})
	}
	toks := flatten(&segment{words: words})
	for i := range toks {
		if key, n := phraseAt(r.specialties, toks, i); n > 0 {
			p.Value, p.Confidence = key, p.Confidence*0.85
			f["referred_to_specialty"] = p
			return
		}
	}
}

// headerAgrees: the number that the sending machine printed on top confirms
// the fax number of the referring practice.
func headerAgrees(f map[string]Field, leaves []*leaf) {
	fax, ok := f["referring_fax"]
	if !ok {
		return
	}
	for _, l := range leaves {
		if strings.Contains(digitsOf(text(l.page.Header)), fax.Value) {
			fax.Confidence = max(fax.Confidence, 1-(1-fax.Confidence)*0.3)
			f["referring_fax"] = fax
			return
		}
	}
}

func digitsOf(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
}
