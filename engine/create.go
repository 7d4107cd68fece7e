package engine

import (
	"errors"
	"slices"
	"strings"
	"time"

	"refloop/referral"
	"refloop/transform"
)

// create makes a referral of a request.
func (e *Engine) create(tx Tx, m *referral.Message, w *work, i int, partner transform.Partner) error {
	if id, ok := w.again.only(w.decoded.Facts); ok {
		r, err := tx.Referral(id)
		if err != nil {
			return err
		}
		return e.applyKnown(tx, m, w, i, r, partner)
	}
	id, err := e.newReferralID()
	if err != nil {
		return err
	}
	role := referral.RoleRecipient
	if partner.Own {
		role = referral.RoleInitiator
	}
	r := referral.Referral{
		ID: id, Authority: w.set.Directory.Own.OID, Org: w.set.Directory.Own.OID, Role: role, State: referral.StateDraft,
		Created: m.ReceivedAt, Updated: m.ReceivedAt,
	}
	if rec := w.decoded.Facts[i].Event.Payload.Record; rec != nil {
		if err := e.prepareRequest(tx, m, w, &r, rec); err != nil {
			return err
		}
	}
	return e.applyEvent(tx, m, w, i, r, w.decoded.Facts[i].Event, partner)
}

// prepareRequest gives a new referral its identity and the holds that are known at intake. On our own side the number that travels is
// ours; on the recipient's side it is the initiator's, which also becomes the id here when it is free, so that both sides speak of
// the referral by one number.
func (e *Engine) prepareRequest(tx Tx, m *referral.Message, w *work, r *referral.Referral, rec *referral.Referral) error {
	if rec.Initiator.Partner == "" {
		rec.Initiator.Partner = m.Partner
	}
	if r.Role == referral.RoleInitiator {
		own := referral.Identifier{Value: r.ID, Authority: r.Authority, Kind: referral.KindReferral}
		rec.Identifiers = append([]referral.Identifier{own}, rec.Identifiers...)
		rec.Holds = append(rec.Holds, intakeHolds(w.set, *r, *rec, m.ReceivedAt)...)
		return nil
	}
	for j, id := range rec.Identifiers {
		if id.Kind != referral.KindPlacer {
			continue
		}
		rec.Identifiers = slices.Clone(rec.Identifiers)
		rec.Identifiers[j].Kind = referral.KindReferral
		if usableID(id.Value) {
			_, err := tx.Referral(id.Value)
			if errors.Is(err, referral.ErrNotFound) {
				r.ID, r.Authority = id.Value, id.Authority
			} else if err != nil {
				return err
			}
		}
		break
	}
	return nil
}

// usableID reports whether a foreign number may be an id here: opaque, long enough not to be anybody's, plain characters.
func usableID(s string) bool {
	if len(s) < 8 || len(s) > 64 {
		return false
	}
	return strings.Trim(s, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-") == ""
}

// intakeHolds are the reasons why a request of ours must wait for a person: nobody to send it to, or a Part 2 record without a basis.
func intakeHolds(set *Setup, r, rec referral.Referral, at time.Time) []referral.Hold {
	var out []referral.Hold
	rec.Role = r.Role
	if to, ok := route(set, rec); !ok {
		out = append(out, referral.Hold{Kind: referral.HoldCompleteness, Reason: referral.ReasonNoRecipient + ": " + to.why, Since: at})
	}
	if rec.Confidentiality.Part2 {
		out = append(out, referral.Hold{Kind: referral.HoldConsent, Reason: "protected record: no consent or other basis is recorded", Since: at})
	}
	return out
}
