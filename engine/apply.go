package engine

import (
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"

	"refloop/audit"
	"refloop/channels"
	"refloop/referral"
	"refloop/transform"
)

// applyWork gives the message its state and does what its facts say, in an inner savepoint: if that fails, the archive stays, the
// message is `failed`, and the answer says so.
func (e *Engine) applyWork(tx Tx, m *referral.Message, w *work) {
	refine(m, w)
	w.listed = false
	before := *m
	err := tx.Inner(func() (err error) {
		defer func() {
			if p := recover(); p != nil {
				e.log.Error("panic while applying", "message", m.ID, "channel", m.Channel, "type", m.Type, "stack", string(debug.Stack()))
				err = fmt.Errorf("engine: applying: got a panic, want a result; the bytes are kept, report message %s", m.ID)
			}
		}()
		return e.applyInner(tx, m, w)
	})
	if err == nil {
		return
	}
	*m = before
	m.State, m.Reason = referral.MessageFailed, err.Error()
	w.decoded.Verdict = channels.Repair
	w.decoded.Problems = []channels.Problem{{Code: "207", Severity: "E", Text: "the message is kept but could not be taken up; our staff see it"}}
	e.log.Error("failed", "message", m.ID, "channel", m.Channel, "type", m.Type, "error", err)
	w.listed = true
	item := referral.Incident{Kind: "message_failed", Key: m.ID, MessageID: m.ID, Note: m.Reason}
	if err := e.openIncident(tx, item, m.ReceivedAt); err != nil {
		e.log.Error("opening an incident", "message", m.ID, "error", err)
	}
	if err := e.queueNotices(tx, *m, w); err != nil {
		e.log.Error("queueing notices", "message", m.ID, "error", err)
	}
}

// applyInner is the inner savepoint of one message.
func (e *Engine) applyInner(tx Tx, m *referral.Message, w *work) error {
	switch {
	case w.fault != nil:
		return w.fault
	case w.opened.Refused != "":
		m.State, m.Reason = referral.MessageRefused, w.opened.Refused
		return nil
	case w.decoded.Verdict != channels.Taken:
		m.State, m.Reason = referral.MessageFailed, problemText(w.decoded.Problems)
	case w.decoded.Ignore != "":
		m.State, m.Reason = referral.MessageIgnored, w.decoded.Ignore
		if answers, err := e.answers(tx, m, w); err != nil {
			return err
		} else if answers {
			m.State, m.Reason = referral.MessageProcessed, "it answers a message of ours and says nothing more"
		}
	case w.decoded.Hold != "":
		m.State, m.Reason = referral.MessageHeld, w.decoded.Hold
		item := referral.Incident{Kind: "message_held", Key: m.ID, MessageID: m.ID, Note: m.Reason}
		if err := e.openIncident(tx, item, m.ReceivedAt); err != nil {
			return err
		}
	default:
		m.State = referral.MessageProcessed
		if err := e.keepPatients(tx, w.set, m, w.decoded.Patients); err != nil {
			return err
		}
		for i := range w.decoded.Facts {
			if err := e.applyFact(tx, m, w, i); err != nil {
				return err
			}
		}
		if _, err := e.answers(tx, m, w); err != nil {
			return err
		}
	}
	return e.queueNotices(tx, *m, w)
}

// refine takes over what opening and decoding learnt about the message itself.
func refine(m *referral.Message, w *work) {
	o := w.opened
	set := func(to *string, from string) {
		if from != "" {
			*to = from
		}
	}
	set(&m.Type, o.Type)
	set(&m.Type, w.decoded.Type)
	set(&m.ControlID, o.ControlID)
	set(&m.Sender, o.Sender)
	set(&m.Recipient, o.Recipient)
	set(&m.Partner, o.Partner)
	set(&m.Partner, w.decoded.Partner)
}

// applyFact finds or makes the referral a fact speaks of and applies its event.
func (e *Engine) applyFact(tx Tx, m *referral.Message, w *work, i int) error {
	if done, err := e.samePackage(tx, m, w, i); done || err != nil {
		return err
	}
	f := w.decoded.Facts[i]
	partner, _ := w.set.Directory.Partner(m.Partner)
	ids, err := tx.ByIdentifier(f.Ref)
	if err == nil && len(ids) == 0 {
		ids, err = byAnswer(tx, f, m.Partner)
	}
	if err != nil {
		return err
	}
	switch {
	case len(ids) > 1:
		return e.holdMessage(tx, m, "match_review", fmt.Sprintf("its identifiers name %d referrals, want one", len(ids)))
	case len(ids) == 1:
		r, err := tx.Referral(ids[0])
		if err != nil {
			return err
		}
		return e.applyKnown(tx, m, w, i, r, partner)
	case f.Creates:
		return e.create(tx, m, w, i, partner)
	case f.IgnoreUnknown != "":
		if len(m.ReferralIDs) == 0 {
			m.State, m.Reason = referral.MessageIgnored, f.IgnoreUnknown
		}
		return nil
	case f.Feed:
		return e.applyFeed(tx, m, f)
	}
	return e.holdMessage(tx, m, "anomaly.unknown_referral", "it speaks of a referral that is not known here")
}

// applyFeed looks at a message of a whole hospital's feed that names no referral.
func (e *Engine) applyFeed(tx Tx, m *referral.Message, f transform.Fact) error {
	var open []string
	if f.Event.Payload.Patient != nil {
		var err error
		if open, err = tx.ByPatient(*f.Event.Payload.Patient); err != nil {
			return err
		}
	}
	if len(open) == 0 {
		m.State, m.Reason = referral.MessageIgnored, "feed: no referral ID, and no open referral of the patient"
		return nil
	}
	m.ReferralIDs = appendNew(m.ReferralIDs, open...)
	why := "it names no referral"
	if len(f.Ref) > 0 {
		why = "no referral has the number that it names"
	}
	return e.holdMessage(tx, m, "match_review", why+", but its patient has an open one; a person must match it")
}

// applyKnown applies a fact to the referral it names.
func (e *Engine) applyKnown(tx Tx, m *referral.Message, w *work, i int, r referral.Referral, partner transform.Partner) error {
	f := w.decoded.Facts[i]
	ev := f.Event
	if f.Test && !r.Test {
		m.ReferralIDs = appendNew(m.ReferralIDs, r.ID)
		return e.holdMessage(tx, m, "anomaly.test_traffic", "a test message (MSH-11 T or D) speaks of a referral that is no test; it was not applied")
	}
	if f.IfCancelPending != "" && r.State == referral.StateCancelRequested {
		ev.Type = f.IfCancelPending
	} else if f.IfKnown != "" && sideOf(partner.Own, r.Role) == referral.SideRecipient {
		ev = f.AsKnown()
	}
	ev, err := inTime(tx, f, r, ev, m.ReceivedAt)
	if err != nil {
		return err
	}
	return e.applyEvent(tx, m, w, i, r, ev, partner)
}

// applyEvent runs the state machine and keeps what it says.
func (e *Engine) applyEvent(tx Tx, m *referral.Message, w *work, i int, r referral.Referral, ev referral.Event, partner transform.Partner) error {
	ev.By = sideOf(partner.Own, r.Role)
	ev.EvidenceRef, ev.ConfigHash, ev.ReceiveTime = m.ID, w.set.Hash, m.ReceivedAt
	if ev.EventTime.IsZero() {
		ev.EventTime = m.ReceivedAt
	}
	if ev.Actor == "" {
		ev.Actor = actorOf(*m)
	}
	var err error
	ev.Payload.Digest = w.digests[i]
	if ev.Type != w.decoded.Facts[i].Event.Type {
		if ev.Payload.Digest, err = digestOf(ev); err != nil {
			return err
		}
	}
	m.ReferralIDs = appendNew(m.ReferralIDs, r.ID)
	echo, err := e.isEcho(tx, w, r, ev)
	if err != nil {
		return err
	}
	if ev.Type == referral.EventRequest && w.again.asked[r.ID] {
		ev.Type = referral.EventChange // the message that asked, read anew: its content is corrected
	}
	res := referral.Result{Echo: true}
	if !echo {
		res, err = referral.Apply(r, nameRecipient(w.set, r, ev))
	}
	if err == nil && res.Echo {
		m.Reason = "same content as an event already recorded; nothing to do"
		return nil
	}
	if err := addDocuments(tx, w, i, r.ID); err != nil {
		return err
	}
	var refusal *referral.Refusal
	if errors.As(err, &refusal) {
		return e.refused(tx, m, w.set, r, ev, refusal)
	}
	if ev.Type == referral.EventAnomaly {
		m.State, m.Reason = referral.MessageHeld, "it was stored and moves nothing ("+ev.Reason+"); a person must look"
	}
	return e.take(tx, w.set, ev, res)
}

// addDocuments keeps the documents of fact i.
func addDocuments(tx Tx, w *work, i int, referralID string) error {
	for j, d := range w.decoded.Documents {
		if d.Fact != i {
			continue
		}
		if err := tx.AddDocument(d.Document, referralID, w.blobs[j]); err != nil {
			return err
		}
	}
	return nil
}

// transition applies one event to r and stores the new record, its events and its effects.
func (e *Engine) transition(tx Tx, set *Setup, r referral.Referral, ev referral.Event) error {
	res, err := referral.Apply(r, ev)
	if err != nil || res.Echo {
		return err
	}
	return e.take(tx, set, ev, res)
}

// take stores what Apply made of ev, and does what it asks for.
func (e *Engine) take(tx Tx, set *Setup, ev referral.Event, res referral.Result) error {
	e.fillRecipient(set, &res)
	if err := e.keep(tx, set, res); err != nil {
		return err
	}
	if err := e.settleItems(tx, res, ev); err != nil {
		return err
	}
	if err := e.noteArrived(tx, set, res.Referral, ev); err != nil {
		return err
	}
	for _, a := range res.Anomalies {
		if slices.ContainsFunc(res.Effects, func(f referral.Effect) bool { return f.Item == a.Kind || f.Item == "anomaly."+a.Kind }) {
			continue // it has an item of its own
		}
		item := referral.Incident{Kind: "anomaly." + a.Kind, Key: res.Referral.ID, ReferralID: res.Referral.ID, MessageID: ev.EvidenceRef, Note: a.Note}
		if err := e.openIncident(tx, item, ev.ReceiveTime); err != nil {
			return err
		}
	}
	return e.carryOut(tx, set, res, ev)
}

// keep stores the record with its running clock, and its events.
func (e *Engine) keep(tx Tx, set *Setup, res referral.Result) error {
	deliveries, err := tx.DeliveriesOf(res.Referral.ID)
	if err != nil {
		return err
	}
	clock := referral.DeriveClock(res.Referral, deliveries, set.Clocks)
	if err := tx.PutReferral(res.Referral, clock); err != nil {
		return err
	}
	if err := tx.AddEvents(res.Referral.ID, lean(res.Events)); err != nil {
		return err
	}
	for _, ev := range res.Events {
		if err := tx.Audit(audit.Entry{At: ev.ReceiveTime, Actor: ev.Actor, Action: "referral." + string(ev.Type), Object: res.Referral.ID, Detail: string(ev.To)}); err != nil {
			return err
		}
	}
	return nil
}

// lean leaves out of request events what the snapshot of the record holds already.
func lean(events []referral.Event) []referral.Event {
	out := slices.Clone(events)
	for i := range out {
		if out[i].Type == referral.EventRequest {
			out[i].Payload.Record, out[i].Payload.Patient = nil, nil
		}
	}
	return out
}

// refused records that somebody said what the state machine does not allow: stored and shown, it moves nothing.
func (e *Engine) refused(tx Tx, m *referral.Message, set *Setup, r referral.Referral, ev referral.Event, why *referral.Refusal) error {
	shown := why.Anomaly(ev)
	shown.Payload.Record, shown.Payload.Patient = nil, nil
	if err := e.transition(tx, set, r, shown); err != nil {
		return err
	}
	m.State, m.Reason = referral.MessageHeld, fmt.Sprintf("%s in state %s was not applied (%s): want %s", ev.Type, r.State, why.Code, why.Want)
	return nil
}

// holdMessage leaves the message to a person.
func (e *Engine) holdMessage(tx Tx, m *referral.Message, kind, note string) error {
	m.State, m.Reason = referral.MessageHeld, note
	item := referral.Incident{Kind: kind, Key: m.ID, MessageID: m.ID, Note: note}
	if len(m.ReferralIDs) == 1 {
		item.ReferralID = m.ReferralIDs[0]
	}
	return e.openIncident(tx, item, m.ReceivedAt)
}

// sideOf says which side of the loop a partner speaks for.
func sideOf(own bool, role referral.Role) referral.Side {
	if own == (role == referral.RoleInitiator) {
		return referral.SideInitiator
	}
	return referral.SideRecipient
}

func appendNew(list []string, more ...string) []string {
	for _, s := range more {
		if !slices.Contains(list, s) {
			list = append(list, s)
		}
	}
	return list
}

func problemText(ps []channels.Problem) string {
	var parts []string
	for _, p := range ps {
		parts = append(parts, strings.TrimSpace(p.Location+" "+p.Text))
	}
	return strings.Join(parts, "; ")
}
