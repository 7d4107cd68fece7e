package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"refloop/channels"
	"refloop/hl7"
	"refloop/referral"
	"refloop/transform"
)

// dryFact is one event with what would follow from it.
type dryFact struct {
	fact     transform.Fact
	referral referral.Referral // after the event; only of a request
	state    referral.State    // empty: it needs a referral that is known
	refused  string            // why the state machine does not allow it
	partner  transform.Partner // the receiver
	why      string            // why this one
	outputs  []dryOutput
}

// dryOutput is what one rail of the receiver would carry.
type dryOutput struct {
	rail  transform.Rail
	ship  channels.Shipment
	err   error
	unfit []hl7.Problem // what the HL7 message in it lacks by the standard
}

// follow says what a fact leads to. Only a request can be followed without a store: everything else speaks of a referral that is known.
func (d dryRoom) follow(dec transform.Decoded, i int) dryFact {
	f := dryFact{fact: dec.Facts[i]}
	rec := f.fact.Event.Payload.Record
	if !f.fact.Creates || rec == nil {
		return f
	}
	own := d.pl.directory.Own
	partner, _ := d.pl.directory.Partner(dec.Partner)
	r := referral.Referral{ID: dryID, Authority: own.OID, Org: own.OID, Role: referral.RoleRecipient, State: referral.StateDraft, Created: dryTime, Updated: dryTime}
	content := *rec
	if content.Initiator.Partner == "" {
		content.Initiator.Partner = dec.Partner
	}
	ev := f.fact.Event
	ev.By = referral.SideInitiator
	if partner.Own {
		r.Role = referral.RoleInitiator
		content.Identifiers = append([]referral.Identifier{{Value: r.ID, Authority: r.Authority, Kind: referral.KindReferral}}, content.Identifiers...)
	}
	if r.Role == referral.RoleRecipient {
		content.Identifiers = namedByInitiator(content.Identifiers)
	} else {
		content.Holds = append(content.Holds[:len(content.Holds):len(content.Holds)], d.intakeHolds(content)...)
	}
	content.Documents = documentsIn(dec, i, rec.Documents)
	ev.Payload.Record, ev.ReceiveTime, ev.EvidenceRef, ev.Actor = &content, dryTime, dryMessage, "partner:"+dec.Partner
	res, err := referral.Apply(r, ev)
	if err != nil {
		f.refused = err.Error()
		return f
	}
	f.referral, f.state = res.Referral, res.Referral.State
	f.partner, f.why = d.route(res.Referral)
	if f.referral.Role == referral.RoleInitiator {
		f.referral.Recipient.Partner = f.partner.ID
	}
	for _, rail := range f.partner.Rails {
		f.outputs = append(f.outputs, d.render(f, ev, dec, rail))
	}
	return f
}

// namedByInitiator makes the initiator's number the one that travels.
func namedByInitiator(ids []referral.Identifier) []referral.Identifier {
	out := slices.Clone(ids)
	for i := range out {
		if out[i].Kind == referral.KindPlacer {
			out[i].Kind = referral.KindReferral
			break
		}
	}
	return out
}

// intakeHolds are what stops a request of ours from the first moment, as the engine sees it.
func (d dryRoom) intakeHolds(content referral.Referral) []referral.Hold {
	content.Role = referral.RoleInitiator
	var out []referral.Hold
	if p, why := d.route(content); p.ID == "" {
		out = append(out, referral.Hold{Kind: referral.HoldCompleteness, Reason: "no recipient found: " + why, Since: dryTime})
	}
	if content.Confidentiality.Part2 {
		out = append(out, referral.Hold{Kind: referral.HoldConsent, Reason: "protected record: no consent or other basis is recorded", Since: dryTime})
	}
	return out
}

// documentsIn are the documents of a fact, named by their content so that two runs are equal.
func documentsIn(dec transform.Decoded, i int, have []referral.Document) []referral.Document {
	out := have[:len(have):len(have)]
	for _, b := range dec.Documents {
		if b.Fact == i {
			doc := b.Document
			doc.ID, doc.Bytes = digestOfBytes(b.Bytes), int64(len(b.Bytes))
			out = append(out, doc)
		}
	}
	return out
}

func digestOfBytes(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8])
}

// route finds the receiver as the engine does: the first route that matches, else whom the referral names. Our own system that
// stands for the recipient gets what comes to us.
func (d dryRoom) route(r referral.Referral) (transform.Partner, string) {
	if r.Role != referral.RoleInitiator {
		for _, p := range d.pl.directory.Partners {
			if p.Own && len(p.Rails) > 0 {
				return p, "it came to us; this is our own system"
			}
		}
		return transform.Partner{}, "it came to us; our people see it here"
	}
	for _, rt := range d.pl.routes {
		hit, err := rt.Match(r)
		if err != nil {
			return transform.Partner{}, "route " + rt.Place + " could not be evaluated"
		}
		if hit {
			p, _ := d.pl.directory.Partner(rt.To)
			return p, "route " + rt.Place
		}
	}
	if p, ok := d.pl.directory.Identify(r.Recipient); ok && !p.Own {
		return p, "no route matches; the referral names it"
	}
	return transform.Partner{}, fmt.Sprintf("no route of %d matches, and no partner has the recipient's NPI, Direct address or fax number", len(d.pl.routes))
}

// render makes what one rail would carry, and looks at it.
func (d dryRoom) render(f dryFact, ev referral.Event, dec transform.Decoded, rail transform.Rail) dryOutput {
	out := dryOutput{rail: rail}
	docs := map[string][]byte{}
	for _, b := range dec.Documents {
		docs[digestOfBytes(b.Bytes)] = b.Bytes
	}
	t := transform.Target{Partner: f.partner, Rail: rail, Own: d.pl.directory.Own, DeliveryID: dryDelivery, ControlID: "RLDRYRUN", At: dryTime}
	out.ship, out.err = transform.Render(f.referral, ev, t, docs)
	if out.err != nil {
		return out
	}
	for _, p := range out.ship.Parts {
		if p.Kind != channels.KindHL7 {
			continue
		}
		if m, err := hl7.Parse(p.Body, hl7.Limits{}); err == nil {
			out.unfit = append(out.unfit, hl7.Validate(m, hl7.Strict)...)
		}
	}
	return out
}
