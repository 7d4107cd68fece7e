package channels

import (
	"context"
	"fmt"
	"time"
)

// Observer takes what a rail notices by itself, without a message or a delivery: certificates that end, a partner that cannot be written to
// any more. The engine implements it; a rail asks its Handler for it with a type assertion.
type Observer interface {
	// Observe replaces what the same source said before. It is durable when it returns nil.
	Observe(ctx context.Context, o Observation) error
}

// Observation is everything that one source sees at a time. What it named before and names no longer is over.
type Observation struct {
	Source       string // rail type; whose word it is
	At           time.Time
	Kinds        []string // kinds of alarms that the source looks for: an open incident of them that Alarms does not name is resolved
	Scope        string   // with it only incidents whose key begins so are this source's; empty: all of Kinds
	Alarms       []Alarm
	Lanes        []LaneState
	Certificates []CertificateEnd
}

// Alarm is one thing that a person must know. There is one incident a kind and key; one that a person closed is not opened again.
type Alarm struct {
	Kind string // certificate_ends, bundle_shrunk, bundle_stale, mailbox_closed, hisp_login, files_set_aside, batch_incomplete, frames_unreadable
	Key  string // stable and without patient data
	Note string // plain words with what to do, without patient data
}

// States of a lane as its rail sees it.
const (
	LaneGreen = "green" // it can be used
	LaneRed   = "red"   // it cannot for now: what waits in it takes the partner's next rail, and what comes too, until it is green again
)

// LaneState is how one rail of a partner is, whatever waits in it.
type LaneState struct {
	Lane  string
	State string // LaneGreen or LaneRed
	Note  string // why, in words without patient data; empty when green
}

// CertificateEnd is when a certificate ends that is ours or that a partner needs.
type CertificateEnd struct {
	Kind   string // identity, peer, anchor, intermediate, tls
	SHA256 string // of its DER, hex
	Ends   time.Time
}

// LaterError is what Preparer.Prepare returns when nothing can be decided yet: the message stays `received`, nothing is answered, and
// Prepare is asked again after a while. A rail must end this by itself: Until is when it will decide at the latest.
type LaterError struct {
	Until time.Time
	Err   error // why, without patient data
}

// Unwrap returns the cause.
func (e *LaterError) Unwrap() error { return e.Err }

// Error says why and until when.
func (e *LaterError) Error() string {
	return fmt.Sprintf("not decided yet: %v; it is tried again until %s", e.Err, e.Until.UTC().Format(time.RFC3339))
}
