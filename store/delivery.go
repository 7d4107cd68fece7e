package store

import (
	"context"
	"database/sql"
	"time"

	"refloop/referral"
)

const deliveryColumns = `id, referral_id, event, seq, partner, rail, rail_index, address, lane, lane_seq, state, created, next_attempt, attempts,
	control_id, recipient, message_id, receipt, grade, proven_at, replaces, copy_of, reason, notice_of, notice`

func (s *Store) scanDelivery(sc scan) (d referral.Delivery, err error) {
	var created, next, proven int64
	var notice []byte
	err = sc(&d.ID, &d.ReferralID, &d.Event, &d.Seq, &d.Partner, &d.Rail, &d.RailIndex, &d.Address, &d.Lane, &d.LaneSeq, &d.State, &created, &next,
		&d.Attempts, &d.ControlID, &d.Recipient, &d.MessageID, &d.Receipt, &d.Grade, &proven, &d.Replaces, &d.CopyOf, &d.Reason, &d.NoticeOf, &notice)
	if err != nil {
		return d, err
	}
	d.Created, d.NextAttempt, d.ProvenAt = fromMicros(created), fromMicros(next), fromMicros(proven)
	if notice != nil {
		d.Notice, err = s.keys.open(sealNotice, d.ID, notice)
	}
	return d, err
}

// AddDelivery queues d at the end of its lane; LaneSeq of d is ignored. A second delivery of a notice (same NoticeOf and Event) is
// dropped and reported as false.
func (tx *Tx) AddDelivery(d referral.Delivery) (bool, error) {
	var notice []byte
	if d.Notice != nil {
		var err error
		if notice, err = tx.s.keys.seal(sealNotice, d.ID, d.Notice); err != nil {
			return false, err
		}
	}
	seq, err := tx.nextInLane(d.Lane)
	if err != nil {
		return false, err
	}
	n, err := tx.exec(`INSERT INTO delivery (id, referral_id, event, seq, partner, rail, rail_index, address, lane, lane_seq, state, created,
		next_attempt, attempts, control_id, recipient, message_id, receipt, grade, proven_at, replaces, copy_of, reason, notice_of, notice, org)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14,
		?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26)
		ON CONFLICT (notice_of, event) WHERE notice_of <> '' DO NOTHING`,
		d.ID, d.ReferralID, d.Event, d.Seq, d.Partner, d.Rail, d.RailIndex, d.Address, d.Lane, seq, string(d.State), micros(d.Created),
		micros(d.NextAttempt), d.Attempts, d.ControlID, d.Recipient, d.MessageID, d.Receipt, string(d.Grade), micros(d.ProvenAt), d.Replaces, d.CopyOf,
		d.Reason, d.NoticeOf, notice, tx.s.cfg.Org)
	return n == 1, err
}

// lanesKept is how many lanes' last numbers the writer remembers.
const lanesKept = 4096

// nextInLane gives the next number of a lane. A number that was given to undone work is not given again; only the order counts.
func (tx *Tx) nextInLane(lane string) (int64, error) {
	last, ok := tx.s.lanes[lane]
	if !ok {
		var err error
		if last, err = one(tx.ctx(), tx, number, `SELECT coalesce(max(lane_seq), 0) FROM delivery WHERE lane = ?1`, lane); err != nil {
			return 0, err
		}
		if len(tx.s.lanes) >= lanesKept {
			clear(tx.s.lanes)
		}
	}
	tx.s.lanes[lane] = last + 1
	return last + 1, nil
}

// SetDelivery stores what changed of d.ID. What it was queued as (referral, event, seq, lane, created, notice) stays.
func (tx *Tx) SetDelivery(d referral.Delivery) error {
	n, err := tx.exec(`UPDATE delivery SET partner = ?2, address = ?3, state = ?4, next_attempt = ?5, attempts = ?6, control_id = ?7, recipient = ?8,
		message_id = ?9, receipt = ?10, grade = ?11, proven_at = ?12, replaces = ?13, copy_of = ?14, reason = ?15 WHERE id = ?1`,
		d.ID, d.Partner, d.Address, string(d.State), micros(d.NextAttempt), d.Attempts, d.ControlID, d.Recipient, d.MessageID, d.Receipt,
		string(d.Grade), micros(d.ProvenAt), d.Replaces, d.CopyOf, d.Reason)
	if err == nil && n == 0 {
		return notFound("delivery", d.ID)
	}
	return err
}

// AddAttempt records an attempt before it is made.
func (tx *Tx) AddAttempt(a referral.Attempt) error {
	_, err := tx.exec(`INSERT INTO attempt (delivery_id, n, at, result, code) VALUES (?1, ?2, ?3, ?4, ?5)`, a.DeliveryID, a.N, micros(a.At), a.Result, a.Code)
	return err
}

// SetAttempt records what came of the attempt a.N of a.DeliveryID.
func (tx *Tx) SetAttempt(a referral.Attempt) error {
	n, err := tx.exec(`UPDATE attempt SET at = ?3, result = ?4, code = ?5 WHERE delivery_id = ?1 AND n = ?2`, a.DeliveryID, a.N, micros(a.At), a.Result, a.Code)
	if err == nil && n == 0 {
		return notFound("attempt of delivery", a.DeliveryID)
	}
	return err
}

// openDelivery is word for word the condition of index delivery_open.
const openDelivery = `(state = 'queued' OR state = 'sending' OR state = 'failed')`

const sqlDelivery = `SELECT ` + deliveryColumns + ` FROM delivery WHERE id = ?1`

// Delivery returns one delivery; referral.ErrNotFound.
func (tx *Tx) Delivery(id string) (referral.Delivery, error) {
	d, err := one(tx.ctx(), tx, tx.s.scanDelivery, sqlDelivery, id)
	return d, naming("delivery", id, err)
}

// Delivery returns one delivery; referral.ErrNotFound.
func (s *Store) Delivery(ctx context.Context, id string) (referral.Delivery, error) {
	d, err := one(ctx, s.readers, s.scanDelivery, sqlDelivery, id)
	return d, naming("delivery", id, err)
}

const sqlDeliveriesOf = `SELECT ` + deliveryColumns + ` FROM delivery WHERE referral_id = CAST(?1 AS TEXT) ORDER BY created`

// DeliveriesOf returns every delivery of a referral, oldest first; none for the empty id, which notices have.
func (tx *Tx) DeliveriesOf(referralID string) ([]referral.Delivery, error) {
	if referralID == "" {
		return nil, nil
	}
	return many(tx.ctx(), tx, tx.s.scanDelivery, sqlDeliveriesOf, referralID)
}

// DeliveriesOf returns every delivery of a referral, oldest first; none for the empty id, which notices have.
func (s *Store) DeliveriesOf(ctx context.Context, referralID string) ([]referral.Delivery, error) {
	if referralID == "" {
		return nil, nil
	}
	return many(ctx, s.readers, s.scanDelivery, sqlDeliveriesOf, referralID)
}

// ByControl finds the newest delivery with this control ID. recipient is compared without case with the delivery's recipient and
// address; empty on either side agrees with any. False for an empty control ID.
func (tx *Tx) ByControl(controlID, recipient string) (referral.Delivery, bool, error) {
	if controlID == "" {
		return referral.Delivery{}, false, nil
	}
	found, err := many(tx.ctx(), tx, tx.s.scanDelivery, `SELECT `+deliveryColumns+` FROM delivery WHERE control_id = CAST(?1 AS TEXT)
		AND (?2 = '' OR recipient = '' OR lower(recipient) = lower(?2) OR lower(address) = lower(?2)) ORDER BY created DESC LIMIT 1`, controlID, recipient)
	if err != nil || len(found) == 0 {
		return referral.Delivery{}, false, err
	}
	return found[0], true, nil
}

// AwaitingProof returns deliveries of referrals by a rail that are in sent or transport_ok since before t, oldest first, at most limit.
// silent: only those of which the receiver itself has said nothing yet (receipt referral.ReceiptProcessed).
func (s *Store) AwaitingProof(ctx context.Context, rail string, before time.Time, silent bool, limit int) ([]referral.Delivery, error) {
	heard := "" // a receipt that takes a delivery out
	if silent {
		heard = referral.ReceiptProcessed
	}
	return many(ctx, s.readers, s.scanDelivery, `SELECT `+deliveryColumns+` FROM delivery
		WHERE state IN ('sent', 'transport_ok') AND created < ?1 AND proven_at < ?1 AND rail = ?2 AND referral_id > '' AND (CAST(?4 AS TEXT) = '' OR receipt <> ?4)
		ORDER BY created, id LIMIT ?3`,
		micros(before), rail, limit, heard)
}

const sqlHeads = `SELECT ` + deliveryColumns + ` FROM delivery WHERE ` + openDelivery + ` AND lane = CAST(?1 AS TEXT) ORDER BY lane_seq`

// LaneHeads returns the first n deliveries of a lane that are not final (queued, sending or failed), due or not, in the order of LaneSeq
// and at most one of each referral.
func (s *Store) LaneHeads(ctx context.Context, lane string, n int) ([]referral.Delivery, error) {
	if n == 1 {
		return many(ctx, s.readers, s.scanDelivery, sqlHeads+` LIMIT 1`, lane)
	}
	rows, err := s.readers.query(ctx, sqlHeads, lane)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	return s.firstOfEach(rows, n)
}

// firstOfEach reads rows until it has n deliveries of different referrals. Notices belong to none.
func (s *Store) firstOfEach(rows *sql.Rows, n int) ([]referral.Delivery, error) {
	var out []referral.Delivery
	seen := map[string]bool{}
	for len(out) < n && rows.Next() {
		d, err := s.scanDelivery(rows.Scan)
		if err != nil {
			return nil, err
		}
		if d.ReferralID != "" && seen[d.ReferralID] {
			continue
		}
		seen[d.ReferralID] = true
		out = append(out, d)
	}
	return out, rows.Err()
}
