package console_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"

	"refloop/audit"
	"refloop/console"
	"refloop/referral"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func day(n int) time.Time { return time.Date(2026, 11, n, 8, 0, 0, 0, time.UTC) }

// fake is a daemon with two referrals, of which one is held.
type fake struct {
	saw     []string
	acted   []console.Act
	actors  []string
	actErr  error
	auditOf func() ([]audit.Head, error)
	sawErr  error
}

func (f *fake) referrals() []console.Listed {
	return []console.Listed{
		{Referral: referral.Referral{ID: "R1", Role: referral.RoleRecipient, State: referral.StateSent, Version: 2, Patient: referral.Patient{Name: referral.Name{Family: "Testperson"}}}},
		{Referral: referral.Referral{ID: "R2", Role: referral.RoleInitiator, State: referral.StateDraft, Holds: []referral.Hold{
			{Kind: referral.HoldFaxReview, Reason: "3 fields", Since: day(3)}, {Kind: referral.HoldCompleteness, Reason: "<priority> & more", Since: day(5)},
			{Kind: referral.HoldCompleteness, Reason: "no recipient", Since: day(1)},
		}}},
	}
}

func (f *fake) Referrals(_ context.Context, filter console.ReferralFilter) ([]console.Listed, error) {
	if len(filter.Find) > 0 && filter.Find["family"] == "" {
		return nil, errors.New("store: find: got nothing to look for")
	}
	all := f.referrals()
	if filter.Held {
		all = slices.DeleteFunc(all, func(l console.Listed) bool { return len(l.Referral.Holds) == 0 })
	}
	return all, nil
}

func (f *fake) Referral(_ context.Context, id string) (console.Listed, error) {
	for _, l := range f.referrals() {
		if l.Referral.ID == id {
			return l, nil
		}
	}
	return console.Listed{}, fmt.Errorf("store: referral %s: %w", id, referral.ErrNotFound)
}

func (f *fake) Events(context.Context, string) ([]referral.Event, error) {
	return []referral.Event{{Seq: 1, Type: referral.EventRequest, To: referral.StateSent, EventTime: day(1)}}, nil
}

func (f *fake) Incidents(_ context.Context, all bool, _ int) ([]referral.Incident, error) {
	list := []referral.Incident{
		{ID: "I1", Kind: "delivery_dead", Key: "D1", ReferralID: "R1", Opened: day(4), Count: 2, Note: "refused"},
		{ID: "I2", Kind: "message_failed", Opened: day(2), Resolved: day(3), Count: 1},
	}
	if !all {
		return list[:1], nil
	}
	return list, nil
}

func (f *fake) Messages(context.Context, console.MessageFilter) ([]referral.Message, error) {
	return []referral.Message{{ID: "M1", ReceivedAt: day(1).In(time.FixedZone("x", 3600))}}, nil
}

func (f *fake) MessagesOf(ctx context.Context, _ string) ([]referral.Message, error) {
	return f.Messages(ctx, console.MessageFilter{})
}

func (f *fake) Message(_ context.Context, id string) (referral.Message, error) {
	return referral.Message{ID: id}, nil
}

func (f *fake) Body(context.Context, string) ([]byte, error) { return []byte("MSH|\r\x00\xff"), nil }

func (f *fake) Document(context.Context, string) ([]byte, error) { return []byte("%PDF-"), nil }

func (f *fake) Deliveries(context.Context, console.DeliveryFilter) ([]referral.Delivery, error) {
	return []referral.Delivery{
		{ID: "D2", State: referral.DeliverySent, NextAttempt: day(9)}, {ID: "D1", State: referral.DeliveryQueued, NextAttempt: day(9)},
	}, nil
}

func (f *fake) Attempts(context.Context, string) ([]referral.Attempt, error) {
	return []referral.Attempt{{N: 1, At: day(2), Result: "refused", Code: "AE"}}, nil
}

func (f *fake) VerifyAudit(context.Context) ([]audit.Head, error) { return f.auditOf() }

func (f *fake) Act(_ context.Context, actor, id string, in console.Act) (console.Listed, error) {
	f.acted, f.actors = append(f.acted, in), append(f.actors, actor)
	if f.actErr != nil {
		return console.Listed{}, f.actErr
	}
	return f.Referral(context.Background(), id)
}

func (f *fake) Reprocess(_ context.Context, actor, id string, again bool) (referral.Message, error) {
	f.actors = append(f.actors, actor)
	return referral.Message{ID: id, Reason: fmt.Sprint(again)}, nil
}

func (f *fake) Resend(_ context.Context, actor, id string) (referral.Delivery, error) {
	f.actors = append(f.actors, actor)
	return referral.Delivery{ID: id}, nil
}

func (f *fake) CloseItem(_ context.Context, actor, id, reason string) error {
	f.actors = append(f.actors, actor)
	if id != "I1" {
		return fmt.Errorf("store: open item %s: %w", id, referral.ErrNotFound)
	}
	f.saw = append(f.saw, actor+" closed "+id+" "+reason)
	return nil
}

func (f *fake) Reload(context.Context, string) error { return errors.New("refloop.yaml:1:1: wrong") }

func (f *fake) Saw(_ context.Context, actor, action, object string) error {
	f.saw = append(f.saw, actor+" "+action+" "+object)
	return f.sawErr
}

func (f *fake) Health(context.Context) console.Health {
	return console.Health{Ready: true, Rooms: []console.RoomHealth{{Name: "lane/x", State: "idle"}}}
}

func (f *fake) Stats(context.Context) (console.Stats, error) {
	return console.Stats{Messages: map[string]int64{"held": 3}}, nil
}

var _ console.Backend = (*fake)(nil)
