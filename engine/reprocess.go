package engine

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"refloop/referral"
	"refloop/transform"
)

// Reprocess takes an archived inbound message through Open, Decode and Apply again with the configuration of now, starting from the
// evidence judged at its receipt; readAgain makes that evidence anew (OCR, trust). What was recorded before is known as an echo, so
// a second run has no second effect. It returns the message as it stands then.
func (e *Engine) Reprocess(ctx context.Context, actor, id string, readAgain bool) (referral.Message, error) {
	return e.reprocess(ctx, actor, id, readAgain, "")
}

// reprocess does it; said is what a person says that a paper is, empty what they said before.
func (e *Engine) reprocess(ctx context.Context, actor, id string, readAgain bool, said string) (referral.Message, error) {
	m, err := e.store.Message(ctx, id)
	if err != nil {
		return m, err
	}
	if m.Direction != referral.Inbound || m.Channel == "" || m.DeliveryID != "" {
		return m, fmt.Errorf("engine: reprocess %s: got an answer or an outbound message, want one that came in by a channel", id)
	}
	if !e.busy.start(id) {
		return m, fmt.Errorf("engine: reprocess %s: it is being processed now; try again when it is done", id)
	}
	defer e.busy.end(id)
	body, evidence, err := e.bytesOf(ctx, id)
	if err != nil {
		return m, err
	}
	set := e.setup.Load()
	if readAgain || !prepared(set, m, evidence) {
		if evidence, err = e.prepare(ctx, set, m, body, evidence); err != nil {
			return m, err
		}
	}
	e.waits.forget(id)
	before, err := e.saidBefore(ctx, m)
	if err != nil {
		return m, err
	}
	w := e.decodeAs(set, m, body, evidence, cmp.Or(said, before.kind))
	if w.again = before; said != "" && (w.fault != nil || len(w.decoded.Facts) == 0) {
		return m, notAsSaid(w)
	}
	err = e.write(ctx, func(tx Tx) error {
		now := e.now().UTC()
		row := m
		row.Reason, row.ConfigHash = "", set.Hash
		e.applyWork(tx, &row, w)
		if row.State == referral.MessageProcessed || row.State == referral.MessageIgnored {
			for _, kind := range []string{"message_failed", "message_held", "match_review", "anomaly.unknown_referral", "anomaly.package_reused"} {
				if err := tx.ResolveIncidents(kind, m.ID, now); err != nil {
					return err
				}
			}
		}
		m = row
		if err := e.auditAct(tx, actor, "message.reprocess", m.ID, string(m.State), now); err != nil {
			return err
		}
		return tx.SetMessage(row)
	})
	return m, err
}

// again is what a message that is reprocessed said the first time.
type again struct {
	said  map[string]bool // referral id + "/" + content digest of the events it gave
	asked map[string]bool // referrals it asked for
	kind  string          // what a person said that the paper is; empty: nobody said
}

// only is the one referral that a request without a number of its own made the first time, so that it makes no second one.
func (a again) only(facts []transform.Fact) (id string, ok bool) {
	if len(a.asked) != 1 || len(facts) != 1 || len(facts[0].Ref) > 0 {
		return "", false
	}
	for id, ok = range a.asked {
	}
	return id, ok
}

// saidBefore reads the events that m is the evidence of. What was refused then may be applied now.
func (e *Engine) saidBefore(ctx context.Context, m referral.Message) (again, error) {
	a := again{said: map[string]bool{}, asked: map[string]bool{}}
	for _, id := range m.ReferralIDs {
		events, err := e.store.Events(ctx, id)
		if err != nil {
			return again{}, err
		}
		for _, ev := range events {
			if ev.EvidenceRef != m.ID || ev.Type == referral.EventAnomaly || ev.Payload.Digest == "" {
				continue
			}
			a.said[id+"/"+ev.Payload.Digest] = true
			a.asked[id] = a.asked[id] || ev.Type == referral.EventRequest
			if kind, ok := strings.CutPrefix(ev.Note, transform.SaidByPerson); ok && ev.Type == referral.EventRequest {
				a.kind = kind
			}
		}
	}
	return a, nil
}
