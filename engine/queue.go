package engine

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"refloop/channels"
	"refloop/referral"
	"refloop/transform"
)

// carryOut does what a transition asks for: deliveries, items, cancellations.
func (e *Engine) carryOut(tx Tx, set *Setup, res referral.Result, ev referral.Event) error {
	r := res.Referral
	if err := e.wrongNumber(tx, r, ev); err != nil {
		return err
	}
	for _, eff := range res.Effects {
		var err error
		switch eff.Kind {
		case referral.EffectTell, referral.EffectRelay:
			err = e.tell(tx, set, r, eff, ev)
		case referral.EffectItem:
			item := referral.Incident{Kind: eff.Item, Key: r.ID, ReferralID: r.ID, MessageID: ev.EvidenceRef, Note: eff.Note}
			if ev.Type == referral.EventAnomaly && ev.Origin == referral.OriginFax && item.Note == "" {
				item.Note = ev.Note // what is ticked on a page of ours, never anything about a patient
			}
			err = e.openIncident(tx, item, ev.ReceiveTime)
		case referral.EffectCancelQueued:
			err = e.cancelQueued(tx, set, r, eff.Tell, "the request was withdrawn before it was sent")
		case referral.EffectFreeze:
			err = e.cancelQueued(tx, set, r, "", "wrong patient: frozen until a person decides")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// tell queues one event to one side. Without a partner or a rail a person is asked, never silence.
func (e *Engine) tell(tx Tx, set *Setup, r referral.Referral, eff referral.Effect, ev referral.Event) error {
	seq := eff.Seq
	if seq == 0 {
		seq = r.Version
	}
	d := referral.Delivery{ReferralID: r.ID, Event: string(eff.Event), Seq: seq}
	if r.Role == referral.RoleRecipient && eff.Tell == referral.SideRecipient {
		return e.tellOwn(tx, set, r, d, ev)
	}
	p, ok := receiver(set, r, eff.Tell)
	if !ok {
		return e.noWay(tx, r, eff, ev, "no partner is known for the "+string(eff.Tell))
	}
	if p.Own && skipStatus(p, eff.Event) {
		return e.noWay(tx, r, eff, ev, p.ID+" takes no status messages; tell the clinician")
	}
	if len(p.Rails) == 0 {
		return e.noWay(tx, r, eff, ev, p.ID+" has no rail")
	}
	first, ok := nextRail(p, 0, r.Test)
	if !ok {
		return e.noWay(tx, r, eff, ev, "it is a test referral, and "+p.ID+" has rails for production alone (processing: P)")
	}
	address(&d, p, first)
	if ev.Type == referral.EventResend {
		var err error
		if d.Replaces, err = replaced(tx, d); err != nil {
			return err
		}
	}
	return e.addDelivery(tx, d, ev.ReceiveTime)
}

// replaced is the newest delivery of the same event to the same partner that came to nothing; empty: none did.
func replaced(tx Tx, d referral.Delivery) (string, error) {
	all, err := tx.DeliveriesOf(d.ReferralID)
	if err != nil {
		return "", err
	}
	for _, old := range slices.Backward(all) {
		if old.Event == d.Event && old.Partner == d.Partner && (old.State == referral.DeliveryDead || old.State == referral.DeliveryCancelled) {
			return old.ID, nil
		}
	}
	return "", nil
}

// tellOwn queues an event to our own systems on the recipient's side (chart import), each by its first rail. Without any, our people
// see the referral here.
func (e *Engine) tellOwn(tx Tx, set *Setup, r referral.Referral, d referral.Delivery, ev referral.Event) error {
	for _, p := range set.Directory.Partners {
		first, ok := nextRail(p, 0, r.Test)
		if !p.Own || !ok {
			continue
		}
		copyRow := d
		address(&copyRow, p, first)
		if err := e.addDelivery(tx, copyRow, ev.ReceiveTime); err != nil {
			return err
		}
	}
	return nil
}

// skipStatus reports whether p's first rail says that it takes no status (360x.md section 10); reports are always sent.
func skipStatus(p transform.Partner, ev referral.EventType) bool {
	return ev != referral.EventReport && ev != referral.EventInterim && len(p.Rails) > 0 && p.Rails[0].Dialect.Status == "none"
}

// noWay opens an item for what cannot be sent.
func (e *Engine) noWay(tx Tx, r referral.Referral, eff referral.Effect, ev referral.Event, note string) error {
	item := referral.Incident{
		Kind: "tell_by_hand", Key: fmt.Sprintf("%s/%s/%d", r.ID, eff.Event, eff.Seq), ReferralID: r.ID, MessageID: ev.EvidenceRef,
		Note: fmt.Sprintf("%s was not sent to the %s: %s", eff.Event, eff.Tell, note),
	}
	return e.openIncident(tx, item, ev.ReceiveTime)
}

// address points d at rail i of p.
func address(d *referral.Delivery, p transform.Partner, i int) {
	rail := p.Rails[i]
	d.Partner, d.Rail, d.RailIndex, d.Address, d.Lane = p.ID, rail.Type, i, rail.Address, rail.Lane
}

// addDelivery gives d its ids and puts it into its lane.
func (e *Engine) addDelivery(tx Tx, d referral.Delivery, at time.Time) error {
	return e.addDeliveryRow(tx, &d, at)
}

// addDeliveryRow is addDelivery for a caller that needs the ids.
func (e *Engine) addDeliveryRow(tx Tx, d *referral.Delivery, at time.Time) error {
	id, err := e.newID()
	if err != nil {
		return err
	}
	d.ID, d.State, d.Created, d.NextAttempt = id, referral.DeliveryQueued, at, at
	if d.ControlID, err = e.newControlID(); err != nil {
		return err
	}
	_, err = tx.AddDelivery(*d)
	return err
}

// newControlID returns 20 characters (MSH-10 of version 2.3 and later holds no more).
func (e *Engine) newControlID() (string, error) {
	id, err := e.newReferralID()
	return "RL" + id, err
}

// cancelQueued voids what has not been tried yet toward one side (empty: toward anybody). What is under way cannot be called back.
func (e *Engine) cancelQueued(tx Tx, set *Setup, r referral.Referral, to referral.Side, why string) error {
	all, err := tx.DeliveriesOf(r.ID)
	if err != nil {
		return err
	}
	for _, d := range all {
		if d.State != referral.DeliveryQueued && (d.State != referral.DeliveryFailed || mayHaveArrived(d)) {
			continue
		}
		if p, _ := set.Directory.Partner(d.Partner); to != "" && sideOf(p.Own, r.Role) != to {
			continue
		}
		d.State, d.Reason = referral.DeliveryCancelled, why
		if err := tx.SetDelivery(d); err != nil {
			return err
		}
	}
	return nil
}

// queueNotices queues what the rail owes the sender of a message (MDNs), at most once each.
func (e *Engine) queueNotices(tx Tx, m referral.Message, w *work) error {
	return e.queueNoticesOf(tx, m, w, outcomeOf(m, w.decoded.Verdict, w.decoded.Problems))
}

// queueNoticesOf is queueNotices for an outcome that is known.
func (e *Engine) queueNoticesOf(tx Tx, m referral.Message, w *work, out channels.Outcome) error {
	if w.notices == nil || m.Direction != referral.Inbound {
		return nil
	}
	for _, n := range w.notices.Notices(w.source, w.opened, out) {
		b, err := json.Marshal(n)
		if err != nil {
			return fmt.Errorf("engine: notice %s: %w", n.Event, err)
		}
		d := referral.Delivery{Event: n.Event, Partner: m.Partner, Rail: n.Rail, Address: n.Address, Recipient: n.Address, Notice: b, Lane: n.Lane}
		d.NoticeOf = m.ID + "#" + n.From // each of our addresses answers once
		if d.Lane == "" {
			d.Lane = w.set.Notices[n.Rail]
		}
		if d.Lane == "" {
			return fmt.Errorf("engine: notice %s: got no lane for rail %s, want one in the configuration", n.Event, n.Rail)
		}
		if err := e.addDelivery(tx, d, m.ReceivedAt); err != nil {
			return err
		}
	}
	return nil
}

// noticeOf reads a delivery's notice back.
func noticeOf(d referral.Delivery) (*channels.Notice, error) {
	if len(d.Notice) == 0 {
		return nil, nil
	}
	var n channels.Notice
	if err := json.Unmarshal(d.Notice, &n); err != nil {
		return nil, fmt.Errorf("engine: delivery %s: reading its notice: %w", d.ID, err)
	}
	return &n, nil
}

// openIncident opens or counts up an item.
func (e *Engine) openIncident(tx Tx, i referral.Incident, at time.Time) error {
	id, err := e.newID()
	if err != nil {
		return err
	}
	i.ID, i.Opened, i.Count = id, at, 1
	opened, err := tx.OpenIncident(i)
	if err != nil {
		return err
	}
	if opened {
		e.log.Warn("incident", "incident", i.ID, "kind", i.Kind, "referral", i.ReferralID, "message", i.MessageID, "delivery", i.DeliveryID)
	}
	return nil
}

// reusedControlID opens one item a sender for control IDs that come again with other content: some senders never count theirs.
func (e *Engine) reusedControlID(tx Tx, m referral.Message) error {
	item := referral.Incident{Kind: "anomaly.control_id_reused", Key: m.Sender, MessageID: m.ID, Note: "the sender uses a control ID again for other content"}
	return e.openIncident(tx, item, m.ReceivedAt)
}

// nextRail returns the partner's first rail from index i on. A test referral is told to no rail of production: those are left out.
func nextRail(p transform.Partner, i int, test bool) (int, bool) {
	for ; i < len(p.Rails); i++ {
		if kind := p.Rails[i].Dialect.Processing; !test || kind != "" && kind != "P" {
			return i, true
		}
	}
	return 0, false
}

// mayHaveArrived reports whether an earlier attempt may have reached the receiver.
func mayHaveArrived(d referral.Delivery) bool {
	return d.Attempts > 0 && !slices.Contains([]string{unreachable, notPacked}, d.Receipt)
}
