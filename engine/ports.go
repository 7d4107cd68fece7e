package engine

import (
	"context"
	"time"

	"refloop/audit"
	"refloop/referral"
)

// Store is what the engine needs of storage. cmd passes it in.
type Store interface {
	// Stow seals bytes for the archive before any transaction: small ones inline, those over 1 MiB as chunks committed at once.
	Stow(ctx context.Context, body []byte) (referral.Blob, error)

	// Write runs work on the one writer, in its own savepoint inside a group commit, and returns after the commit is durable. If work
	// returns an error, or the commit fails, nothing of it is kept. work must be quick: no I/O but tx, no crypto of size, no waiting.
	Write(ctx context.Context, work func(Tx) error) error

	Read
}

// Read is what can be asked of the reader pool, and inside a write.
type Read interface {
	Message(ctx context.Context, id string) (referral.Message, error)                    // referral.ErrNotFound
	Body(ctx context.Context, messageID string) ([]byte, error)                          // the archived bytes exactly as they came
	Evidence(ctx context.Context, messageID string) ([]byte, error)                      // nil when none
	Answer(ctx context.Context, messageID string) ([]byte, error)                        // nil when none
	Document(ctx context.Context, id string) ([]byte, error)                             // bytes of a document
	Referral(ctx context.Context, id string) (referral.Referral, error)                  // referral.ErrNotFound
	Events(ctx context.Context, referralID string) ([]referral.Event, error)             // by seq
	Snapshot(ctx context.Context, referralID string, seq int) (referral.Referral, error) // the record as of seq
	Delivery(ctx context.Context, id string) (referral.Delivery, error)                  // referral.ErrNotFound

	// Patient returns one of the practice's own patients; referral.ErrNotFound.
	Patient(ctx context.Context, id string) (referral.KnownPatient, error)

	// PendingMessages returns the ids of inbound messages still `received`, oldest first, at most limit.
	PendingMessages(ctx context.Context, limit int) ([]string, error)
	// LaneHeads returns the first n deliveries of a lane that are not final (queued, sending or failed), due or not, in the order of
	// LaneSeq and at most one of each referral.
	LaneHeads(ctx context.Context, lane string, n int) ([]referral.Delivery, error)
	// DeliveriesOf returns every delivery of a referral, oldest first.
	DeliveriesOf(ctx context.Context, referralID string) ([]referral.Delivery, error)
	// AwaitingProof returns deliveries of referrals by a rail that are in sent or transport_ok since before t, oldest first, at most
	// limit. silent: only those of which the receiver itself has said nothing yet (receipt referral.ReceiptProcessed).
	AwaitingProof(ctx context.Context, rail string, before time.Time, silent bool, limit int) ([]referral.Delivery, error)
	// OpenIncidents returns the open incidents of these kinds; none for no kind.
	OpenIncidents(ctx context.Context, kinds []string) ([]referral.Incident, error)
}

// Tx is the writer's hand on the database inside one piece of work.
type Tx interface {
	// Inner runs f in a savepoint of its own: if f fails, what the outer work did stays.
	Inner(f func() error) error

	// Prior returns earlier inbound messages with the same sender and control ID that are no duplicates themselves, newest first; never for
	// an empty control ID.
	Prior(sender, controlID string) ([]referral.PriorMessage, error)
	// PriorContent returns the newest inbound message of channel with this hash received since t that was taken (not failed, refused or a
	// duplicate), if any.
	PriorContent(channel, sha256 string, since time.Time) (referral.PriorMessage, bool, error)
	AddMessage(m referral.Message, body referral.Blob) error
	// SetMessage stores the outcome: state, reason, code, refined type, control id, sender, partner, recipient, related_to, referral ids and
	// configuration of m.ID.
	SetMessage(m referral.Message) error
	SetAnswer(messageID string, answer []byte) error
	SetEvidence(messageID string, evidence referral.Blob) error

	Referral(id string) (referral.Referral, error)
	// ByIdentifier returns ids of referrals that hold any of these identifiers (ids compared as referral.Identifier says), without duplicates.
	ByIdentifier(ids []referral.Identifier) ([]string, error)
	// ByPatient returns ids of open referrals of a patient by MRN with authority, else by last name and birth date (keyed hashes).
	ByPatient(p referral.Patient) ([]string, error)
	// PutReferral inserts or updates the record (its Version must be higher than the stored one), its identifiers, look-up hashes, holds and clock.
	PutReferral(r referral.Referral, c referral.Clock) error
	// AddEvents appends; the record after the last of them is the one that PutReferral was given before.
	AddEvents(referralID string, events []referral.Event) error
	// HasDigest reports whether an event with this content digest is recorded for the referral (echo).
	HasDigest(referralID, digest string) (bool, error)
	AddDocument(d referral.Document, referralID string, body referral.Blob) error

	// AddDelivery queues; it gives LaneSeq. A second delivery of a notice (same message and event) is dropped and reported as false.
	AddDelivery(d referral.Delivery) (bool, error)
	Delivery(id string) (referral.Delivery, error)
	SetDelivery(d referral.Delivery) error
	AddAttempt(a referral.Attempt) error
	SetAttempt(a referral.Attempt) error
	// ByControl finds the delivery that a receipt speaks of; recipient is compared without case and may be empty.
	ByControl(controlID, recipient string) (referral.Delivery, bool, error)
	DeliveriesOf(referralID string) ([]referral.Delivery, error)

	// OpenIncident opens or counts up; it returns true when it was opened now.
	OpenIncident(i referral.Incident) (bool, error)
	// OpenIncidentOnce opens an incident unless there is, or ever was, one of this kind and key; true: it was opened now.
	OpenIncidentOnce(i referral.Incident) (bool, error)
	ResolveIncidents(kind, key string, at time.Time) error
	// ResolveOf closes every open incident of the kind about a referral; CloseIncident closes one by its id, referral.ErrNotFound.
	ResolveOf(kind, referralID string, at time.Time) (int64, error)
	CloseIncident(id string, at time.Time) error
	// SetPartnerState keeps how a partner's lane is; since stays while the state is the same. changed: it was another one before, or none.
	SetPartnerState(p referral.PartnerState) (changed bool, err error)

	PatientTx
	FaxTx

	Audit(e audit.Entry) error
}
