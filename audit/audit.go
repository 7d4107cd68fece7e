// Package audit is the hash chain of who did and saw what: pure computation, no storage. Rows hold ids and words, never content.
package audit

import "time"

// Entry is one thing somebody did or saw.
type Entry struct {
	At     time.Time `json:"at"`
	Actor  string    `json:"actor"`  // local user (user:anna), partner:lakeside, daemon
	Action string    `json:"action"` // message.received, referral.accept, message.read, audit.verify ...
	Object string    `json:"object"` // id of what it was done to
	Detail string    `json:"detail"` // words without patient data
}
