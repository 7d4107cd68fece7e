package fax

import (
	"errors"
	"fmt"
)

// Letter is what goes on paper when a referral, an answer or a report leaves by fax. It is plain data: whoever makes it
// decides what may be said. It travels as JSON.
//
// Page 1 is the cover, which shows only Cover. The form begins on page 2 with Title, Form and, when Reply is set, an area of
// tick boxes for the answer; Summary follows on pages of its own.
type Letter struct {
	Referral string    `json:"referral,omitempty"` // referral ID for bar codes; empty: none are printed
	Cover    Cover     `json:"cover"`
	Title    string    `json:"title"`             // of the form: Referral
	Form     []Section `json:"form,omitempty"`    // large labels and values
	Reply    bool      `json:"reply,omitempty"`   // print the tick boxes for the answer
	Heading  string    `json:"heading,omitempty"` // of the summary pages: Clinical summary
	Summary  []Section `json:"summary,omitempty"`
	Part2    bool      `json:"part2,omitempty"`   // 42 CFR Part 2: Statement 1 on page 2, Statement 2 below the pages after it
	Consent  string    `json:"consent,omitempty"` // scope of the consent, or a copy's place (42 CFR 2.32); printed below Statement 1
	CopyOf   string    `json:"copy_of,omitempty"` // not empty: printed as a copy, with these words on how the first one went
}

// Cover is all that the cover page says. It must not hold the patient, the reason or the kind of care: a wrong number reads it.
type Cover struct {
	To   Party  `json:"to"`
	From Party  `json:"from"`
	Date string `json:"date"`           // as printed
	Note string `json:"note,omitempty"` // one neutral line, for example who to call with questions
}

// Party is a sender or receiver of a fax.
type Party struct {
	Name         string `json:"name,omitempty"`
	Organization string `json:"organization,omitempty"`
	Phone        string `json:"phone,omitempty"`
	Fax          string `json:"fax,omitempty"`
}

// Section is a part of a page: labelled lines, then paragraphs.
type Section struct {
	Title      string   `json:"title,omitempty"`
	Lines      []Line   `json:"lines,omitempty"`
	Paragraphs []string `json:"paragraphs,omitempty"`
}

// Line is a value with its label. Half lines stand two abreast when the one before is half, too.
type Line struct {
	Label string `json:"label"`
	Value string `json:"value"`
	Half  bool   `json:"half,omitempty"`
}

// Limits of a letter.
const (
	maxLetterText  = 400_000 // bytes of all text together
	maxLetterPages = 100
)

// ErrLetter is returned for letters that cannot be drawn within the limits.
var ErrLetter = errors.New("fax: letter")

// Draw makes the pages: 1728 x 2156 pixels at 204 x 196 dots per inch. Attached pages follow, each made to fit between a heading
// line and the footer. The same letter always gives the same pages. It fails with ErrLetter when the letter is too long, its
// referral ID does not fit a code, or an attached page has no image.
func (l Letter) Draw(attached ...*Page) ([]*Bitmap, error) {
	if n := l.size(); n > maxLetterText {
		return nil, fmt.Errorf("%w: got %d bytes of text, want at most %d; send less or by another way", ErrLetter, n, maxLetterText)
	}
	d, err := newDrawer(l)
	if err != nil {
		return nil, err
	}
	if err := d.body(); err != nil {
		return nil, err
	}
	d.own = len(d.pages)
	if len(d.pages)+len(attached) > maxLetterPages {
		return nil, fmt.Errorf("%w: got %d pages, want at most %d; send less or by another way", ErrLetter, len(d.pages)+len(attached), maxLetterPages)
	}
	for _, p := range attached {
		if err := d.attach(p); err != nil {
			return nil, err
		}
	}
	for n := range d.pages {
		if err := d.finish(n); err != nil {
			return nil, err
		}
	}
	return d.pages, nil
}

func (l Letter) size() int {
	n := len(l.Title) + len(l.Heading) + len(l.Consent) + len(l.CopyOf)
	for _, list := range [][]Section{l.Form, l.Summary} {
		for _, s := range list {
			n += len(s.Title)
			for _, v := range s.Lines {
				n += len(v.Label) + len(v.Value)
			}
			for _, p := range s.Paragraphs {
				n += len(p)
			}
		}
	}
	return n
}

// Statement1 and Statement2 are the notices of 42 CFR 2.32(a)(1) and (a)(2) (2024 rule), word for word.
const (
	Statement1 = `This record which has been disclosed to you is protected by Federal confidentiality rules (42 CFR part 2). These rules prohibit you from using or disclosing this record, or testimony that describes the information contained in this record, in any civil, criminal, administrative, or legislative proceedings by any Federal, State, or local authority, against the patient, unless authorized by the consent of the patient, except as provided at 42 CFR 2.12(c)(5) or as authorized by a court in accordance with 42 CFR 2.64 or 2.65. In addition, the Federal rules prohibit you from making any other use or disclosure of this record unless at least one of the following applies: (i) Further use or disclosure is expressly permitted by the written consent of the individual whose information is being disclosed in this record or as otherwise permitted by 42 CFR part 2. (ii) You are a covered entity or business associate and have received the record for treatment, payment, or health care operations, or (iii) You have received the record from a covered entity or business associate as permitted by 45 CFR part 164, subparts A and E. A general authorization for the release of medical or other information is NOT sufficient to meet the required elements of written consent to further use or redisclose the record (see 42 CFR 2.31).`

	Statement2 = `42 CFR part 2 prohibits unauthorized use or disclosure of these records.`
)
