package fax

import (
	"regexp"
	"strings"
)

// Sentences of referral letters. Group names are the fields; several patterns
// may give one field.
var sentences = []struct {
	re    *regexp.Regexp
	label float64
}{
	{regexp.MustCompile(`(?i)diagnos[ie]s\b[a-z ]{0,20}? (?:is|of|are|includes?):? (?P<diagnosis>(?:[^.]|\.[0-9X])+)`), 0.95},
	{regexp.MustCompile(`(?i)\b(?:(?:I am|I'm|we are|am|are|and) requesting:?|requesting:|I request|we request) +(?P<service_text>[A-Z][^.:;]+)[.;]`), 0.93},
	{regexp.MustCompile(`(?i)next available (?P<priority>routine|urgent|stat|emergent)\b`), 0.96},
	{regexp.MustCompile(`(?i)\b(?:on an?|as an?|is|this is an?|consider this an?|treat as|marked) (?P<priority>routine|urgent|stat|emergent) ?(?:basis|referral|request|appointment|matter|priority)?`), 0.93},
	{regexp.MustCompile(`(?i)\b(?P<priority>routine|urgent|stat|emergent) (?:appointment|basis|referral|consultation|evaluation|visit|review)\b`), 0.9},
	{regexp.MustCompile(`(?i)\b(?:current )?medications? (?:include|are|consist of|currently include|list includes):? +(?P<medications>(?:[^.]|\.\d)+)\.`), 0.95},
	{regexp.MustCompile(`(?i)\b(?:s?he|patient|they|mr|ms|mrs)\b[^.]{0,30}? (?:takes|is (?:currently )?(?:taking|on|maintained on)|currently takes) +(?P<medications>(?:[^.]|\.\d)+)\.`), 0.9},
	{regexp.MustCompile(`(?i)\ballergic to +(?P<allergies>[^.]+)\.`), 0.95},
	{regexp.MustCompile(`(?i)\ballergies (?:include|are|to) +(?P<allergies>[^.]+)\.`), 0.93},
	{regexp.MustCompile(`(?i)(?P<allergies>\bno known (?:drug |medication )?allergies|\bNKDA\b)`), 0.93},
	{regexp.MustCompile(`(?i)\b(?:covered by|insured (?:by|with|through)|insurance (?:is|through|coverage is)|coverage (?:is|through|with)|has) +(?P<payer_name>[A-Z][^.,;:]{3,60}?)[,;]? +\(?(?:with )?(?:member|subscriber|policy|insurance)`), 0.95},
	{regexp.MustCompile(`(?i)\b(?:member|subscriber|policy)(?:\W{1,3}(?:id|1d|ld|d)\b)?(?: number| no\.?| #)?:? *#? *(?P<member_id>[A-Z0-9-]{6,16})\b`), 0.94},
	{regexp.MustCompile(`(?i)(?:,|;|\band|\bID [A-Z0-9-]{5,16}) +group(?: number| no\.?| #| id)?:? *#? *(?P<group_number>[A-Z]{0,4}-?\d[A-Z0-9-]{3,14})\b`), 0.93},
	{regexp.MustCompile(`\b(?i:refer(?:ring|red)?|referral) (?:(?i:him|her|them|this patient|the patient|[a-z. ]{0,30}) )?(?i:to) (?P<referred_to_specialty>[A-Z][A-Za-z &]{3,40}?)[.,;]`), 0.94},
	{regexp.MustCompile(`\b(?i:for|request(?:ing)?)(?: an?)? (?P<referred_to_specialty>[A-Z][A-Za-z &]{3,40}?) (?i:consultation|consult|evaluation|assessment|follow)`), 0.85},
	{regexp.MustCompile(`(?i)\b\d{1,3}[- ]?(?:year|yr|y)s?[- ]?/?(?:old|o)\b,? (?:[a-z-]+ ){0,2}?(?P<patient_sex>man|woman|male|female|gentleman|lady)\b`), 0.97},
	{regexp.MustCompile(`(?i)\b(?:referring|refer|seeing|see|regarding|introduce|about|for) (?:my patient |our patient |our mutual patient |your patient |this patient |the above patient )?,? ?(?:mr|mrs|ms|miss|mx)?\.? ?(?P<patient_name>[A-Z][A-Za-z'-]+(?: [A-Z]\.?)?(?: [A-Z][A-Za-z'-]+){1,3}),? *\(?(?:DOB|date of birth|born|an? \d)`), 0.95},
	{regexp.MustCompile(`(?i)\b(?:DOB|date of birth|born(?: on)?):? *(?P<patient_dob>[A-Z0-9][A-Za-z0-9/., -]{5,18}\d)`), 0.95},
	{regexp.MustCompile(`(?i)\b(?:in response to|re:?|your|original|regarding)? ?referral (?:#|no\.?|number|id|order)? ?(?:is|was)? ?:?#? ?(?P<referral_id>[A-Z]{2,4}-?\d{4,10}(?:-\d{2,8})?)\b`), 0.95},
	{regexp.MustCompile(`(?i)\(? ?order ?#? ?:?(?P<referral_id>[A-Z]{2,4}-?\d{4,10}(?:-\d{2,8})?)\)?`), 0.95},
	{regexp.MustCompile(`(?i)\b(?:signed(?: electronically)? by|signed by):? +(?P<referring_name>(?:Dr\.? )?[A-Z][A-Za-z'-]+(?: [A-Z]\.?)?(?: [A-Z][A-Za-z'-]+){1,2})`), 0.95},
	{regexp.MustCompile(`(?i)\bNPI:? ?#? ?(?P<referring_npi>\d{10})\b`), 0.9},
	{regexp.MustCompile(`(?i)\bCPT:? ?#? ?(?P<cpt_codes>\d{5})\b`), 0.95},
	{regexp.MustCompile(`(?i)\b(?:his|her|their|the) (?:medical record number|mrn|chart number) is:? *(?P<patient_mrn>[A-Z0-9-]{4,14})`), 0.93},
	{regexp.MustCompile(`(?i)\b(?:reach(?:ed)? (?:him|her|them)?|call(?:ed)?|phone(?: number)? is|contact(?:ed)?|tele(?:phone)? number is)[a-z ]{0,20}(?:at|on|is)? *(?P<patient_phone>\(?\d{3}\)?[-. ]{1,2}\d{3}[-. ]\d{4})`), 0.85},
	{regexp.MustCompile(`(?i)\b(?:lives at|resid(?:es|ing) at|address is) (?P<patient_address>\d[^.;]+?\d{5})`), 0.93},
	{regexp.MustCompile(`(?i)\b(?:authorization|auth|precert(?:ification)?)(?: number| no\.?| #)?:? *#? *(?P<auth_number>[A-Z]{0,4}-?\d[A-Z0-9-]{4,14})\b`), 0.93},
	{regexp.MustCompile(`(?i)\bAMBULATORY REFERRAL TO (?P<referred_to_specialty>[A-Z][A-Z &]{3,40}?)(?: \(|$|\n| - )`), 0.97},
	{regexp.MustCompile(`(?i)\breferral (?:order )?(?:to|for|-|–|—) ?(?P<referred_to_specialty>[A-Z][A-Za-z &]{3,40}?)(?: \(|$|\n| - )`), 0.95},
}

// maxProse bounds the text of one page that sentences are looked for in.
const maxProse = 24000

// maxSentence bounds the value that a sentence may give, in bytes.
const maxSentence = 450

// prose finds fields in the running text of one reading.
func (r *Rules) prose(s *sheet) []candidate {
	words := s.paragraphs()
	j := join(words)
	if len(j.text) > maxProse {
		j.text = j.text[:maxProse]
	}
	var out []candidate
	for _, p := range sentences {
		for _, m := range p.re.FindAllStringSubmatchIndex(j.text, 3) {
			for i, name := range p.re.SubexpNames() {
				if name == "" || m[2*i] < 0 {
					continue
				}
				out = append(out, r.sentence(name, p.label, j, m[2*i], m[2*i+1])...)
			}
		}
	}
	out = append(out, narrative(j)...)
	for i := range out {
		out[i].page, out[i].reading = s.page.Number, s.number
	}
	return out
}

func (r *Rules) sentence(key string, label float64, j joined, lo, hi int) []candidate {
	words := noBreaks(j.span(lo, hi))
	var cs []candidate
	if hi-lo < 3 || hi-lo > maxSentence {
		return nil
	}
	switch key {
	case "service_text":
		if t := strings.TrimSpace(strings.ReplaceAll(j.text[lo:hi], " "+breakText+" ", " ")); upperStart(t) && len(t) < 120 {
			cs = []candidate{found(key, t, words)}
		}
	case "referred_to_specialty":
		cs = r.parseSpecialty(words) // in a sentence only one that is known
	case "patient_sex":
		switch strings.ToLower(j.text[lo:hi]) {
		case "man", "male", "gentleman":
			cs = []candidate{found(key, "M", words)}
		default:
			cs = []candidate{found(key, "F", words)}
		}
	default:
		cs = r.parse(key, trimmed(words, j.text[lo:hi]))
	}
	for i := range cs {
		cs[i].label = min(cs[i].label, label)
	}
	return cs
}

// trimmed makes the first and last word end where the match ends.
func trimmed(words []Word, match string) []Word {
	if len(words) == 0 {
		return nil
	}
	out := append([]Word(nil), words...)
	fields := strings.Fields(match)
	if len(fields) == len(out) {
		for i := range out {
			out[i].Text = fields[i]
		}
		return out
	}
	out[len(out)-1].Text = strings.TrimRight(out[len(out)-1].Text, ".,;)")
	return out
}

// paragraphs is the text in reading order with line ends where a row is far
// from the one before.
func (s *sheet) paragraphs() []Word {
	var out []Word
	bottom := 0
	for i, row := range s.rows {
		if i > 0 && len(row) > 0 && row[0].box.Min.Y-bottom > s.height*11/10 {
			out = append(out, Word{Text: breakText, Conf: 1})
		}
		for _, g := range row {
			out = append(out, g.words...)
			bottom = g.box.Max.Y
		}
	}
	return out
}

var (
	intro   = regexp.MustCompile(`(?i)\b(?:thank you for (?:seeing|evaluating|agreeing to see)|I am (?:referring|writing to refer)|we are referring|am referring|would like to refer|please see|kindly see)\b[^.]{0,30}(?:Mrs?\.|Ms\.|Dr\.)?[^.]{3,140}?\. +`)
	because = regexp.MustCompile(`(?i)\b(?:referr(?:ing|ed)|refer|seeing|see|referral)\b[^.]{3,60}? (?:for (?:the )?(?:evaluation|management|treatment|assessment) of|because of|regarding|due to) +([^.]+\.)`)
	asks    = regexp.MustCompile(`(?i)\b(?:please|request|requesting|evaluate|kindly|would appreciate|your opinion|recommend)\b`)
	stop    = regexp.MustCompile(`[.?!] +`)
)

// narrative finds the reason in a letter: the sentences after the one that
// introduces the patient, up to the one that asks for something.
func narrative(j joined) []candidate {
	m := intro.FindStringIndex(j.text)
	if m == nil {
		if b := because.FindStringSubmatchIndex(j.text); b != nil {
			c := found("reason", strings.ReplaceAll(j.text[b[2]:b[3]], " "+breakText+" ", " "), noBreaks(j.span(b[2], b[3])))
			c.label = 0.8
			return []candidate{c}
		}
		return nil
	}
	rest := j.text[m[1]:]
	if i := strings.Index(rest, breakText); i >= 0 && i > 20 {
		rest = rest[:i]
	}
	end, n := 0, 0
	for n < 3 && end < len(rest) {
		next := stop.FindStringIndex(rest[end:])
		stopAt := len(rest)
		if next != nil {
			stopAt = end + next[1]
		}
		asked := asks.MatchString(rest[end:stopAt])
		end = stopAt
		n++
		if asked {
			break
		}
	}
	t := strings.TrimSpace(rest[:end])
	if lettersDigits(t) < 10 {
		return nil
	}
	c := found("reason", t, noBreaks(j.span(m[1], m[1]+end)))
	c.label = 0.85
	return []candidate{c}
}
