package engine

import (
	"slices"

	"refloop/referral"
	"refloop/transform"
)

// samePackage looks whether the XDM submission set that brought a fact came before (ITI TF-3 4.2.3.3.12: a uniqueId is never used twice).
// With the same content it is a repeat: nothing is applied again, its sender is notified as the first time. With other content nothing
// of it is applied and a person sees it. It returns true when the fact is settled by that.
func (e *Engine) samePackage(tx Tx, m *referral.Message, w *work, i int) (bool, error) {
	f := w.decoded.Facts[i]
	sets := setsOf(f.Event)
	if len(sets) == 0 || w.again.said != nil { // a message that is processed anew brings its own set
		return false, nil
	}
	known, err := tx.ByIdentifier(sets)
	if err != nil || len(known) == 0 {
		return false, err
	}
	digests, err := digestsOf(f, w.digests[i])
	if err != nil {
		return false, err
	}
	for _, id := range known {
		m.ReferralIDs = appendNew(m.ReferralIDs, id)
		for _, digest := range digests {
			if same, err := tx.HasDigest(id, digest); err != nil || same {
				m.Reason = "the same package came before; nothing to do"
				return true, err
			}
		}
	}
	return true, e.holdMessage(tx, m, "anomaly.package_reused", "the number of its XDM submission set came before with other content; nothing of it was applied")
}

// digestsOf are the content digests under which a fact may have been recorded: as it is, or as what it says of a known referral.
func digestsOf(f transform.Fact, digest string) ([]string, error) {
	out := []string{digest}
	for _, ev := range []referral.Event{f.AsKnown(), f.Event} {
		if f.IfCancelPending != "" {
			ev.Type = f.IfCancelPending
		}
		d, err := digestOf(ev)
		if err != nil {
			return nil, err
		}
		out = append(out, d)
	}
	return out, nil
}

// setsOf are the numbers of the XDM submission sets that an event came in.
func setsOf(ev referral.Event) []referral.Identifier {
	list := slices.Clone(ev.Payload.Identifiers)
	if ev.Payload.Record != nil {
		list = append(list, ev.Payload.Record.Identifiers...)
	}
	return slices.DeleteFunc(list, func(id referral.Identifier) bool { return id.Kind != referral.KindXDM })
}
