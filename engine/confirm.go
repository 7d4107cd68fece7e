package engine

import (
	"context"
	"fmt"
	"slices"
	"time"

	"refloop/channels"
	"refloop/referral"
	"refloop/transform"
)

// Confirm takes a late receipt for a delivery that is not a message of its own; see channels.Handler.
func (e *Engine) Confirm(ctx context.Context, r channels.Receipt) error {
	m := referral.Message{Direction: referral.Inbound, Channel: "receipt", Type: r.Type, ContentType: r.RawType, ControlID: r.ControlID, State: referral.MessageProcessed, Code: r.Code, ReceivedAt: e.now().UTC(), DeliveryID: r.DeliveryID}
	var blob referral.Blob
	if len(r.Raw) > 0 {
		id, err := e.newID()
		if err != nil {
			return err
		}
		if blob, err = e.store.Stow(ctx, r.Raw); err != nil {
			return err
		}
		m.ID, m.Bytes, m.SHA256, m.ConfigHash = id, blob.Bytes, blob.SHA256, e.setup.Load().Hash
	}
	if r.At.IsZero() {
		r.At = m.ReceivedAt
	}
	return e.write(ctx, func(tx Tx) error {
		d, ok, err := findDelivery(tx, r)
		if err != nil {
			return err
		}
		if m.ID != "" {
			if ok {
				m.Channel, m.Partner, m.RelatedTo, m.DeliveryID = d.Lane, d.Partner, d.MessageID, d.ID
				if d.ReferralID != "" {
					m.ReferralIDs = []string{d.ReferralID}
				}
			}
			if err := tx.AddMessage(m, blob); err != nil {
				return err
			}
		}
		if err := e.confirm(tx, r, m.ID); err != nil || !ok {
			return err
		}
		a := attempt{e: e, set: e.setup.Load(), d: d}
		return e.takeAnswer(tx, m, a.answered(ctx, r, m))
	})
}

// findDelivery finds what a receipt speaks of, by our own id or by control id and recipient.
func findDelivery(tx Tx, r channels.Receipt) (referral.Delivery, bool, error) {
	if r.DeliveryID != "" {
		d, err := tx.Delivery(r.DeliveryID)
		if err == nil {
			return d, true, nil
		}
	}
	return tx.ByControl(r.ControlID, r.Recipient)
}

// confirm applies a receipt inside a write. A receipt for nothing of ours is recorded as an anomaly.
func (e *Engine) confirm(tx Tx, r channels.Receipt, evidence string) error {
	d, ok, err := findDelivery(tx, r)
	if err != nil {
		return err
	}
	if !ok {
		item := referral.Incident{Kind: "anomaly.unknown_delivery", Key: r.ControlID + "/" + r.Recipient, MessageID: evidence, Note: "a receipt (" + r.Code + ") for a delivery that is not known here"}
		return e.openIncident(tx, item, e.now().UTC())
	}
	if r.At.IsZero() {
		r.At = e.now().UTC()
	}
	return e.proof(tx, e.setup.Load(), d, r, evidence)
}

// rank orders delivery states by how much they prove.
func rank(s referral.DeliveryState) int {
	switch s {
	case referral.DeliverySending:
		return 1
	case referral.DeliverySent:
		return 2
	case referral.DeliveryTransportOK:
		return 3
	case referral.DeliveryDelivered:
		return 4
	case referral.DeliveryRead:
		return 5
	}
	return 0
}

// proof moves a delivery by what the other side said. Proof only grows: a late or second receipt of the same or a lower level changes
// nothing; a failure after proof withdraws it.
func (e *Engine) proof(tx Tx, set *Setup, d referral.Delivery, rc channels.Receipt, evidence string) error {
	if rc.Level == channels.LevelFailed {
		return e.disproof(tx, set, d, rc, evidence)
	}
	level := referral.DeliveryState(rc.Level)
	if d.State == referral.DeliveryDead || d.State == referral.DeliveryCancelled {
		if late, err := e.lateProof(tx, d, rc); err != nil || !late {
			return err
		}
		d.State = referral.DeliverySent
	}
	if rank(level) <= rank(d.State) {
		if level == d.State && rc.Code == referral.ReceiptProcessed && d.Receipt != rc.Code && level == referral.DeliveryTransportOK {
			d.Receipt = rc.Code // no more proof than before, but from the receiver itself: its silence is over
			return tx.SetDelivery(d)
		}
		return nil
	}
	d.State, d.Receipt, d.ProvenAt, d.Reason = level, rc.Code, rc.At, ""
	if d.Grade, _ = referral.Proof(d.Rail, level, ackFrom(set, d)); d.Grade == "" {
		d.Grade = referral.Grade(rc.Grade)
	}
	if err := tx.SetDelivery(d); err != nil {
		return err
	}
	if err := tx.ResolveIncidents("delivery_dead", d.ID, rc.At); err != nil {
		return err
	}
	if err := tx.ResolveIncidents("rail_unusable", d.Lane, rc.At); err != nil {
		return err
	}
	if d.ReferralID == "" || rank(level) < rank(referral.DeliveryDelivered) {
		return nil
	}
	return e.proven(tx, set, d, rc, evidence)
}

// proven writes proof of delivery on the referral's timeline; for the report it may close the loop.
func (e *Engine) proven(tx Tx, set *Setup, d referral.Delivery, rc channels.Receipt, evidence string) error {
	r, err := tx.Referral(d.ReferralID)
	if err != nil {
		return err
	}
	ev := referral.Event{
		Type: referral.EventDelivery, EventTime: rc.At, ReceiveTime: rc.At, By: referral.SideDaemon, Actor: "partner:" + d.Partner, Origin: originOf(d.Rail),
		Grade: d.Grade, EvidenceRef: evidence, ConfigHash: set.Hash,
		Note:    fmt.Sprintf("%s delivered to %s by %s (%s)", d.Event, d.Partner, d.Rail, rc.Code),
		Payload: referral.Payload{Delivery: d.ID, Of: d.Seq},
	}
	closes, err := e.closes(tx, set, r, d)
	if err != nil {
		return err
	}
	if closes {
		ev.Type = referral.EventRelayed
	} else if d.Event == string(referral.EventReport) && ackFrom(set, d) == "engine" {
		ev.Note += "; accepted by the partner's interface, filing not confirmed"
	}
	if err := tx.ResolveIncidents("report_refused", d.ReferralID, rc.At); err != nil {
		return err
	}
	return e.transition(tx, set, r, ev)
}

// closes reports whether proof of d is proof that the report is with the initiator: it is the newest report, it went to the initiator,
// and the answer came from the system that files it.
func (e *Engine) closes(tx Tx, set *Setup, r referral.Referral, d referral.Delivery) (bool, error) {
	if _, enough := referral.Proof(d.Rail, d.State, ackFrom(set, d)); d.Event != string(referral.EventReport) || !enough {
		return false, nil
	}
	if p, _ := set.Directory.Partner(d.Partner); sideOf(p.Own, r.Role) != referral.SideInitiator {
		return false, nil // our own systems have it; the one who asked does not
	}
	all, err := tx.DeliveriesOf(r.ID)
	if err != nil {
		return false, err
	}
	for _, other := range all {
		if other.Event == d.Event && other.Seq > d.Seq && other.State != referral.DeliveryCancelled {
			return false, nil // a corrected report is on its way
		}
	}
	return true, nil
}

// ackFrom says who answers on the partner's rail: its EHR, or only its interface engine.
func ackFrom(set *Setup, d referral.Delivery) string {
	p, _ := set.Directory.Partner(d.Partner)
	i, ok := railOf(p, d.Lane)
	if !ok {
		return ""
	}
	return p.Rails[i].Dialect.AckFrom
}

// lateProof handles proof of a delivery that was given up: a copy not yet sent is void, and the first one counts after all, which late
// reports. When a copy is out the outcome is the copy's, and late proof changes nothing (direct.md section 6). Proof of transport alone is
// no reason to call a copy back.
func (e *Engine) lateProof(tx Tx, d referral.Delivery, rc channels.Receipt) (late bool, err error) {
	if d.ReferralID == "" || d.State != referral.DeliveryDead || rank(referral.DeliveryState(rc.Level)) < rank(referral.DeliveryDelivered) {
		return false, nil
	}
	all, err := tx.DeliveriesOf(d.ReferralID)
	if err != nil {
		return false, err
	}
	at := slices.IndexFunc(all, func(other referral.Delivery) bool { return other.Replaces == d.ID })
	if at < 0 {
		return true, nil
	}
	other := all[at]
	if other.State != referral.DeliveryQueued && (other.State != referral.DeliveryFailed || mayHaveArrived(other)) {
		return false, nil
	}
	other.State, other.Reason = referral.DeliveryCancelled, "the first copy arrived after all ("+rc.Code+")"
	return true, tx.SetDelivery(other)
}

// disproof handles a refusal that came later than the attempt: before proof it fails the delivery, after proof it withdraws it.
func (e *Engine) disproof(tx Tx, set *Setup, d referral.Delivery, rc channels.Receipt, evidence string) error {
	if d.Receipt == receiptAnswered {
		return tx.SetDelivery(settledByAnswer(d, rc.At))
	}
	switch d.State {
	case referral.DeliveryDead, referral.DeliveryCancelled:
		return nil
	case referral.DeliveryDelivered, referral.DeliveryRead:
		if d.Rail == channels.Direct {
			return nil // a later MDN never produces a second outcome (direct.md section 6)
		}
		if err := e.withdraw(tx, set, d, rc, evidence); err != nil {
			return err
		}
	}
	d.Receipt = rc.Code
	return e.refusedLate(tx, set, d, rc)
}

// withdraw takes back the closing of a loop whose proof is withdrawn.
func (e *Engine) withdraw(tx Tx, set *Setup, d referral.Delivery, rc channels.Receipt, evidence string) error {
	if d.ReferralID == "" || d.Event != string(referral.EventReport) {
		return nil
	}
	r, err := tx.Referral(d.ReferralID)
	if err != nil {
		return err
	}
	return e.transition(tx, set, r, referral.Event{
		Type: referral.EventRelayLost, EventTime: rc.At, ReceiveTime: rc.At, By: referral.SideDaemon, Actor: "partner:" + d.Partner, Origin: originOf(d.Rail),
		Grade: referral.GradeA, EvidenceRef: evidence, ConfigHash: set.Hash, Note: "proof withdrawn: " + rc.Code, Payload: referral.Payload{Delivery: d.ID, Of: d.Seq},
	})
}

// giveUp ends a delivery that cannot succeed: the partner's next rail takes over as a new delivery, or one incident opens.
func (e *Engine) giveUp(tx Tx, set *Setup, d referral.Delivery, reason string, at time.Time) error {
	tried := mayHaveArrived(d)
	d.State, d.Reason = referral.DeliveryDead, reason
	partner, _ := set.Directory.Partner(d.Partner)
	if i, ok := railOf(partner, d.Lane); ok {
		d.RailIndex = i
	}
	next, more := nextRail(partner, d.RailIndex+1, false)
	if more && d.ReferralID != "" {
		r, err := tx.Referral(d.ReferralID)
		if err != nil {
			return err
		}
		if held(set, r, d) {
			more, d.Reason = false, reason+"; a hold stops the next rail"
		} else if next, more = nextRail(partner, d.RailIndex+1, r.Test); !more {
			d.Reason = reason + "; a test referral goes to no rail of production"
		}
	}
	if more && d.ReferralID != "" {
		copyRow := referral.Delivery{ReferralID: d.ReferralID, Event: d.Event, Seq: d.Seq, Replaces: d.ID}
		address(&copyRow, partner, next)
		if tried {
			copyRow.CopyOf = d.Rail
		} else {
			d.State = referral.DeliveryCancelled
		}
		if err := tx.SetDelivery(d); err != nil {
			return err
		}
		e.log.Warn("delivery given up", "delivery", d.ID, "referral", d.ReferralID, "lane", d.Lane, "event", d.Event, "state", d.State, "next", copyRow.Lane, "reason", reason)
		if err := e.unusable(tx, d, copyRow.Rail, at); err != nil {
			return err
		}
		return e.addDelivery(tx, copyRow, at)
	}
	return e.die(tx, d, reason, at)
}

// unusable opens one item a lane for a rail of preference by which nothing could even be packed: without it the next rail hides the cause.
func (e *Engine) unusable(tx Tx, d referral.Delivery, next string, at time.Time) error {
	if d.Receipt != notPacked {
		return nil
	}
	note := fmt.Sprintf("%s to %s could not be packed for %s and goes by %s: %s", d.Event, d.Partner, d.Rail, next, d.Reason)
	return e.openIncident(tx, referral.Incident{Kind: "rail_unusable", Key: d.Lane, ReferralID: d.ReferralID, DeliveryID: d.ID, Note: note}, at)
}

// die leaves a dead delivery to a person.
func (e *Engine) die(tx Tx, d referral.Delivery, reason string, at time.Time) error {
	d.State = referral.DeliveryDead
	if err := tx.SetDelivery(d); err != nil {
		return err
	}
	e.log.Warn("delivery given up", "delivery", d.ID, "referral", d.ReferralID, "lane", d.Lane, "event", d.Event, "state", d.State, "reason", reason)
	kind, key := "delivery_dead", d.ID
	if d.Event == string(referral.EventReport) {
		kind, key = "report_refused", d.ReferralID
	}
	if len(d.Notice) > 0 {
		kind = "notice_dead"
	}
	return e.openIncident(tx, referral.Incident{Kind: kind, Key: key, ReferralID: d.ReferralID, DeliveryID: d.ID, Note: fmt.Sprintf("%s to %s by %s: %s", d.Event, d.Partner, d.Rail, reason)}, at)
}

// held reports whether an open hold says that d, or a copy of it, may not leave now.
func held(set *Setup, r referral.Referral, d referral.Delivery) bool {
	p, _ := set.Directory.Partner(d.Partner)
	return r.Stops(referral.Effect{Kind: referral.EffectTell, Tell: sideOf(p.Own, r.Role), Event: referral.EventType(d.Event)})
}

// Resend queues a delivery again as a new one, rendered from the record as it is now; the old one is replaced. It refuses a delivery
// that is still on its way.
func (e *Engine) Resend(ctx context.Context, actor, deliveryID string) (referral.Delivery, error) {
	now := e.now().UTC()
	var out referral.Delivery
	err := e.write(ctx, func(tx Tx) error {
		d, err := tx.Delivery(deliveryID)
		if err != nil {
			return err
		}
		if d.State != referral.DeliveryDead && d.State != referral.DeliveryCancelled {
			return &NotAllowed{Verb: "resend", Of: "delivery", Got: string(d.State), Want: []string{"to wait until it is dead or cancelled"}}
		}
		set := e.setup.Load()
		r, err := tx.Referral(d.ReferralID)
		if err != nil {
			return err
		}
		if held(set, r, d) {
			return &NotAllowed{Verb: "resend", Of: "delivery", Got: "held", Want: []string{"verify"}, Why: "a hold keeps it back: " + string(r.Holds[0].Kind)}
		}
		partner, ok := set.Directory.Partner(d.Partner)
		if !ok || len(partner.Rails) == 0 {
			return fmt.Errorf("engine: resend: got partner %q, want one with a rail in the configuration", d.Partner)
		}
		out = referral.Delivery{ReferralID: d.ReferralID, Event: d.Event, Seq: r.Version, Replaces: d.ID}
		if mayHaveArrived(d) {
			out.CopyOf = d.Rail
		}
		rail := railFor(partner, d.Rail)
		if at, ok := nextRail(partner, rail, r.Test); !ok || at != rail {
			return &NotAllowed{Verb: "resend", Of: "delivery", Got: string(d.State), Want: []string{"nothing"}, Why: "it is a test referral, and this is a rail of production (processing: P)"}
		}
		address(&out, partner, rail)
		if err := e.addDeliveryRow(tx, &out, now); err != nil {
			return err
		}
		if err := tx.ResolveIncidents("delivery_dead", d.ID, now); err != nil {
			return err
		}
		return e.auditAct(tx, actor, "delivery.resend", d.ID, out.ID, now)
	})
	return out, err
}

// railFor returns the index of the partner's first rail of this type, or 0.
func railFor(p transform.Partner, kind string) int {
	for i, r := range p.Rails {
		if r.Type == kind {
			return i
		}
	}
	return 0
}

// originOf maps a rail type to the origin of events it proves.
func originOf(rail string) string {
	if rail == "" {
		return referral.OriginDaemon
	}
	return rail
}
