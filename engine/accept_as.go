package engine

import (
	"context"
	"slices"

	"refloop/referral"
	"refloop/transform"
)

// AcceptAs makes the referral of a fax that is held because it was read as something else: a person says what it is. Its fields are as
// they were read and all below the line, so that the referral waits for review. A fax that cannot be read, or holds several patients,
// stays as it is and the InputError says why.
func (e *Engine) AcceptAs(ctx context.Context, actor, id, kind string) (referral.Message, error) {
	if !slices.Contains(transform.SaidKinds(), kind) {
		return referral.Message{}, wrongInput("--kind: got %d characters, want one of %s; a report or other papers of a known case: split --pages 1 --to REFERRAL", len(kind), join(transform.SaidKinds()))
	}
	m, err := e.store.Message(ctx, id)
	if err != nil {
		return m, err
	}
	if m.State != referral.MessageHeld || m.Direction != referral.Inbound {
		return m, &NotAllowed{Verb: "accept-as", Of: "message", Got: string(m.State), Why: "only a fax that is held for a person can be taken as something else"}
	}
	return e.reprocess(ctx, actor, id, false, kind)
}

// notAsSaid says why a paper is not what a person says it is.
func notAsSaid(w *work) error {
	switch {
	case w.fault != nil:
		return wrongInput("accept-as: the fax cannot be read: %v", w.fault)
	case w.decoded.Hold != "":
		return wrongInput("accept-as: %s", w.decoded.Hold)
	}
	return wrongInput("accept-as: got a message that is no fax with pages, want one")
}
