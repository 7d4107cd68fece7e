package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"refloop/referral"
)

// AddEvents appends events to a stored referral. The record after the last of them is the one that PutReferral stored; when it is
// overwritten it becomes the snapshot of that event.
func (tx *Tx) AddEvents(referralID string, events []referral.Event) error {
	for _, ev := range events {
		if err := tx.addEvent(referralID, ev); err != nil {
			return err
		}
	}
	return nil
}

func (tx *Tx) addEvent(referralID string, ev referral.Event) error {
	sealed, err := tx.s.room.sealJSON(tx.s.keys, sealEvent, eventPlace(referralID, ev.Seq), ev)
	if err != nil {
		return err
	}
	_, err = tx.exec(`INSERT INTO event (referral_id, seq, event_time, receive_time, type, from_state, to_state, side, actor, origin, grade, implied,
		evidence_ref, config_hash, digest, sealed) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)`,
		referralID, ev.Seq, micros(ev.EventTime), micros(ev.ReceiveTime), string(ev.Type), string(ev.From), string(ev.To), string(ev.By), ev.Actor,
		ev.Origin, string(ev.Grade), flag(ev.Implied), ev.EvidenceRef, ev.ConfigHash, ev.Payload.Digest, sealed)
	return err
}

func eventPlace(referralID string, seq int) string { return referralID + "/" + strconv.Itoa(seq) }

// sealedEvent is an event row as stored.
type sealedEvent struct {
	seq    int
	sealed []byte
}

func scanEvent(s scan) (e sealedEvent, err error) {
	err = s(&e.seq, &e.sealed)
	return e, err
}

// Events returns the events of a referral by seq; none when it is not known.
func (s *Store) Events(ctx context.Context, referralID string) ([]referral.Event, error) {
	rows, err := many(ctx, s.readers, scanEvent, `SELECT seq, sealed FROM event WHERE referral_id = ?1 ORDER BY seq`, referralID)
	if err != nil {
		return nil, err
	}
	events := make([]referral.Event, len(rows))
	for i, r := range rows {
		plain, err := s.keys.open(sealEvent, eventPlace(referralID, r.seq), r.sealed)
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(plain, &events[i]); err != nil {
			return nil, fmt.Errorf("store: event %d of referral %s: got %d bytes that are not one", r.seq, referralID, len(plain))
		}
	}
	return events, nil
}

// HasDigest reports whether an event with this content digest is recorded for the referral (echo).
func (tx *Tx) HasDigest(referralID, digest string) (bool, error) {
	if digest == "" {
		return false, nil
	}
	found, err := many(tx.ctx(), tx, number, `SELECT seq FROM event WHERE referral_id = ?1 AND digest = ?2 LIMIT 1`, referralID, digest)
	return len(found) > 0, err
}
