package hl7

import (
	"cmp"
	"slices"
	"sync"
)

// Reads notes which bytes of a message a program took, as text or raw, so that somebody can be told what it left unread. Give an empty one
// to [ParseWith]; it may be used by several goroutines. Asking whether a value is empty, null or repeated is not reading, and neither is
// [Validate].
type Reads struct {
	mu     sync.Mutex
	spans  []span
	merged bool
}

func (r *Reads) note(v Value) {
	if len(v.raw) == 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s := span{v.at, v.at + uint32(len(v.raw))}
	if n := len(r.spans); n > 0 && r.spans[n-1] == s {
		return
	}
	r.spans, r.merged = append(r.spans, s), false
}

// Has tells whether any byte of v was read. v may come from another Message of the same bytes. It is false for an empty value.
func (r *Reads) Has(v Value) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.merge()
	lo, hi := v.at, v.at+uint32(len(v.raw))
	i, _ := slices.BinarySearchFunc(r.spans, lo, func(s span, at uint32) int { return cmp.Compare(s.hi, at+1) })
	return i < len(r.spans) && r.spans[i].lo < hi
}

// merge sorts the spans and joins those that touch.
func (r *Reads) merge() {
	if r.merged {
		return
	}
	slices.SortFunc(r.spans, func(a, b span) int { return cmp.Or(cmp.Compare(a.lo, b.lo), cmp.Compare(a.hi, b.hi)) })
	out := r.spans[:0]
	for _, s := range r.spans {
		if n := len(out); n > 0 && s.lo <= out[n-1].hi {
			out[n-1].hi = max(out[n-1].hi, s.hi)
		} else {
			out = append(out, s)
		}
	}
	r.spans, r.merged = out, true
}
