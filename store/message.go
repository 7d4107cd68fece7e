package store

import (
	"context"
	"fmt"
	"time"

	"refloop/referral"
)

// priorLimit is how many earlier messages of one sender and control ID are looked at: a sender that never counts its control IDs must
// not make every message slower than the one before.
const priorLimit = "100"

// Prior returns earlier inbound messages with the same sender and control ID, newest first, at most 100; none for an empty control ID.
// Duplicates are left out: a sender that repeats itself for ever must not hide what it repeats.
func (tx *Tx) Prior(sender, controlID string) ([]referral.PriorMessage, error) {
	if err := tx.flushMessage(); err != nil {
		return nil, err
	}
	if controlID == "" {
		return nil, nil
	}
	return many(tx.ctx(), tx, tx.s.scanPrior, `SELECT id, sha256, state, code, received_at, answer FROM message
		WHERE control_id = CAST(?1 AS TEXT) AND sender = CAST(?2 AS TEXT) AND direction = 'in' AND state <> 'duplicate' ORDER BY received_at DESC LIMIT `+priorLimit,
		controlID, sender)
}

// PriorContent returns the newest inbound message of channel with this hash received since t that was taken (not failed or refused, and no
// duplicate itself), if any. It is for rails whose repeats have no control ID of their own (fax, mail, files): HL7 v2 messages are never
// found by content.
func (tx *Tx) PriorContent(channel, sha256 string, since time.Time) (referral.PriorMessage, bool, error) {
	if err := tx.flushMessage(); err != nil {
		return referral.PriorMessage{}, false, err
	}
	found, err := many(tx.ctx(), tx, tx.s.scanPrior, `SELECT id, sha256, state, code, received_at, answer FROM message
		WHERE sha256 = ?1 AND channel = ?2 AND direction = 'in' AND received_at >= ?3 AND content_type <> 'x-application/hl7-v2+er7'
		AND state NOT IN ('duplicate', 'failed', 'refused') ORDER BY received_at DESC, id DESC LIMIT 1`, sha256, channel, micros(since))
	if err != nil || len(found) == 0 {
		return referral.PriorMessage{}, false, err
	}
	return found[0], true, nil
}

func (s *Store) scanPrior(sc scan) (p referral.PriorMessage, err error) {
	var at int64
	var sealed []byte
	if err := sc(&p.ID, &p.SHA256, &p.State, &p.Code, &at, &sealed); err != nil {
		return p, err
	}
	p.ReceivedAt = fromMicros(at)
	if sealed != nil {
		p.Answer, err = s.keys.open(sealAnswer, p.ID, sealed)
	}
	return p, err
}

// Message returns the row of a message; referral.ErrNotFound.
func (s *Store) Message(ctx context.Context, id string) (referral.Message, error) {
	m, err := one(ctx, s.readers, scanMessage, `SELECT `+messageColumns+` FROM message WHERE id = ?1`, id)
	return m, naming("message", id, err)
}

// Body returns the archived bytes of a message exactly as they came; referral.ErrNotFound.
func (s *Store) Body(ctx context.Context, messageID string) ([]byte, error) {
	return s.blobOf(ctx, "message", messageID, `SELECT body_id FROM message WHERE id = ?1`)
}

// Evidence returns what was judged or read before the message was opened; nil when none.
func (s *Store) Evidence(ctx context.Context, messageID string) ([]byte, error) {
	return s.blobOf(ctx, "message", messageID, `SELECT evidence_id FROM message WHERE id = ?1`)
}

// Document returns the bytes of a document; referral.ErrNotFound.
func (s *Store) Document(ctx context.Context, id string) ([]byte, error) {
	return s.blobOf(ctx, "document", id, `SELECT body_id FROM document WHERE id = ?1`)
}

func (s *Store) blobOf(ctx context.Context, kind, id, q string) ([]byte, error) {
	blobID, err := one(ctx, s.readers, text, q, id)
	if err != nil {
		return nil, naming(kind, id, err)
	}
	return s.blobBytes(ctx, s.readers, blobID)
}

// Answer returns the bytes that were answered to a message; nil when none.
func (s *Store) Answer(ctx context.Context, messageID string) ([]byte, error) {
	sealed, err := one(ctx, s.readers, blob, `SELECT answer FROM message WHERE id = ?1`, messageID)
	if err != nil || sealed == nil {
		return nil, naming("message", messageID, err)
	}
	return s.keys.open(sealAnswer, messageID, sealed)
}

// openMessage is word for word the condition of index message_open.
const openMessage = `(state = 'received' OR state = 'held' OR state = 'failed')`

// PendingMessages returns the ids of inbound messages still `received`, oldest first, at most limit.
func (s *Store) PendingMessages(ctx context.Context, limit int) ([]string, error) {
	return many(ctx, s.readers, text, `SELECT id FROM message
		WHERE state = 'received' AND `+openMessage+` AND direction = 'in' ORDER BY received_at, id LIMIT ?1`, limit)
}

func notFound(kind, id string) error {
	return fmt.Errorf("store: %s %s: %w", kind, id, referral.ErrNotFound)
}

// naming adds to err which row was asked for.
func naming(kind, id string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("store: %s %s: %w", kind, id, err)
}
