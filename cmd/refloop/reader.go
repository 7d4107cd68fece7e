package main

import (
	"context"

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

// Referral implements console.Reader. An id may also be one that a partner uses.
func (r reader) Referral(ctx context.Context, id string) (console.Listed, error) {
	l, err := r.Store.Listed(ctx, id)
	return console.Listed{Referral: l.Referral, Clock: l.Clock}, err
}

// Deliveries implements console.Reader.
func (r reader) Deliveries(ctx context.Context, f console.DeliveryFilter) ([]referral.Delivery, error) {
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
