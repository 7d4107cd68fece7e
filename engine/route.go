package engine

import (
	"fmt"
	"slices"

	"refloop/referral"
	"refloop/transform"
)

// routed is the partner a referral goes to, and why.
type routed struct {
	partner transform.Partner
	why     string
}

// route finds the receiver: the first route whose rule matches, else the recipient that the referral itself names by partner, NPI,
// Direct address or fax number. ok is false when nobody is found; why then says what was tried.
func route(set *Setup, r referral.Referral) (to routed, ok bool) {
	for _, rt := range set.Routes {
		hit, err := rt.Match(r)
		if err != nil {
			return routed{why: fmt.Sprintf("route %s could not be evaluated", rt.Place)}, false
		}
		if !hit {
			continue
		}
		p, found := set.Directory.Partner(rt.To)
		return routed{partner: p, why: "route " + rt.Place}, found
	}
	if p, found := set.Directory.Identify(r.Recipient); found && !p.Own {
		return routed{partner: p, why: "the referral names it"}, true
	}
	return routed{why: fmt.Sprintf("no route of %d matched, and no partner has the recipient's NPI, Direct address or fax number", len(set.Routes))}, false
}

// fillRecipient writes the routed partner into a new referral of ours, so that answers are expected from it.
func (e *Engine) fillRecipient(set *Setup, res *referral.Result) {
	r := &res.Referral
	if r.Role != referral.RoleInitiator || r.Recipient.Partner != "" {
		return
	}
	if to, ok := route(set, *r); ok {
		r.Recipient.Partner = to.partner.ID
		if r.Recipient.Organization == "" {
			r.Recipient.Organization = to.partner.Name
		}
		if r.Recipient.OrgNPI == "" {
			r.Recipient.OrgNPI = to.partner.NPI
		}
	}
}

// withRecipient adds to a verification of a referral without a recipient the partner that the corrected record leads to: by its routes, or
// by the NPI, address or number that was filled in.
func withRecipient(set *Setup, r referral.Referral, ev referral.Event) referral.Event {
	res, err := referral.Apply(r, ev)
	if err != nil || r.Role != referral.RoleInitiator || res.Referral.Recipient.Partner != "" {
		return ev
	}
	if to, ok := route(set, res.Referral); ok {
		ev.Payload.Fields = append(slices.Clone(ev.Payload.Fields), referral.Field{Key: "recipient_partner", Value: to.partner.ID, Confidence: 1, Confirmed: true})
	}
	return ev
}

// nameRecipient does the same for a changed request.
func nameRecipient(set *Setup, r referral.Referral, ev referral.Event) referral.Event {
	rec := ev.Payload.Record
	if ev.Type != referral.EventChange || rec == nil || r.Role != referral.RoleInitiator || r.Recipient.Partner != "" || rec.Recipient.Partner != "" {
		return ev
	}
	if p, ok := set.Directory.Identify(rec.Recipient); ok && !p.Own {
		changed := *rec
		changed.Recipient.Partner = p.ID
		ev.Payload.Record = &changed
	}
	return ev
}

// railOf finds a partner's rail by its lane: the order of the rails may have changed since a delivery was queued.
func railOf(p transform.Partner, lane string) (int, bool) {
	i := slices.IndexFunc(p.Rails, func(r transform.Rail) bool { return r.Lane == lane })
	return i, i >= 0
}

// receiver returns who is told when a side is told: the counterpart, or on our own side the system the referral came from.
func receiver(set *Setup, r referral.Referral, side referral.Side) (transform.Partner, bool) {
	if side == referral.SideInitiator {
		if p, ok := set.Directory.Identify(r.Initiator); ok {
			return p, true
		}
		return transform.Partner{}, false
	}
	if p, ok := set.Directory.Partner(r.Recipient.Partner); ok {
		return p, true
	}
	to, ok := route(set, r)
	return to.partner, ok
}
