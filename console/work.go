package console

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"refloop/audit"
	"refloop/referral"
)

// maxWork bounds how many open items and held referrals are looked at for one worklist or story.
const maxWork = 10_000

// defaultLimit is how many rows a listing gives when it names no limit.
const defaultLimit = 100

// WorkView is one thing that a person must look at: an open incident, or a hold of a referral.
type WorkView struct {
	ID         string     `json:"id"`   // of a hold: hold/<referral>/<kind>, numbered when there are several
	Kind       string     `json:"kind"` // delivery_dead, message_failed, fax_review ...
	Key        string     `json:"key"`  // its cause
	ReferralID string     `json:"referral_id"`
	MessageID  string     `json:"message_id"`
	DeliveryID string     `json:"delivery_id"`
	Opened     *time.Time `json:"opened"`
	Resolved   *time.Time `json:"resolved"`
	Count      int        `json:"count"`
	Note       string     `json:"note"`
	Owner      string     `json:"owner,omitempty"` // who took the case, such as user:anna
	Part2      bool       `json:"part2,omitempty"` // the referral is protected by 42 CFR Part 2; the note begins with Part2Words
}

// ViewIncident makes the view of an incident.
func ViewIncident(i referral.Incident) WorkView {
	return WorkView{
		ID: i.ID, Kind: i.Kind, Key: i.Key, ReferralID: i.ReferralID, MessageID: i.MessageID, DeliveryID: i.DeliveryID, Opened: stamp(i.Opened),
		Resolved: stamp(i.Resolved), Count: i.Count, Note: withNext(i.Note, nextOfItem(i)),
	}
}

// ViewHolds makes one item of each open hold of a referral.
func ViewHolds(r referral.Referral) []WorkView {
	var out []WorkView
	seen := map[referral.HoldKind]int{}
	for _, h := range r.Holds {
		id := "hold/" + r.ID + "/" + string(h.Kind)
		if seen[h.Kind]++; seen[h.Kind] > 1 {
			id = fmt.Sprintf("%s.%d", id, seen[h.Kind])
		}
		out = append(out, WorkView{ID: id, Kind: string(h.Kind), Key: r.ID, ReferralID: r.ID, Opened: stamp(h.Since), Count: 1, Note: withNext(h.Reason, nextOfHold(r.ID, h.Kind))})
		restrict(&out[len(out)-1], r)
	}
	return out
}

// worklist is every open incident and hold, newest first; with q.All the incidents that are done too.
func worklist(ctx context.Context, r Reader, q Query) ([]WorkView, error) {
	incidents, err := r.Incidents(ctx, q.All, maxWork)
	if err != nil {
		return nil, err
	}
	held, err := r.Referrals(ctx, ReferralFilter{Held: true, Limit: maxWork})
	if err != nil {
		return nil, err
	}
	var out []WorkView
	for _, i := range incidents {
		out = append(out, ViewIncident(i))
	}
	if err := ownItems(ctx, r, out); err != nil {
		return nil, err
	}
	for _, l := range held {
		if isOver(l.Referral.State) {
			l.Referral.Holds = slices.DeleteFunc(slices.Clone(l.Referral.Holds), func(h referral.Hold) bool { return h.Kind != referral.HoldMatch })
		}
		items := ViewHolds(l.Referral)
		for i := range items {
			items[i].Owner = l.Referral.Assigned
		}
		if err := noteCandidates(ctx, r, l.Referral, items); err != nil {
			return nil, err
		}
		out = append(out, items...)
	}
	if q.Kind != "" {
		out = slices.DeleteFunc(out, func(v WorkView) bool { return v.Kind != q.Kind })
	}
	if q.Owner != "" {
		out = slices.DeleteFunc(out, func(v WorkView) bool { return !ownedBy(v, q.Owner) })
	}
	slices.SortStableFunc(out, func(a, b WorkView) int {
		return cmp.Or(timeOf(b.Opened).Compare(timeOf(a.Opened)), cmp.Compare(b.ID, a.ID))
	})
	limit := q.Limit
	if limit <= 0 {
		limit = defaultLimit
	}
	return out[:min(limit, len(out))], nil
}

func timeOf(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

// ActionsView is what may be done now with a referral.
type ActionsView struct {
	ID          string   `json:"id"`
	Role        string   `json:"role"`
	State       string   `json:"state"`
	NextActions []string `json:"next_actions"`
	ByPhone     []string `json:"by_phone"` // what the other side may tell us by telephone; taken as grade C
}

// ViewActions makes the view of what may be done now.
func ViewActions(l Listed) ActionsView {
	v := ViewReferral(l)
	return ActionsView{ID: v.ID, Role: v.Role, State: v.State, NextActions: v.NextActions, ByPhone: byPhone(l.Referral)}
}

func byPhone(r referral.Referral) []string {
	out := []string{}
	for _, a := range referral.ByPhone(r) {
		out = append(out, string(a))
	}
	return out
}

// Story is everything known about one referral, for pages that explain it.
type Story struct {
	Referral   ReferralView      `json:"referral"` // with its timeline
	Record     referral.Referral `json:"record"`
	Events     []referral.Event  `json:"events"`
	Messages   []MessageView     `json:"messages"`
	Deliveries []DeliveryView    `json:"deliveries"` // oldest first
	Work       []WorkView        `json:"work"`       // incidents, resolved ones too

	Candidates []referral.Candidate `json:"candidates,omitempty"` // who of our own patients a referral from paper may be about, best first
}

func storyOf(ctx context.Context, r Reader, id string) (Story, error) {
	l, err := r.Referral(ctx, id)
	if err != nil {
		return Story{}, err
	}
	s := Story{Referral: ViewReferral(l), Record: l.Referral}
	id = l.Referral.ID
	if s.Events, err = r.Events(ctx, id); err != nil {
		return Story{}, err
	}
	s.Referral.Events = ViewEvents(s.Events)
	messages, err := r.MessagesOf(ctx, id)
	if err != nil {
		return Story{}, err
	}
	for _, m := range messages {
		s.Messages = append(s.Messages, ViewMessage(m))
	}
	deliveries, err := r.Deliveries(ctx, DeliveryFilter{ReferralID: id, Limit: maxWork})
	if err != nil {
		return Story{}, err
	}
	slices.Reverse(deliveries)
	for _, d := range deliveries {
		v, err := ViewDelivery(ctx, r, d)
		if err != nil {
			return Story{}, err
		}
		s.Deliveries = append(s.Deliveries, v)
	}
	incidents, err := r.Incidents(ctx, true, maxWork)
	for _, i := range incidents {
		if i.ReferralID == id {
			s.Work = append(s.Work, ViewIncident(i))
		}
	}
	if err != nil {
		return Story{}, err
	}
	if err := ownItems(ctx, r, s.Work); err != nil {
		return Story{}, err
	}
	s.Candidates, err = candidatesOf(ctx, r, l.Referral)
	return s, err
}

// AuditView is one hash chain: how far it holds, and where it is broken when it is.
type AuditView struct {
	Node   string `json:"node"`
	Rows   int64  `json:"rows"` // that hold
	Head   string `json:"head"` // row digest of the last one, hex; keep a copy elsewhere
	Broken int64  `json:"broken,omitempty"`
	Why    string `json:"why,omitempty"`
}

// auditOf lists the chains that hold, then the first one that does not.
func auditOf(ctx context.Context, r Reader) ([]AuditView, error) {
	heads, err := r.VerifyAudit(ctx)
	var broken *audit.BrokenError
	if err != nil && !errors.As(err, &broken) {
		return nil, err
	}
	var out []AuditView
	for _, h := range heads {
		out = append(out, AuditView{Node: h.Node, Rows: h.Seq, Head: hex.EncodeToString(h.Digest[:])})
	}
	if broken != nil {
		out = append(out, AuditView{Node: broken.Node, Rows: max(broken.Seq-1, 0), Broken: broken.Seq, Why: broken.Why})
	}
	return out, nil
}
