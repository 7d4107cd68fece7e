package fax

import (
	"image"
	"strings"
)

// candidate is one value that may be a field, with its evidence.
type candidate struct {
	key      string
	value    string
	list     []string // for keys whose value is a list
	words    float64  // lowest confidence of its words, 0..1
	label    float64  // how sure it is that this is that field, 0..1
	page     int
	reading  int
	placed   bool            // only its place on the page says what it is: letterhead, addressee, signature, "From:", "To:"
	head     bool            // it stands in the letterhead
	region   image.Rectangle // all that was taken for its value, also what gave nothing; zero: box
	doubt    bool            // the words themselves say that it may not be so
	labelled bool            // a label that names its field stands with it
	box      image.Rectangle
}

// joined is the text of some words with the way back to them.
type joined struct {
	text  string
	words []Word
	start []int // byte offset of each word
}

func join(words []Word) joined {
	j := joined{words: words, start: make([]int, len(words))}
	var b strings.Builder
	for i, w := range words {
		if i > 0 {
			b.WriteByte(' ')
		}
		j.start[i] = b.Len()
		b.WriteString(w.Text)
	}
	j.text = b.String()
	return j
}

// span is the words that bytes lo to hi-1 of the text touch.
func (j joined) span(lo, hi int) []Word {
	a, b := len(j.words), 0
	for i, w := range j.words {
		if j.start[i]+len(w.Text) > lo && j.start[i] < hi {
			a, b = min(a, i), i+1
		}
	}
	if a >= b {
		return nil
	}
	return j.words[a:b]
}

func spanBox(words []Word) image.Rectangle {
	var r image.Rectangle
	for _, w := range words {
		r = r.Union(w.Box)
	}
	return r
}

// lowest is the lowest confidence of the words that carry letters or digits.
func lowest(words []Word) float64 {
	c := 1.0
	for _, w := range words {
		if lettersDigits(w.Text) > 0 {
			c = min(c, w.Conf)
		}
	}
	return c
}

// found makes a candidate of words.
func found(key, value string, words []Word) candidate {
	return candidate{key: key, value: value, words: lowest(words), box: spanBox(words), label: 1}
}

func foundList(key string, list []string, words []Word) candidate {
	return candidate{key: key, list: list, words: lowest(words), box: spanBox(words), label: 1}
}

// same tells whether two candidates say the same, as far as case and
// punctuation go.
func (c candidate) same(d candidate) bool { return c.plain() == d.plain() }

func (c candidate) plain() string {
	if c.list != nil {
		return strings.Join(plainTokens(strings.Join(c.list, " ; ")), " ")
	}
	return strings.Join(plainTokens(c.value), "")
}
