package referral

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// KnownPatient is one patient of the practice's own list, with the number that the practice's system gave. IDs[0] is the number in use;
// those after it are former ones, which still name the patient.
type KnownPatient struct {
	ID      string    `json:"id"`      // ours, opaque; it says nothing about the patient
	Source  string    `json:"source"`  // list:<name> or channel:<name>
	Updated time.Time `json:"updated"` // when the list or a message said so last
	Patient Patient   `json:"patient"`
}

// Has reports whether one of the patient's numbers is id, now or formerly.
func (k KnownPatient) Has(id Identifier) bool {
	return slices.ContainsFunc(k.Patient.IDs, func(o Identifier) bool { return o.Compatible(id) })
}

// Updates takes over what p says. Whole: p is all that is known (a list); else what p leaves empty stays (a message). Former numbers stay
// either way.
func (k KnownPatient) Updates(p Patient, whole bool) KnownPatient {
	ids := k.Patient.IDs
	if !whole {
		given := p.IDs
		p = overlaid(k.Patient, p)
		p.IDs = given
	}
	p.IDs = slices.Clone(p.IDs)
	for _, id := range ids {
		if !slices.ContainsFunc(p.IDs, id.Compatible) {
			p.IDs = append(p.IDs, id)
		}
	}
	k.Patient = p
	return k
}

// Facts that are compared to find a patient in the practice's list.
const (
	FactMRN     = "mrn"
	FactBirth   = "birth_date"
	FactLast    = "last_name"
	FactFirst   = "first_name"
	FactPhone   = "phone"
	FactAddress = "address"
	FactSex     = "sex"
)

// Candidate is a patient of the practice's list who may be the one on a paper, and why. Only a person says that it is.
type Candidate struct {
	Known  KnownPatient `json:"known"`
	Agree  []string     `json:"agree"`  // facts that are the same
	Near   []string     `json:"near"`   // facts that a misread character, a nickname or swapped names explain
	Differ []string     `json:"differ"` // facts that are not the same
	Score  float64      `json:"score"`  // for the order only
}

// weights say how much a fact speaks for a patient, and how much against when it differs. A number on the sender's paper is the sender's
// own more often than ours, people move and change their telephone: that those differ says nothing.
var weights = map[string]struct{ yes, no float64 }{
	FactMRN: {4, 0}, FactBirth: {4, 3}, FactLast: {3, 2}, FactFirst: {2, 2}, FactPhone: {2, 0}, FactAddress: {1, 0}, FactSex: {0.5, 1},
}

// leastScore is what a candidate must reach to be shown: about a birth date and one name that does not contradict.
const leastScore = 2.5

// Candidates compares a patient as read from paper with known ones, and returns at most limit that may be the same person, best first.
func Candidates(read Patient, known []KnownPatient, limit int) []Candidate {
	var out []Candidate
	for _, k := range known {
		if c := compareKnown(read, k); c.Score >= leastScore {
			out = append(out, c)
		}
	}
	slices.SortStableFunc(out, func(a, b Candidate) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Known.ID, b.Known.ID))
	})
	return out[:min(limit, len(out))]
}

// compareKnown fills the facts and the score of one candidate.
func compareKnown(read Patient, k KnownPatient) Candidate {
	c := Candidate{Known: k}
	p := k.Patient
	for _, id := range read.IDs {
		if k.Has(Identifier{Value: id.Value, Kind: KindMRN}) {
			c.say(FactMRN, sameFact)
			break
		}
	}
	c.say(FactBirth, compareDates(read.BirthDate, p.BirthDate))
	last, first := compareNames(familyOf(read.Name), familyOf(p.Name)), compareNames(read.Name.Given, p.Name.Given)
	if last == otherFact && first == otherFact && compareNames(read.Name.Given, familyOf(p.Name)) == sameFact && compareNames(familyOf(read.Name), p.Name.Given) == sameFact {
		last, first = nearFact, nearFact // swapped boxes
	}
	c.say(FactLast, last)
	c.say(FactFirst, first)
	c.say(FactPhone, comparePlain(PlainPhone(read.Phone), PlainPhone(p.Phone), 1))
	c.say(FactAddress, comparePlain(FoldMisread(read.Address.Line1), FoldMisread(p.Address.Line1), 2))
	c.say(FactSex, comparePlain(knownSex(read.Sex), knownSex(p.Sex), 0))
	return c
}

// likeness is how one fact of two patients compares.
type likeness int

const (
	noFact likeness = iota // not known of both
	sameFact
	nearFact
	otherFact
)

func (c *Candidate) say(fact string, l likeness) {
	w := weights[fact]
	switch l {
	case sameFact:
		c.Agree = append(c.Agree, fact)
		c.Score += w.yes
	case nearFact:
		c.Near = append(c.Near, fact)
		c.Score += w.yes / 2
	case otherFact:
		c.Differ = append(c.Differ, fact)
		c.Score -= w.no
	}
}

// compareNames: equal as FoldName and FoldMisread write them; near with one letter changed (two in long names), or when one begins with
// all of the other, as a nickname, an initial or one half of a double name does.
func compareNames(a, b string) likeness {
	x, y := FoldName(a), FoldName(b)
	switch {
	case x == "" || y == "":
		return noFact
	case x == y:
		return sameFact
	}
	x, y = FoldMisread(a), FoldMisread(b)
	short, long := x, y
	if len(short) > len(long) {
		short, long = long, short
	}
	switch {
	case x == y, strings.HasPrefix(long, short), strings.HasSuffix(long, short) && len(short) > 3, edits(x, y, 1+len(long)/8):
		return nearFact
	}
	return otherFact
}

// compareDates: near with one digit changed, or with day and month swapped.
func compareDates(a, b string) likeness {
	a, b = bareDate(a), bareDate(b)
	l := comparePlain(a, b, 1)
	if l == otherFact && len(a) == 8 && len(b) == 8 && a[:4] == b[:4] && a[4:6] == b[6:] && a[6:] == b[4:6] {
		return nearFact
	}
	return l
}

// comparePlain: equal, or near within some changed characters.
func comparePlain(a, b string, slack int) likeness {
	switch {
	case a == "" || b == "":
		return noFact
	case a == b:
		return sameFact
	case slack > 0 && len(a) == len(b) && changedIn(a, b) <= slack, slack > 1 && edits(a, b, slack):
		return nearFact
	}
	return otherFact
}

// changedIn counts the places in which two texts of the same length differ.
func changedIn(a, b string) int {
	n := 0
	for i := range len(a) {
		if a[i] != b[i] {
			n++
		}
	}
	return n
}

// edits reports whether at most limit characters must be changed, added or left out to make b of a.
func edits(a, b string, limit int) bool {
	if d := len(a) - len(b); d > limit || -d > limit || len(a) > 200 || len(b) > 200 {
		return false
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := before
			if a[i] != b[j] {
				cost++
			}
			before = row[j+1]
			row[j+1] = min(row[j+1]+1, row[j]+1, cost)
		}
	}
	return row[len(b)] <= limit
}

// misread are characters and pairs that readers of print take for one another.
var misread = strings.NewReplacer("rn", "m", "vv", "w", "cl", "d", "0", "o", "1", "l", "i", "l", "|", "l", "5", "s", "8", "b", "2", "z", "6", "g", "q", "g")

// FoldMisread is FoldName with characters that look alike in bad print written as one. It is for comparison only.
func FoldMisread(s string) string { return misread.Replace(FoldName(s)) }

// PlainPhone is the last ten digits of a telephone number: without country code, punctuation and extension (x, ext, #).
func PlainPhone(phone string) string {
	if i := strings.IndexAny(strings.ToLower(phone), "ex#;"); i > 0 {
		phone = phone[:i]
	}
	d := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, phone)
	return d[max(0, len(d)-10):]
}

// AsRead is the patient as all fields read from paper name him, those below the review line too: for a search, never for the record.
func (r Referral) AsRead() Patient {
	for _, f := range r.Fields {
		if strings.HasPrefix(f.Key, "patient_") && f.Value != "" {
			r = setField(r, f.Key, strings.TrimSpace(f.Value))
		}
	}
	return r.Patient
}

// chosen takes the patient of the practice's own list whom a person chose: the name, birth date and sex are the list's, the practice's
// number joins those on the paper, and a telephone number or address that the paper does not give is filled in. What the list leaves empty
// stays as it was read.
func chosen(r Referral, p Patient) Referral {
	fill := r.Patient
	fill.Name, fill.BirthDate, fill.Sex = p.Name, cmp.Or(p.BirthDate, r.Patient.BirthDate), cmp.Or(p.Sex, r.Patient.Sex)
	fill.Name.Middle, fill.Name.Suffix = cmp.Or(p.Name.Middle, r.Patient.Name.Middle), cmp.Or(p.Name.Suffix, r.Patient.Name.Suffix)
	if fill.Phone == "" {
		fill.Phone = p.Phone
	}
	if fill.Address == (Address{}) {
		fill.Address = p.Address
	}
	fill.IDs = joinIDs(slices.Clone(r.Patient.IDs), p.IDs)
	r.Patient = fill
	known := slices.Clone(r.Fields)
	for i, f := range known {
		v := map[string]string{"patient_first": p.Name.Given, "patient_last": p.Name.Family, "patient_middle": p.Name.Middle, "patient_suffix": p.Name.Suffix,
			"patient_dob": p.BirthDate, "patient_sex": p.Sex}
		if value := v[f.Key]; value != "" {
			known[i].Value, known[i].Confirmed = value, true
		}
	}
	r.Fields = known
	return r
}
