package store

import (
	"encoding/json"

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

// pendingMessage is the message that the work added last and that is not written yet: most messages get their outcome and answer in the
// work that adds them, and one insert costs less than an insert and two updates.
type pendingMessage struct {
	row     referral.Message
	bodyID  string
	answer  []byte // sealed
	waiting bool
}

// AddMessage archives a message with its bytes.
func (tx *Tx) AddMessage(m referral.Message, body referral.Blob) error {
	if err := tx.flushMessage(); err != nil {
		return err
	}
	if err := tx.attach(body); err != nil {
		return err
	}
	tx.message = pendingMessage{row: m, bodyID: body.ID, waiting: true}
	return nil
}

// flushMessage writes the message that waits, if any.
func (tx *Tx) flushMessage() error {
	p := tx.message
	tx.message = pendingMessage{}
	if !p.waiting {
		return nil
	}
	m := p.row
	ids, err := idList(m.ReferralIDs)
	if err != nil {
		return err
	}
	_, err = tx.exec(`INSERT INTO message (`+messageColumns+`, body_id, answer, org)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23)`,
		m.ID, m.Direction, m.Channel, m.Partner, m.Peer, m.Type, m.ContentType, m.ControlID, m.Sender, m.Recipient, micros(m.ReceivedAt),
		string(m.State), m.Reason, m.Code, m.RelatedTo, m.Bytes, m.SHA256, ids, m.ConfigHash, m.DeliveryID, p.bodyID, p.answer, tx.s.cfg.Org)
	if err != nil {
		return err
	}
	return tx.linkMessage(m)
}

// waits reports whether the message is the one not written yet.
func (tx *Tx) waits(id string) bool { return tx.message.waiting && tx.message.row.ID == id }

// SetMessage stores the outcome of m.ID: state, reason, code, refined type, control id, sender, partner, recipient, related_to, referral
// ids and the configuration it was made with. What was archived (bytes, times, channel, peer) stays. referral.ErrNotFound when it is not there.
func (tx *Tx) SetMessage(m referral.Message) error {
	if tx.waits(m.ID) {
		r := &tx.message.row
		r.State, r.Reason, r.Code, r.Type, r.ControlID = m.State, m.Reason, m.Code, m.Type, m.ControlID
		r.Sender, r.Partner, r.Recipient, r.RelatedTo, r.ReferralIDs, r.ConfigHash = m.Sender, m.Partner, m.Recipient, m.RelatedTo, m.ReferralIDs, m.ConfigHash
		return nil
	}
	ids, err := idList(m.ReferralIDs)
	if err != nil {
		return err
	}
	n, err := tx.exec(`UPDATE message SET state = ?2, reason = ?3, code = ?4, type = ?5, control_id = ?6, sender = ?7, partner = ?8, recipient = ?9,
		related_to = ?10, referral_ids = ?11, config_hash = ?12 WHERE id = ?1`,
		m.ID, string(m.State), m.Reason, m.Code, m.Type, m.ControlID, m.Sender, m.Partner, m.Recipient, m.RelatedTo, ids, m.ConfigHash)
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
	if tx.waits(messageID) {
		tx.message.answer = sealed
		return nil
	}
	n, err := tx.exec(`UPDATE message SET answer = ?2 WHERE id = ?1`, messageID, sealed)
	if err == nil && n == 0 {
		return notFound("message", messageID)
	}
	return err
}

// SetEvidence keeps what was judged or read before a message was opened. It replaces earlier evidence.
func (tx *Tx) SetEvidence(messageID string, evidence referral.Blob) error {
	if tx.waits(messageID) {
		if err := tx.flushMessage(); err != nil {
			return err
		}
	}
	if err := tx.attach(evidence); err != nil {
		return err
	}
	old, err := one(tx.ctx(), tx, text, `SELECT evidence_id FROM message WHERE id = ?1`, messageID)
	if err != nil {
		return naming("message", messageID, err)
	}
	if old != "" && old != evidence.ID {
		if _, err := tx.exec(`DELETE FROM chunk WHERE blob_id = ?1`, old); err != nil {
			return err
		}
	}
	_, err = tx.exec(`UPDATE message SET evidence_id = ?2 WHERE id = ?1`, messageID, evidence.ID)
	return err
}
