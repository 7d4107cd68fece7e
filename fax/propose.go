package fax

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Limits of what a model server is given and may answer.
const (
	maxPromptPages = 8
	maxPromptText  = 32_000 // characters of all pages
	maxProposals   = 64 << 10
	maxProposed    = 2000 // characters of one value
)

// proposedMost is the highest confidence of a value that only a model server pointed at: under every sensible review line. A person looks.
const proposedMost = 0.7

// Proposal is a value that a model server says a field has. It counts only where its words stand on a page.
type Proposal struct {
	Key   string `json:"key"`
	Value string `json:"value"` // a list is one item a line
}

// PromptText is what a model server is shown of a fax: the words of the first pages, line by line.
func PromptText(pages []PageText) string {
	var b strings.Builder
	for i := range pages[:min(len(pages), maxPromptPages)] {
		p := &pages[i]
		if p.Failure != "" || len(p.Readings) == 0 {
			continue
		}
		s := newSheet(p, 0)
		fmt.Fprintf(&b, "--- page %d ---\n", p.Number)
		for n := range s.rows {
			line := text(s.rowWords(n))
			if b.Len()+len(line) > maxPromptText {
				return b.String()
			}
			b.WriteString(line + "\n")
		}
	}
	return b.String()
}

// errProposals says that an answer is none.
var errProposals = errors.New("fax: model: got an answer that is no JSON object of fields, want {\"patient_dob\": \"1980-02-03\", ...}")

// ParseProposals reads a model server's answer: one JSON object of Keys to texts or lists of texts, alone or inside other words. Keys that
// are none, empty values and values over 2,000 characters are left out; at most 64 KiB.
func ParseProposals(b []byte) ([]Proposal, error) {
	if len(b) > maxProposals {
		return nil, fmt.Errorf("fax: model: got an answer of %d bytes, want at most %d", len(b), maxProposals)
	}
	from, to := strings.IndexByte(string(b), '{'), strings.LastIndexByte(string(b), '}')
	if from < 0 || to < from {
		return nil, errProposals
	}
	var raw map[string]any
	if err := json.Unmarshal(b[from:to+1], &raw); err != nil {
		return nil, errProposals
	}
	var out []Proposal
	for _, key := range slices.Sorted(maps.Keys(raw)) {
		v := proposedValue(raw[key])
		if v != "" && len(v) <= maxProposed && slices.Contains(Keys, key) && key != "referral_id" { // which loop a page closes no model says
			out = append(out, Proposal{key, v})
		}
	}
	return out, nil
}

// proposedValue is a text, or the items of a list one a line; nothing else.
func proposedValue(v any) string {
	switch v := v.(type) {
	case string:
		return strings.TrimSpace(v)
	case []any:
		var items []string
		for _, item := range v {
			if s, ok := item.(string); ok && strings.TrimSpace(s) != "" {
				items = append(items, strings.TrimSpace(s))
			}
		}
		return strings.Join(items, "\n")
	}
	return ""
}

// Weigh lets proposals count in a result of Extract. A field that was not found is added when the proposed value stands on a page: with
// the words of the page, their place, and at most 0.7, so that a person looks at it. A field with another value is doubted, which brings
// it under the review line. A proposal that agrees changes nothing: it read the same words. Faxes of several patients are left alone.
func (r *Rules) Weigh(res Result, pages []PageText, list []Proposal) Result {
	if len(res.Papers) != 1 || len(list) == 0 {
		return res
	}
	p := res.Papers[0]
	if p.Fields = maps.Clone(p.Fields); p.Fields == nil {
		p.Fields = map[string]Field{}
	}
	for key, f := range r.standing(pages, list) {
		have, found := p.Fields[key]
		switch {
		case !found:
			p.Fields[key] = f
		case !sameField(have, f):
			have.Confidence = min(have.Confidence, sureLine)
			p.Fields[key] = have
		}
	}
	res.Papers = []Paper{p}
	return res
}

// standing are the proposed fields that stand on a page, as the page has them.
func (r *Rules) standing(pages []PageText, list []Proposal) map[string]Field {
	var values []Verified
	for _, p := range list {
		values = append(values, Verified{Key: p.Key, Value: p.Value})
	}
	out := map[string]Field{}
	for i := range pages[:min(len(pages), maxPromptPages)] {
		if pages[i].Failure != "" || len(pages[i].Readings) == 0 {
			continue
		}
		l := newLesson(r, &pages[i])
		l.find(values)
		for key, box := range l.at {
			for _, c := range r.parse(parseKey(key), l.s.inside(box, key)) {
				v, proposed := valueOf(list, c.key)
				if _, have := out[c.key]; have || !proposed || !says([]candidate{c}, c.key, v) && c.key != "reason" && c.key != "service_text" && c.list == nil {
					continue
				}
				out[c.key] = Field{
					Value: c.value, List: c.list, Confidence: min(proposedMost, c.words), Page: pages[i].Number,
					Box: [4]int{c.box.Min.X, c.box.Min.Y, c.box.Dx(), c.box.Dy()},
				}
			}
		}
	}
	return out
}

func valueOf(list []Proposal, key string) (string, bool) {
	for _, p := range list {
		if p.Key == key {
			return p.Value, true
		}
	}
	return "", false
}

// sameField compares what two fields say, as far as case and punctuation go; of texts and lists it is enough that one holds the other.
func sameField(a, b Field) bool {
	plain := func(f Field) string { return strings.Join(plainTokens(f.Value+" "+strings.Join(f.List, " ")), "") }
	x, y := plain(a), plain(b)
	return strings.Contains(x, y) || strings.Contains(y, x)
}
