package mllp

import (
	"sync"

	"refloop/channels"
	"refloop/hl7"
)

// maxSeen is how many answers are remembered, so that a peer that answers every earlier message again is heard once.
const maxSeen = 1024

// lateAnswers is where answers go that nobody waits for.
type lateAnswers struct {
	mu      sync.Mutex
	confirm func(channels.Receipt) error // nil: nobody takes them yet
	known   map[string]bool              // MSA-2 and MSA-1 of answers that were taken
	order   []string                     // of known, oldest first
}

func (l *lateAnswers) to(confirm func(channels.Receipt) error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.confirm = confirm
}

// seen remembers an answer; false: it was taken before.
func (l *lateAnswers) seen(a hl7.AckInfo) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := a.Code + " " + a.About
	if l.known[key] {
		return false
	}
	if l.known == nil {
		l.known = map[string]bool{}
	}
	if len(l.order) == maxSeen {
		delete(l.known, l.order[0])
		l.order = l.order[1:]
	}
	l.known[key], l.order = true, append(l.order, key)
	return true
}

// unseen forgets an answer that could not be kept.
func (l *lateAnswers) unseen(a hl7.AckInfo) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.known, a.Code+" "+a.About)
}

func (l *lateAnswers) handler() func(channels.Receipt) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.confirm
}

// lateAnswer takes an answer to another message than the one in flight: the application acknowledgement of one that was committed, or the answer to
// one that was given up and will come again with the same control ID.
func (s *Sender) lateAnswer(info hl7.AckInfo, raw []byte) {
	confirm := s.late.handler()
	if info.About == "" || confirm == nil {
		s.d.Log.Warn("an answer to no message in flight was passed over", "rail", s.d.Lane, "code_known", info.Positive())
		return
	}
	if !s.late.seen(info) {
		return
	}
	r := receipt(info)
	r.ControlID, r.At, r.Raw = info.About, s.d.Now().UTC(), raw
	r.Recipient = s.d.Address // only of what was sent there: a peer speaks for itself
	if err := confirm(r); err != nil {
		s.late.unseen(info)
		s.d.Log.Error("a late answer could not be kept; the peer is not told", "rail", s.d.Lane, "error", err)
	}
}

// Judge implements channels.Judge by the keys on_ae and on_ar.
func (s *Sender) Judge(r channels.Receipt) (permanent, park bool) { return s.cfg.policy(r) }

// policy is what the partner's keys make of a refusal: whether the same bytes are not sent again on this rail, and whether no other rail takes
// over.
func (c RailConfig) policy(r channels.Receipt) (permanent, park bool) {
	how := c.OnAR
	if r.Code == "AE" || r.Code == "CE" {
		how = c.OnAE
	}
	switch how {
	case "retry":
		return false, false
	case "next":
		return true, false
	case "park":
		return true, true
	}
	return r.Permanent, false
}
