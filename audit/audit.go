// Package audit is the hash chain of who did and saw what: pure computation, no storage. Rows hold ids and words, never content.
//
// Every node has one chain, numbered from 1 without a gap. A row has two digests, both HMAC-SHA-256 under a key that is not in the
// database in the clear: the content digest covers the entry; the row digest covers node, sequence, the row digest before it and the
// content digest. Purging an entry keeps both digests as a tombstone, so the chain stays whole and nobody without the key can make a
// tombstone of a row that was not purged. The head (last sequence and digest) is sealed apart, so that rows cut off the end are missed.
//
// It leaves out: storage (package store), time stamps by others and signatures; who has the key can write a new chain, so copy the
// head elsewhere (Head has what is needed).
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
