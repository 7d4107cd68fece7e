package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"refloop/referral"
)

// defaultLimit is how many rows a listing gives when its filter names no limit.
const defaultLimit = 100

// where gathers the conditions of a listing.
type where struct {
	conds []string
	args  []any
}

func (w *where) always(cond string) { w.conds = append(w.conds, cond) }

// and adds a condition with one argument, written as ?%d.
func (w *where) and(cond string, arg any) {
	w.args = append(w.args, arg)
	w.conds = append(w.conds, fmt.Sprintf(cond, len(w.args)))
}

func (w *where) equal(column, v string) {
	if v != "" {
		w.and(column+" = ?%d", v)
	}
}

func (w *where) since(column string, t time.Time) {
	if !t.IsZero() {
		w.and(column+" >= ?%d", micros(t))
	}
}

// in adds a list of values; an empty list matches nothing.
func (w *where) in(column string, values []string) {
	marks := make([]string, len(values))
	for i, v := range values {
		w.args = append(w.args, v)
		marks[i] = fmt.Sprintf("?%d", len(w.args))
	}
	w.conds = append(w.conds, column+" IN ("+strings.Join(marks, ", ")+")")
}

func (w *where) sql() string {
	if len(w.conds) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(w.conds, " AND ")
}

func (w *where) limit(n int) string {
	if n <= 0 {
		n = defaultLimit
	}
	w.args = append(w.args, n)
	return fmt.Sprintf(" LIMIT ?%d", len(w.args))
}

// MessageFilter chooses messages. The zero value is the newest 100.
type MessageFilter struct {
	ControlID, Channel, Direction string
	State                         referral.MessageState
	Since                         time.Time
	Limit                         int
}

// Messages lists messages, newest first.
func (s *Store) Messages(ctx context.Context, f MessageFilter) ([]referral.Message, error) {
	var w where
	w.equal("control_id", f.ControlID)
	w.equal("channel", f.Channel)
	w.equal("direction", f.Direction)
	w.equal("state", string(f.State))
	w.since("received_at", f.Since)
	q := `SELECT ` + messageColumns + ` FROM message` + w.sql() + ` ORDER BY received_at DESC, id DESC` + w.limit(f.Limit)
	return many(ctx, s.readers, scanMessage, q, w.args...)
}

// MessagesOf lists the messages that speak of a referral, in and out, oldest first.
func (s *Store) MessagesOf(ctx context.Context, referralID string) ([]referral.Message, error) {
	return many(ctx, s.readers, scanMessage, `SELECT `+messageColumns+` FROM message
		WHERE id IN (SELECT message_id FROM message_referral WHERE referral_id = ?1) ORDER BY received_at, id`, referralID)
}

// ReferralFilter chooses referrals. The zero value is the newest 100.
type ReferralFilter struct {
	State referral.State
	Role  referral.Role
	Since time.Time // created since
	Find  *Find     // of a patient
	Held  bool      // with an open hold
	Limit int
}

// Listed is a referral in a listing: the record and its running clock.
type Listed struct {
	Referral referral.Referral
	Clock    referral.Clock
}

const listedColumns = `id, record, clock_name, clock_debtor, clock_since, clock_due, clock_warn`

func (s *Store) scanListed(sc scan) (l Listed, err error) {
	var id string
	var sealed []byte
	var since, due, warn int64
	if err := sc(&id, &sealed, &l.Clock.Name, &l.Clock.Debtor, &since, &due, &warn); err != nil {
		return l, err
	}
	l.Clock.Since, l.Clock.Due, l.Clock.Warn = fromMicros(since), fromMicros(due), fromMicros(warn)
	l.Referral, err = s.openRecord(id, sealed)
	return l, err
}

// Referrals lists referrals, newest first. ErrFind for a search that no look-up answers.
func (s *Store) Referrals(ctx context.Context, f ReferralFilter) ([]Listed, error) {
	var w where
	if f.Find != nil {
		ids, err := s.find(ctx, *f.Find)
		if err != nil || len(ids) == 0 {
			return nil, err
		}
		w.in("id", ids)
	}
	if f.Held {
		w.always("id IN (SELECT referral_id FROM hold)")
	}
	w.equal("state", string(f.State))
	w.equal("role", string(f.Role))
	w.since("created", f.Since)
	q := `SELECT ` + listedColumns + ` FROM referral` + w.sql() + ` ORDER BY created DESC, id DESC` + w.limit(f.Limit)
	return many(ctx, s.readers, s.scanListed, q, w.args...)
}

// Listed returns one referral with its running clock; referral.ErrNotFound.
func (s *Store) Listed(ctx context.Context, id string) (Listed, error) {
	l, err := one(ctx, s.readers, s.scanListed, `SELECT `+listedColumns+` FROM referral WHERE id = ?1`, id)
	return l, naming("referral", id, err)
}

// DeliveryFilter chooses deliveries. The zero value is the newest 100.
type DeliveryFilter struct {
	State                     referral.DeliveryState
	ReferralID, Lane, Partner string
	Since                     time.Time
	Limit                     int
}

// Deliveries lists deliveries, newest first.
func (s *Store) Deliveries(ctx context.Context, f DeliveryFilter) ([]referral.Delivery, error) {
	var w where
	w.equal("state", string(f.State))
	w.equal("referral_id", f.ReferralID)
	w.equal("lane", f.Lane)
	w.equal("partner", f.Partner)
	w.since("created", f.Since)
	q := `SELECT ` + deliveryColumns + ` FROM delivery` + w.sql() + ` ORDER BY created DESC, id DESC` + w.limit(f.Limit)
	return many(ctx, s.readers, s.scanDelivery, q, w.args...)
}

// Attempts lists the attempts of a delivery, first to last.
func (s *Store) Attempts(ctx context.Context, deliveryID string) ([]referral.Attempt, error) {
	return many(ctx, s.readers, func(sc scan) (a referral.Attempt, err error) {
		var at int64
		err = sc(&a.DeliveryID, &a.N, &at, &a.Result, &a.Code)
		a.At = fromMicros(at)
		return a, err
	}, `SELECT delivery_id, n, at, result, code FROM attempt WHERE delivery_id = ?1 ORDER BY n`, deliveryID)
}

// txSource lets several reads see one moment.
type txSource struct{ tx *sql.Tx }

func (t txSource) query(ctx context.Context, q string, args ...any) (*sql.Rows, error) {
	return t.tx.QueryContext(ctx, q, args...)
}
