package audit

import (
	"crypto/hmac"
	"fmt"
	"iter"
)

// BrokenError says where a chain is broken first, and why.
type BrokenError struct {
	Node string
	Seq  int64 // first sequence that does not hold
	Why  string
}

// Error names node, sequence and cause.
func (e *BrokenError) Error() string {
	return fmt.Sprintf("audit: chain of node %q is broken at %d: %s; compare with a backup and the heads exported before", e.Node, e.Seq, e.Why)
}

// Verify walks rows from sequence 1 and returns the head they lead to. The error is a *BrokenError, or what the iterator gave.
// The head is that of the last row that held.
func (c *Chain) Verify(rows iter.Seq2[Row, error]) (Head, error) {
	head := c.Genesis()
	for r, err := range rows {
		if err != nil {
			return head, err
		}
		if why := c.check(head, r); why != "" {
			return head, &BrokenError{Node: c.node, Seq: head.Seq + 1, Why: why}
		}
		head = r.Head()
	}
	return head, nil
}

// VerifyHead reports a head whose seal does not hold, or that is not where the rows end.
func (c *Chain) VerifyHead(got, sealed Head, seal Digest) error {
	want := c.Seal(sealed)
	switch {
	case !hmac.Equal(want[:], seal[:]):
		return &BrokenError{Node: c.node, Seq: sealed.Seq, Why: "the seal of the head does not match"}
	case got.Seq < sealed.Seq:
		return &BrokenError{Node: c.node, Seq: got.Seq + 1, Why: fmt.Sprintf("rows are missing at the end: got %d, want %d", got.Seq, sealed.Seq)}
	case got != sealed:
		return &BrokenError{Node: c.node, Seq: got.Seq, Why: fmt.Sprintf("the last row is not the sealed head %d", sealed.Seq)}
	}
	return nil
}

func (c *Chain) check(head Head, r Row) string {
	switch {
	case r.Node != c.node:
		return fmt.Sprintf("the row is of node %q", r.Node)
	case r.Seq <= head.Seq:
		return fmt.Sprintf("sequence goes back: got %d after %d", r.Seq, head.Seq)
	case r.Seq != head.Seq+1:
		return fmt.Sprintf("rows are missing: got %d after %d", r.Seq, head.Seq)
	}
	content := r.Content
	if !r.Purged {
		content = c.Content(r.Entry)
	}
	want := c.row(r.Seq, head.Digest, content)
	if hmac.Equal(want[:], r.Digest[:]) {
		return ""
	}
	if r.Purged {
		return "the tombstone or the link to the row before was changed"
	}
	return "the entry or the link to the row before was changed"
}
