package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"refloop/referral"
)

// ErrStale is returned by PutReferral when the stored record is as new as the given one, or newer.
var ErrStale = errors.New("store: a newer version of the referral is stored")

// PutReferral inserts or updates the record (its Version must be higher than the stored one), its identifiers, look-up hashes, holds
// and clock.
func (tx *Tx) PutReferral(r referral.Referral, c referral.Clock) error {
	sealed, err := tx.sealRecord(r)
	if err != nil {
		return err
	}
	idx := tx.s.indexOf(r)
	digest := idx.digest()
	old, err := one(tx.ctx(), tx, scanStored, `SELECT version, indexed FROM referral WHERE id = ?1`, r.ID)
	switch {
	case errors.Is(err, referral.ErrNotFound):
		if err := tx.insertReferral(r, c, digest, sealed); err != nil {
			return err
		}
		if err := tx.addIndex(r.ID, idx); err != nil {
			return err
		}
		return tx.addHolds(r)
	case err != nil:
		return err
	case old.version >= r.Version:
		return fmt.Errorf("%w: referral %s: got version %d, stored is %d; read it again", ErrStale, r.ID, r.Version, old.version)
	}
	if old.indexed != string(digest) {
		if err := tx.replaceIndex(r.ID, idx); err != nil {
			return err
		}
	}
	if err := tx.keepSnapshot(r.ID, old.version); err != nil {
		return err
	}
	if err := tx.updateReferral(r, c, digest, sealed); err != nil {
		return err
	}
	if _, err := tx.exec(`DELETE FROM hold WHERE referral_id = ?1`, r.ID); err != nil {
		return err
	}
	return tx.addHolds(r)
}

// keepSnapshot moves the record that is about to be overwritten to the last event it stands for. A record that was never overwritten is
// its own snapshot, so that a new referral is written once.
func (tx *Tx) keepSnapshot(id string, version int) error {
	_, err := tx.exec(`UPDATE event SET snapshot = (SELECT record FROM referral WHERE id = ?1) WHERE referral_id = ?1 AND seq = ?2`, id, version)
	return err
}

type stored struct {
	version int
	indexed string
}

func scanStored(s scan) (v stored, err error) {
	err = s(&v.version, &v.indexed)
	return v, err
}

func (tx *Tx) insertReferral(r referral.Referral, c referral.Clock, digest, sealed []byte) error {
	_, err := tx.exec(`INSERT INTO referral (id, org, authority, role, version, state, end_reason, grade, test, created, updated, initiator, recipient,
		specialty, priority, parent, clock_name, clock_debtor, clock_since, clock_due, clock_warn, indexed, record)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23)`,
		r.ID, r.Org, r.Authority, string(r.Role), r.Version, string(r.State), string(r.EndReason), string(r.Grade), flag(r.Test), micros(r.Created),
		micros(r.Updated), r.Initiator.Partner, r.Recipient.Partner, r.Specialty, string(r.Priority), r.Parent,
		c.Name, c.Debtor, micros(c.Since), micros(c.Due), micros(c.Warn), digest, sealed)
	return err
}

func (tx *Tx) updateReferral(r referral.Referral, c referral.Clock, digest, sealed []byte) error {
	_, err := tx.exec(`UPDATE referral SET authority = ?2, role = ?3, version = ?4, state = ?5, end_reason = ?6, grade = ?7, test = ?8, updated = ?9,
		initiator = ?10, recipient = ?11, specialty = ?12, priority = ?13, parent = ?14, clock_name = ?15, clock_debtor = ?16, clock_since = ?17,
		clock_due = ?18, clock_warn = ?19, indexed = ?20, record = ?21 WHERE id = ?1`,
		r.ID, r.Authority, string(r.Role), r.Version, string(r.State), string(r.EndReason), string(r.Grade), flag(r.Test), micros(r.Updated),
		r.Initiator.Partner, r.Recipient.Partner, r.Specialty, string(r.Priority), r.Parent,
		c.Name, c.Debtor, micros(c.Since), micros(c.Due), micros(c.Warn), digest, sealed)
	return err
}

func (tx *Tx) addHolds(r referral.Referral) error {
	for n, h := range r.Holds {
		_, err := tx.exec(`INSERT INTO hold (referral_id, n, kind, reason, owner, since, expires) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)`,
			r.ID, n, string(h.Kind), h.Reason, h.Owner, micros(h.Since), micros(h.Expires))
		if err != nil {
			return err
		}
	}
	return nil
}

// sealRecord seals r for its row. Within one piece of work a referral's version names its
// content: two records with the same ID and version are the same.
func (tx *Tx) sealRecord(r referral.Referral) ([]byte, error) {
	if tx.record.id == r.ID && tx.record.version == r.Version {
		return tx.record.sealed, nil
	}
	shared, err := tx.s.room.sealJSON(tx.s.keys, sealRecord, r.ID, r)
	if err != nil {
		return nil, err
	}
	sealed := slices.Clone(shared) // it must outlive the events that are sealed before the snapshot
	tx.record = sealedRecord{id: r.ID, version: r.Version, sealed: sealed}
	return sealed, nil
}

// openRecord reads a sealed record.
func (s *Store) openRecord(id string, sealed []byte) (r referral.Referral, err error) {
	plain, err := s.keys.open(sealRecord, id, sealed)
	if err != nil {
		return r, err
	}
	if err := json.Unmarshal(plain, &r); err != nil {
		return referral.Referral{}, fmt.Errorf("store: referral %s: reading the record: got %d bytes that are not one", id, len(plain))
	}
	return r, nil
}

func (s *Store) readRecord(ctx context.Context, src source, id, q string, args ...any) (referral.Referral, error) {
	sealed, err := one(ctx, src, blob, q, args...)
	if err != nil {
		return referral.Referral{}, naming("referral", id, err)
	}
	return s.openRecord(id, sealed)
}

const sqlRecord = `SELECT record FROM referral WHERE id = ?1`

// Referral returns the record; referral.ErrNotFound.
func (tx *Tx) Referral(id string) (referral.Referral, error) {
	return tx.s.readRecord(tx.ctx(), tx, id, sqlRecord, id)
}

// Referral returns the record; referral.ErrNotFound.
func (s *Store) Referral(ctx context.Context, id string) (referral.Referral, error) {
	return s.readRecord(ctx, s.readers, id, sqlRecord, id)
}

// Snapshot returns the record as of seq: after the batch of events that seq belongs to (implied events share a batch with the one that
// implies them). referral.ErrNotFound when seq is not there yet.
func (s *Store) Snapshot(ctx context.Context, referralID string, seq int) (referral.Referral, error) {
	return s.readRecord(ctx, s.readers, referralID, `SELECT snapshot FROM (SELECT seq, snapshot FROM event
			WHERE referral_id = ?1 AND seq >= ?2 AND snapshot IS NOT NULL
		UNION ALL SELECT version, record FROM referral WHERE id = ?1 AND version >= ?2) AS known ORDER BY seq LIMIT 1`, referralID, seq)
}

// AddDocument keeps a document with its bytes. The referral may be stored after it in the same work.
func (tx *Tx) AddDocument(d referral.Document, referralID string, body referral.Blob) error {
	if err := tx.attach(body); err != nil {
		return err
	}
	sealed, err := tx.s.room.sealJSON(tx.s.keys, sealDocument, d.ID, d)
	if err != nil {
		return err
	}
	_, err = tx.exec(`INSERT INTO document (id, org, referral_id, message_id, kind, content_type, bytes, sha256, body_id, sealed)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)`,
		d.ID, tx.s.cfg.Org, referralID, d.MessageID, d.Kind, d.ContentType, body.Bytes, body.SHA256, body.ID, sealed)
	return err
}
