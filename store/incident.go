package store

import (
	"context"
	"time"

	"refloop/referral"
)

// OpenIncident opens an incident, or counts up the open one of the same kind and key; it returns true when it was opened now.
func (tx *Tx) OpenIncident(i referral.Incident) (bool, error) {
	id, err := one(tx.ctx(), tx, text, `INSERT INTO incident (id, org, kind, cause, referral_id, message_id, delivery_id, opened, resolved, count, note)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0, 1, ?9)
		ON CONFLICT (kind, cause) WHERE resolved = 0 DO UPDATE SET count = count + 1 RETURNING id`,
		i.ID, tx.s.cfg.Org, i.Kind, i.Key, i.ReferralID, i.MessageID, i.DeliveryID, micros(i.Opened), i.Note)
	return id == i.ID, err
}

// OpenIncidentOnce opens an incident unless there is, or ever was, one of the same kind and key; it returns true when it was opened now.
func (tx *Tx) OpenIncidentOnce(i referral.Incident) (bool, error) {
	known, err := many(tx.ctx(), tx, text, `SELECT id FROM incident WHERE kind = ?1 AND cause = ?2 LIMIT 1`, i.Kind, i.Key)
	if err != nil || len(known) > 0 {
		return false, err
	}
	return tx.OpenIncident(i)
}

// ResolveIncidents closes the open incident of this kind and key, if any.
func (tx *Tx) ResolveIncidents(kind, key string, at time.Time) error {
	_, err := tx.exec(`UPDATE incident SET resolved = ?3 WHERE kind = ?1 AND cause = ?2 AND resolved = 0`, kind, key, micros(at))
	return err
}

// ResolveOf closes every open incident of this kind that is about the referral, and says how many.
func (tx *Tx) ResolveOf(kind, referralID string, at time.Time) (int64, error) {
	return tx.exec(`UPDATE incident SET resolved = ?3 WHERE kind = ?1 AND referral_id = ?2 AND referral_id <> '' AND resolved = 0`, kind, referralID, micros(at))
}

// CloseIncident closes one open incident by its id; referral.ErrNotFound when none is open under it.
func (tx *Tx) CloseIncident(id string, at time.Time) error {
	n, err := tx.exec(`UPDATE incident SET resolved = ?2 WHERE id = ?1 AND resolved = 0`, id, micros(at))
	if err == nil && n == 0 {
		return notFound("open item", id)
	}
	return err
}

func scanIncident(s scan) (i referral.Incident, err error) {
	var opened, resolved int64
	err = s(&i.ID, &i.Kind, &i.Key, &i.ReferralID, &i.MessageID, &i.DeliveryID, &opened, &resolved, &i.Count, &i.Note)
	i.Opened, i.Resolved = fromMicros(opened), fromMicros(resolved)
	return i, err
}

const incidentColumns = `id, kind, cause, referral_id, message_id, delivery_id, opened, resolved, count, note`

// OpenIncidents returns the open incidents of these kinds, oldest first; none for no kind.
func (s *Store) OpenIncidents(ctx context.Context, kinds []string) ([]referral.Incident, error) {
	if len(kinds) == 0 {
		return nil, nil
	}
	var w where
	w.always("resolved = 0")
	w.in("kind", kinds)
	return many(ctx, s.readers, scanIncident, `SELECT `+incidentColumns+` FROM incident`+w.sql()+` ORDER BY opened, id`, w.args...)
}

// IncidentFilter chooses incidents. The zero value is all of them, at most 100.
type IncidentFilter struct {
	Open  bool // open ones only
	Kind  string
	Since time.Time
	Limit int
}

// Incidents lists incidents, newest first.
func (s *Store) Incidents(ctx context.Context, f IncidentFilter) ([]referral.Incident, error) {
	var w where
	if f.Open {
		w.always("resolved = 0")
	}
	w.equal("kind", f.Kind)
	w.since("opened", f.Since)
	q := `SELECT ` + incidentColumns + ` FROM incident` + w.sql() +
		` ORDER BY opened DESC, id DESC` + w.limit(f.Limit)
	return many(ctx, s.readers, scanIncident, q, w.args...)
}

// SetPartnerState stores p; since stays when the state is the same as before. changed: it was another one before, or none.
func (tx *Tx) SetPartnerState(p referral.PartnerState) (changed bool, err error) {
	since, err := one(tx.ctx(), tx, number, `INSERT INTO partner_state (partner, rail, state, since, note) VALUES (?1, ?2, ?3, ?4, ?5)
		ON CONFLICT (partner, rail) DO UPDATE SET since = CASE WHEN partner_state.state = ?3 THEN partner_state.since ELSE ?4 END, state = ?3, note = ?5
		RETURNING since`, p.Partner, p.Lane, p.State, micros(p.Since), p.Note)
	return since == micros(p.Since), err
}

// PartnerStates lists the state of every lane that has one.
func (s *Store) PartnerStates(ctx context.Context) ([]referral.PartnerState, error) {
	return many(ctx, s.readers, func(sc scan) (p referral.PartnerState, err error) {
		var since int64
		err = sc(&p.Partner, &p.Lane, &p.State, &since, &p.Note)
		p.Since = fromMicros(since)
		return p, err
	}, `SELECT partner, rail, state, since, note FROM partner_state ORDER BY partner, rail`)
}
