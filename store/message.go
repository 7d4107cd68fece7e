package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"refloop/referral"
)

const messageColumns = `id, direction, channel, partner, peer, type, content_type, control_id, sender, recipient, received_at, state, reason,
	code, related_to, bytes, sha256, referral_ids, config_hash, delivery_id`

func scanMessage(s scan) (m referral.Message, err error) {
	var at int64
	var ids string
	err = s(&m.ID, &m.Direction, &m.Channel, &m.Partner, &m.Peer, &m.Type, &m.ContentType, &m.ControlID, &m.Sender, &m.Recipient, &at, &m.State,
		&m.Reason, &m.Code, &m.RelatedTo, &m.Bytes, &m.SHA256, &ids, &m.ConfigHash, &m.DeliveryID)
	if err != nil {
		return m, err
	}
	m.ReceivedAt = fromMicros(at)
	if ids != "[]" {
		err = json.Unmarshal([]byte(ids), &m.ReferralIDs)
	}
	return m, err
}

// idList is a JSON array of ids, without the cost of one for the usual none.
func idList(ids []string) (string, error) {
	if len(ids) == 0 {
		return "[]", nil
	}
	b, err := json.Marshal(ids)
	return string(b), err
}

// AddMessage archives a message with its bytes.
func (tx *Tx) AddMessage(m referral.Message, body referral.Blob) error {
	ids, err := idList(m.ReferralIDs)
	if err != nil {
		return err
	}
	if err := tx.attach(body); err != nil {
		return err
	}
	_, err = tx.exec(`INSERT INTO message (`+messageColumns+`, body_id, org)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22)`,
		m.ID, m.Direction, m.Channel, m.Partner, m.Peer, m.Type, m.ContentType, m.ControlID, m.Sender, m.Recipient, micros(m.ReceivedAt),
		string(m.State), m.Reason, m.Code, m.RelatedTo, m.Bytes, m.SHA256, ids, m.ConfigHash, m.DeliveryID, body.ID, tx.s.cfg.Org)
	if err != nil {
		return err
	}
	return tx.linkMessage(m)
}

// SetMessage stores the outcome of m.ID: state, reason, code, refined type, control id, sender, partner, recipient, related_to and
// referral ids. What was archived (bytes, times, channel, peer) stays. referral.ErrNotFound when it is not there.
func (tx *Tx) SetMessage(m referral.Message) error {
	ids, err := idList(m.ReferralIDs)
	if err != nil {
		return err
	}
	n, err := tx.exec(`UPDATE message SET state = ?2, reason = ?3, code = ?4, type = ?5, control_id = ?6, sender = ?7, partner = ?8, recipient = ?9,
		related_to = ?10, referral_ids = ?11 WHERE id = ?1`,
		m.ID, string(m.State), m.Reason, m.Code, m.Type, m.ControlID, m.Sender, m.Partner, m.Recipient, m.RelatedTo, ids)
	if err != nil {
		return err
	}
	if n == 0 {
		return notFound("message", m.ID)
	}
	return tx.linkMessage(m)
}

func (tx *Tx) linkMessage(m referral.Message) error {
	for _, id := range m.ReferralIDs {
		if _, err := tx.exec(`INSERT INTO message_referral (referral_id, message_id) VALUES (?1, ?2) ON CONFLICT DO NOTHING`, id, m.ID); err != nil {
			return err
		}
	}
	return nil
}

// SetAnswer keeps what was answered, so that a duplicate gets the same bytes again. Nil: nothing was answered.
func (tx *Tx) SetAnswer(messageID string, answer []byte) error {
	var sealed []byte
	if answer != nil {
		var err error
		if sealed, err = tx.s.keys.seal(sealAnswer, messageID, answer); err != nil {
			return err
		}
	}
	n, err := tx.exec(`UPDATE message SET answer = ?2 WHERE id = ?1`, messageID, sealed)
	if err == nil && n == 0 {
		return notFound("message", messageID)
	}
	return err
}

// SetEvidence keeps what was judged or read before a message was opened. It replaces earlier evidence.
func (tx *Tx) SetEvidence(messageID string, evidence referral.Blob) error {
	if err := tx.attach(evidence); err != nil {
		return err
	}
	old, err := one(tx.ctx(), tx, text, `SELECT evidence_id FROM message WHERE id = ?1`, messageID)
	if err != nil {
		return fmt.Errorf("store: message %s: %w", messageID, err)
	}
	if old != "" && old != evidence.ID {
		if _, err := tx.exec(`DELETE FROM chunk WHERE blob_id = ?1`, old); err != nil {
			return err
		}
	}
	_, err = tx.exec(`UPDATE message SET evidence_id = ?2 WHERE id = ?1`, messageID, evidence.ID)
	return err
}

// priorLimit is how many earlier messages of one sender and control ID are looked at: a sender that never counts its control IDs must
// not make every message slower than the one before.
const priorLimit = "100"

// Prior returns earlier inbound messages with the same sender and control ID, newest first, at most 100; none for an empty control ID.
func (tx *Tx) Prior(sender, controlID string) ([]referral.PriorMessage, error) {
	if controlID == "" {
		return nil, nil
	}
	return many(tx.ctx(), tx, tx.s.scanPrior, `SELECT id, sha256, state, code, received_at, answer FROM message
		WHERE control_id = CAST(?1 AS TEXT) AND sender = CAST(?2 AS TEXT) AND direction = 'in' ORDER BY received_at DESC LIMIT `+priorLimit,
		controlID, sender)
}

// PriorContent returns the newest inbound message of channel with this hash received since t, if any. It is for rails whose repeats
// have no control ID of their own (fax, mail, files): HL7 v2 messages are never found by content.
func (tx *Tx) PriorContent(channel, sha256 string, since time.Time) (referral.PriorMessage, bool, error) {
	found, err := many(tx.ctx(), tx, tx.s.scanPrior, `SELECT id, sha256, state, code, received_at, answer FROM message
		WHERE sha256 = ?1 AND channel = ?2 AND direction = 'in' AND received_at >= ?3 AND content_type <> 'x-application/hl7-v2+er7'
		ORDER BY received_at DESC, id DESC LIMIT 1`, sha256, channel, micros(since))
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

// PendingMessages returns the ids of inbound messages still `received`, oldest first, at most limit.
func (s *Store) PendingMessages(ctx context.Context, limit int) ([]string, error) {
	return many(ctx, s.readers, text, `SELECT id FROM message
		WHERE state = 'received' AND state IN ('received', 'held', 'failed') AND direction = 'in' ORDER BY received_at, id LIMIT ?1`, limit)
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
