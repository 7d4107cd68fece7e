package main

import (
	"context"
	"errors"
	"fmt"

	"refloop/audit"
	"refloop/console"
	"refloop/referral"
	"refloop/store"
)

// reader answers the console's questions from a store, open or stopped.
type reader struct{ *store.Store }

// Messages implements console.Reader.
func (r reader) Messages(ctx context.Context, f console.MessageFilter) ([]referral.Message, error) {
	return r.Store.Messages(ctx, store.MessageFilter{
		ControlID: f.ControlID, Channel: f.Channel, Direction: f.Direction, State: referral.MessageState(f.State), Since: f.Since, Limit: f.Limit,
	})
}

// Referrals implements console.Reader.
func (r reader) Referrals(ctx context.Context, f console.ReferralFilter) ([]console.Listed, error) {
	filter := store.ReferralFilter{State: referral.State(f.State), Role: referral.Role(f.Role), Since: f.Since, Held: f.Held, Limit: f.Limit}
	if len(f.Find) > 0 {
		filter.Find = &store.Find{MRN: f.Find["mrn"], Authority: f.Find["authority"], Family: f.Find["family"], BirthDate: f.Find["birth_date"], Phone: f.Find["phone"]}
	}
	rows, err := r.Store.Referrals(ctx, filter)
	if err != nil {
		return nil, err
	}
	out := make([]console.Listed, len(rows))
	for i, l := range rows {
		out[i] = console.Listed{Referral: l.Referral, Clock: l.Clock}
	}
	return out, nil
}

// Referral implements console.Reader. An id may be cut short, as far as it names one referral.
func (r reader) Referral(ctx context.Context, id string) (console.Listed, error) {
	whole, err := r.whole(ctx, "referral", id)
	if err != nil {
		return console.Listed{}, err
	}
	l, err := r.Store.Listed(ctx, whole)
	return console.Listed{Referral: l.Referral, Clock: l.Clock}, err
}

// Message implements console.Reader; its id may be cut short.
func (r reader) Message(ctx context.Context, id string) (referral.Message, error) {
	whole, err := r.whole(ctx, "message", id)
	if err != nil {
		return referral.Message{}, err
	}
	return r.Store.Message(ctx, whole)
}

// Body implements console.Reader; the message's id may be cut short.
func (r reader) Body(ctx context.Context, id string) ([]byte, error) {
	whole, err := r.whole(ctx, "message", id)
	if err != nil {
		return nil, err
	}
	return r.Store.Body(ctx, whole)
}

// Document implements console.Reader; its id may be cut short.
func (r reader) Document(ctx context.Context, id string) ([]byte, error) {
	if b, err := r.Store.Document(ctx, id); !errors.Is(err, referral.ErrNotFound) {
		return b, err
	}
	whole, err := r.whole(ctx, "document", id)
	if err != nil {
		return nil, err
	}
	return r.Store.Document(ctx, whole)
}

// whole is the id that the beginning of one names; an error says where ids are listed.
func (r reader) whole(ctx context.Context, kind, id string) (string, error) {
	whole, err := r.Resolve(ctx, kind, id)
	if errors.Is(err, referral.ErrNotFound) {
		where := map[string]string{"referral": "refloop referrals", "message": "refloop messages", "delivery": "refloop deliveries", "document": "refloop show REFERRAL", "patient": "refloop patients list"}[kind]
		return "", &unknownID{fmt.Sprintf("no %s %s, or more than one begins so; list them with %s", kind, id, where)}
	}
	return whole, err
}

// unknownID is referral.ErrNotFound in words that say where to look.
type unknownID struct{ text string }

func (u *unknownID) Error() string { return u.text }
func (u *unknownID) Unwrap() error { return referral.ErrNotFound }

// Deliveries implements console.Reader.
func (r reader) Deliveries(ctx context.Context, f console.DeliveryFilter) ([]referral.Delivery, error) {
	if whole, err := r.Resolve(ctx, "referral", f.ReferralID); err == nil {
		f.ReferralID = whole
	}
	return r.Store.Deliveries(ctx, store.DeliveryFilter{
		State: referral.DeliveryState(f.State), ReferralID: f.ReferralID, Partner: f.Partner, Since: f.Since, Limit: f.Limit,
	})
}

// Incidents implements console.Reader.
func (r reader) Incidents(ctx context.Context, all bool, limit int) ([]referral.Incident, error) {
	return r.Store.Incidents(ctx, store.IncidentFilter{Open: !all, Limit: limit})
}

// VerifyAudit implements console.Reader.
func (r reader) VerifyAudit(ctx context.Context) ([]audit.Head, error) {
	return r.Store.VerifyAudit(ctx)
}

// compile-time check: a store answers every question of the console.
var _ console.Reader = reader{}
