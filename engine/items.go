package engine

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"refloop/referral"
)

// maxCloseReason is the longest reason for closing an item, in characters.
const maxCloseReason = 200

// CloseItem closes an open worklist item because a person says that it is settled. The reason goes into the audit chain as it is and must
// hold nothing about a patient. Holds are released, not closed. referral.ErrNotFound: no item is open under this id.
func (e *Engine) CloseItem(ctx context.Context, actor, id, reason string) error {
	reason = strings.TrimSpace(reason)
	switch n := utf8.RuneCountInString(reason); {
	case strings.HasPrefix(id, "hold/"):
		return wrongInput("worklist close: got a hold, want an item; release it with refloop act ID release --hold KIND --reason CODE")
	case n == 0 || n > maxCloseReason:
		return wrongInput("worklist close: --reason: got %d characters, want 1 to %d, nothing about a patient", n, maxCloseReason)
	}
	now := e.now().UTC()
	return e.write(ctx, func(tx Tx) error {
		if err := tx.CloseIncident(id, now); err != nil {
			return err
		}
		return e.auditAct(tx, actor, "item.close", id, reason, now)
	})
}

// settleItems closes the items that an event answers: a fax sent by hand, a patient who was matched, a crossed cancellation that is
// settled, and what nobody needs to be told of a referral that is over.
func (e *Engine) settleItems(tx Tx, res referral.Result, ev referral.Event) error {
	r := res.Referral
	var kinds []string
	if ev.Type == referral.EventFaxSent {
		kinds = append(kinds, "tell_by_hand")
	}
	for _, step := range res.Events {
		if step.From == step.To {
			continue
		}
		if step.From == referral.StateCancelRequested {
			kinds = append(kinds, "cancel_crossed")
		}
		if isOver(step.To) { // items that the step itself opens come later
			kinds = append(kinds, "tell_by_hand", "question", "cancel_crossed")
		}
	}
	matched := !slices.ContainsFunc(r.Holds, func(h referral.Hold) bool { return h.Kind == referral.HoldMatch })
	if matched && (ev.Type == referral.EventVerify || ev.Type == referral.EventRelease) {
		kinds = append(kinds, "wrong_patient")
	}
	for _, k := range kinds {
		if _, err := tx.ResolveOf(k, r.ID, ev.ReceiveTime); err != nil {
			return err
		}
	}
	return nil
}

// isOver reports whether nothing more is owed in the state.
func isOver(s referral.State) bool {
	return s == referral.StateClosed || s == referral.StateCancelled || s == referral.StateEnded
}
