package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"refloop/audit"
	"refloop/channels"
	"refloop/referral"
)

// observed is the last word of each source about what it sees by itself.
type observed struct {
	mu     sync.Mutex
	latest map[string]channels.Observation
	stays  map[string]bool // deliveries of red lanes that no other rail takes, since the last observation
}

// red returns why nothing may be sent by a lane now; empty: it may.
func (o *observed) red(lane string) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, one := range o.latest {
		for _, l := range one.Lanes {
			if l.Lane == lane && l.State == channels.LaneRed {
				return strings.TrimSpace("it is red: " + l.Note)
			}
		}
	}
	return ""
}

func (o *observed) put(one channels.Observation) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.latest == nil {
		o.latest = map[string]channels.Observation{}
	}
	o.latest[one.Source], o.stays = one, map[string]bool{}
}

// leaves reports whether a delivery should be made now only to leave its red lane.
func (o *observed) leaves(d referral.Delivery) bool {
	if o.red(d.Lane) == "" || d.ReferralID == "" {
		return false
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	return !o.stays[d.ID]
}

// stay notes that no other rail takes a delivery.
func (o *observed) stay(id string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.stays[id] = true
}

// Observed is what the rails saw last, by source.
func (e *Engine) Observed() map[string]channels.Observation {
	e.seen.mu.Lock()
	defer e.seen.mu.Unlock()
	return maps.Clone(e.seen.latest)
}

// Observe implements channels.Observer: alarms open an incident each, once, which is resolved when its cause is gone; a lane that is red is
// left by what waits in it.
func (e *Engine) Observe(ctx context.Context, o channels.Observation) error {
	if o.At.IsZero() {
		o.At = e.now()
	}
	o.At = o.At.UTC()
	open, err := e.store.OpenIncidents(ctx, o.Kinds)
	if err != nil {
		return err
	}
	var turned []string // lanes that are red or green since now
	err = e.write(ctx, func(tx Tx) (err error) {
		if err = e.raise(tx, o); err != nil {
			return err
		}
		for _, i := range open {
			if !strings.HasPrefix(i.Key, o.Scope) || slices.ContainsFunc(o.Alarms, func(a channels.Alarm) bool { return a.Kind == i.Kind && a.Key == i.Key }) {
				continue
			}
			if err := tx.ResolveIncidents(i.Kind, i.Key, o.At); err != nil {
				return err
			}
		}
		turned, err = e.setLanes(tx, o)
		return err
	})
	if err != nil {
		return err
	}
	e.seen.put(o)
	if len(turned) > 0 {
		e.wake(turned...)
	}
	return nil
}

// raise opens an incident for each alarm that is new.
func (e *Engine) raise(tx Tx, o channels.Observation) error {
	for _, a := range o.Alarms {
		id, err := e.newID()
		if err != nil {
			return err
		}
		item := referral.Incident{ID: id, Kind: a.Kind, Key: a.Key, Opened: o.At, Count: 1, Note: a.Note}
		opened, err := tx.OpenIncidentOnce(item)
		if err != nil {
			return err
		}
		if opened {
			e.log.Warn("incident", "incident", id, "kind", a.Kind, "note", a.Note)
		}
	}
	return nil
}

// setLanes keeps how lanes are. One that turns red opens an incident of its own, and resolves it when it is green again.
func (e *Engine) setLanes(tx Tx, o channels.Observation) (turned []string, err error) {
	set := e.setup.Load()
	for _, l := range o.Lanes {
		partner := partnerOf(set, l.Lane)
		changed, err := tx.SetPartnerState(referral.PartnerState{Partner: partner, Lane: l.Lane, State: l.State, Since: o.At, Note: l.Note})
		if err != nil {
			return nil, err
		}
		red := l.State == channels.LaneRed
		if changed || red && e.seen.red(l.Lane) == "" {
			turned = append(turned, l.Lane)
		}
		if !changed {
			continue
		}
		if err := tx.Audit(audit.Entry{At: o.At, Actor: "daemon", Action: "partner." + l.State, Object: l.Lane}); err != nil {
			return nil, err
		}
		if !red {
			if err := tx.ResolveIncidents("partner_red", l.Lane, o.At); err != nil {
				return nil, err
			}
			continue
		}
		item := referral.Incident{Kind: "partner_red", Key: l.Lane, Note: fmt.Sprintf("nothing is sent to %s by %s: %s", partner, l.Lane, l.Note)}
		if err := e.openIncident(tx, item, o.At); err != nil {
			return nil, err
		}
	}
	return turned, nil
}

// partnerOf is the partner whose rail the lane is; its name's first part when the configuration has changed meanwhile.
func partnerOf(set *Setup, lane string) string {
	for _, p := range set.Directory.Partners {
		if _, ok := railOf(p, lane); ok {
			return p.ID
		}
	}
	id, _, _ := strings.Cut(lane, "/")
	return id
}

// leaveRed moves a delivery of a red lane to the partner's next rail without asking its rail. over: nothing is left to do now. Without
// another rail the attempt is made when it is due, so that its own error says what is wrong.
func (a *attempt) leaveRed(ctx context.Context) (over bool, err error) {
	if !a.e.seen.leaves(a.d) {
		return false, nil
	}
	why := a.e.seen.red(a.d.Lane)
	now := a.e.now().UTC()
	err = a.e.write(ctx, func(tx Tx) error {
		over = true
		cur, err := tx.Delivery(a.d.ID)
		if err != nil || cur.State.Final() {
			return err
		}
		r, err := tx.Referral(cur.ReferralID)
		if err != nil {
			return err
		}
		partner, _ := a.set.Directory.Partner(cur.Partner)
		at, ok := railOf(partner, cur.Lane)
		if _, more := nextRail(partner, at+1, r.Test); !ok || !more || held(a.set, r, cur) {
			a.e.seen.stay(cur.ID)
			over = cur.NextAttempt.After(now)
			return nil
		}
		return a.e.giveUp(tx, a.set, cur, why, now)
	})
	return over, err
}
