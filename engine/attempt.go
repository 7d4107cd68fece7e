package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	"refloop/channels"
	"refloop/referral"
	"refloop/transform"
)

// attempt is one try of one delivery.
type attempt struct {
	e      *Engine
	set    *Setup
	sender channels.Sender
	d      referral.Delivery
	body   []byte
	kind   string // message type of the packed bytes
	ctype  string
	left   string // what the partner's payload profile kept back
	unsure bool   // the attempt before was cut off
}

// errGone says that the delivery was cancelled or settled meanwhile.
var errGone = errors.New("engine: the delivery is not due any more")

// run renders the delivery if it was never rendered, records the attempt durably, sends, and records what came of it.
func (a *attempt) run(ctx context.Context) error {
	if over, err := a.leaveRed(ctx); over || err != nil {
		return err
	}
	packed, err := a.render(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return err
		}
		return a.unsendable(ctx, err)
	}
	if err := a.begin(ctx, packed); err != nil {
		if errors.Is(err, errGone) {
			return nil
		}
		return err
	}
	receipt, sendErr := a.send(ctx)
	if ctx.Err() != nil && sendErr != nil {
		return nil // shut down in the middle: it stays `sending` and the same bytes go out again
	}
	return a.settle(context.WithoutCancel(ctx), receipt, sendErr)
}

// render makes the bytes that travel, once: from the record as of the event's seq. A delivery that has its message reads it back.
func (a *attempt) render(ctx context.Context) (packed *channels.Packed, err error) {
	if a.d.MessageID != "" {
		m, err := a.e.store.Message(ctx, a.d.MessageID)
		if err != nil {
			return nil, err
		}
		a.kind, a.ctype = m.Type, m.ContentType
		a.body, err = a.e.store.Body(ctx, a.d.MessageID)
		return nil, err
	}
	defer func() {
		if p := recover(); p != nil {
			a.e.log.Error("panic while rendering", "delivery", a.d.ID, "lane", a.d.Lane, "stack", string(debug.Stack()))
			err = fmt.Errorf("engine: rendering %s for %s: got a panic; report delivery %s", a.d.Event, a.d.Lane, a.d.ID)
		}
	}()
	ship, err := a.shipment(ctx)
	if err != nil {
		return nil, err
	}
	p, err := a.sender.Pack(ctx, ship)
	if err != nil {
		return nil, err
	}
	a.body, a.kind, a.ctype = p.Body, p.Type, p.ContentType
	if len(ship.LeftOut) > 0 {
		a.left = referral.LeftOut + strings.Join(ship.LeftOut, "; ")
	}
	return &p, nil
}

// shipment gathers what Pack needs.
func (a *attempt) shipment(ctx context.Context) (channels.Shipment, error) {
	notice, err := noticeOf(a.d)
	if err != nil {
		return channels.Shipment{}, err
	}
	if notice != nil {
		return channels.Shipment{
			DeliveryID: a.d.ID, Event: a.d.Event, Partner: a.d.Partner, Address: a.d.Address, ControlID: a.d.ControlID, At: a.d.Created, Notice: notice,
		}, nil
	}
	r, err := a.e.store.Snapshot(ctx, a.d.ReferralID, a.d.Seq)
	if err != nil {
		return channels.Shipment{}, err
	}
	ev, err := a.event(ctx)
	if err != nil {
		return channels.Shipment{}, err
	}
	partner, ok := a.set.Directory.Partner(a.d.Partner)
	at, found := railOf(partner, a.d.Lane)
	if !ok || !found {
		return channels.Shipment{}, fmt.Errorf("engine: rail %s of partner %q: not in the configuration any more, want it back or the delivery cancelled", a.d.Lane, a.d.Partner)
	}
	docs := map[string][]byte{}
	for _, d := range append(append([]referral.Document{}, r.Documents...), ev.Payload.Documents...) {
		if docs[d.ID] != nil {
			continue
		}
		if docs[d.ID], err = a.e.store.Document(ctx, d.ID); err != nil {
			return channels.Shipment{}, err
		}
	}
	basis, err := a.basis(ctx, r)
	if err != nil {
		return channels.Shipment{}, err
	}
	return transform.Render(r, ev, transform.Target{
		Partner: partner, Rail: partner.Rails[at], Own: a.set.Directory.Own, DeliveryID: a.d.ID, ControlID: a.d.ControlID, CopyOf: a.d.CopyOf,
		At: a.d.Created, Basis: basis,
	}, docs)
}

// event returns the event the delivery tells of: the last of its type up to its seq.
func (a *attempt) event(ctx context.Context) (referral.Event, error) {
	events, err := a.e.store.Events(ctx, a.d.ReferralID)
	if err != nil {
		return referral.Event{}, err
	}
	for i := len(events) - 1; i >= 0; i-- {
		if events[i].Seq <= a.d.Seq && string(events[i].Type) == a.d.Event {
			return events[i], nil
		}
	}
	return referral.Event{}, fmt.Errorf("engine: delivery %s: got no event %s up to seq %d, want one", a.d.ID, a.d.Event, a.d.Seq)
}

// begin archives a first rendering and records the attempt, in one commit, before anything leaves.
func (a *attempt) begin(ctx context.Context, p *channels.Packed) error {
	now := a.e.now().UTC()
	var row referral.Message
	var blob referral.Blob
	if p != nil {
		id, err := a.e.newID()
		if err != nil {
			return err
		}
		if blob, err = a.e.store.Stow(ctx, p.Body); err != nil {
			return err
		}
		row = a.outboundRow(id, *p, now)
	}
	gone := false
	err := a.e.write(ctx, func(tx Tx) error {
		cur, err := tx.Delivery(a.d.ID)
		if err != nil {
			return err
		}
		if cur.State.Final() || cur.State == referral.DeliveryFailed && cur.NextAttempt.After(now) {
			return errGone
		}
		why, err := a.e.keptBack(tx, cur, now)
		if err != nil {
			return err
		}
		if gone = why != ""; gone {
			cur.Receipt = numberBlocked
			return a.e.giveUp(tx, a.set, cur, why, now)
		}
		if p != nil {
			if err := tx.AddMessage(row, blob); err != nil {
				return err
			}
			cur.MessageID, cur.ControlID = row.ID, row.ControlID
			if row.Recipient != "" {
				cur.Recipient = row.Recipient
			}
		}
		a.unsure = cur.State == referral.DeliverySending
		cur.State, cur.Attempts = referral.DeliverySending, cur.Attempts+1
		a.d = cur
		if err := tx.SetDelivery(cur); err != nil {
			return err
		}
		return tx.AddAttempt(referral.Attempt{DeliveryID: cur.ID, N: cur.Attempts, At: now, Result: "sending"})
	})
	if err == nil && gone {
		return errGone
	}
	return err
}

func (a *attempt) outboundRow(id string, p channels.Packed, now time.Time) referral.Message {
	sum := sha256.Sum256(p.Body)
	control := p.ControlID
	if control == "" {
		control = a.d.ControlID
	}
	about, _, _ := strings.Cut(a.d.NoticeOf, "#")
	m := referral.Message{
		ID: id, Direction: referral.Outbound, Channel: a.d.Lane, Partner: a.d.Partner, Peer: a.d.Address, Type: p.Type, ContentType: p.ContentType,
		ControlID: control, Recipient: p.Recipient, ReceivedAt: now, State: referral.MessageProcessed, Bytes: int64(len(p.Body)),
		SHA256: hex.EncodeToString(sum[:]), ConfigHash: a.set.Hash, DeliveryID: a.d.ID, RelatedTo: about, Reason: a.left,
	}
	if a.d.ReferralID != "" {
		m.ReferralIDs = []string{a.d.ReferralID}
	}
	return m
}

// send makes the attempt; a panic of the rail costs this attempt only.
func (a *attempt) send(ctx context.Context) (r channels.Receipt, err error) {
	defer func() {
		if p := recover(); p != nil {
			a.e.log.Error("panic while sending", "delivery", a.d.ID, "lane", a.d.Lane, "stack", string(debug.Stack()))
			err = &channels.DeliveryError{Rail: a.d.Lane, Err: errors.New("engine: got a panic while sending")}
		}
	}()
	return a.sender.Send(ctx, channels.Outbound{
		DeliveryID: a.d.ID, MessageID: a.d.MessageID, ReferralID: a.d.ReferralID, Event: a.d.Event, Partner: a.d.Partner, Address: a.d.Address,
		Type: a.kind, ContentType: a.ctype, ControlID: a.d.ControlID, Attempt: a.d.Attempts, Unsure: a.unsure, Body: a.body,
	})
}

// settle records what the attempt brought.
func (a *attempt) settle(ctx context.Context, rc channels.Receipt, sendErr error) error {
	now := a.e.now().UTC()
	var raw referral.Blob
	var rawRow referral.Message
	if len(rc.Raw) > 0 {
		id, err := a.e.newID()
		if err != nil {
			return err
		}
		if raw, err = a.e.store.Stow(ctx, rc.Raw); err != nil {
			return err
		}
		rawRow = a.answerRow(id, rc, now)
	}
	answer := a.answered(ctx, rc, rawRow)
	overtaken := false
	err := a.e.write(ctx, func(tx Tx) error {
		cur, err := tx.Delivery(a.d.ID)
		if err != nil {
			return err
		}
		if rawRow.ID != "" {
			if err := tx.AddMessage(rawRow, raw); err != nil {
				return err
			}
		}
		at := referral.Attempt{DeliveryID: cur.ID, N: a.d.Attempts, At: now, Result: "ok", Code: rc.Code}
		if sendErr != nil {
			at.Result, at.Code = "error", codeFrom(rc, sendErr)
			if rc.Code != "" {
				at.Result = "refused"
			}
		}
		if err := tx.SetAttempt(at); err != nil {
			return err
		}
		if sendErr == nil {
			if overtaken = refusedMeanwhile(cur); overtaken {
				return nil
			}
			if rc.At.IsZero() {
				rc.At = now
			}
			if err := a.e.proof(tx, a.set, cur, rc, rawRow.ID); err != nil {
				return err
			}
			return a.e.takeAnswer(tx, rawRow, answer)
		}
		if cur.State.Final() {
			return nil // its receipt was quicker than its attempt
		}
		return a.failed(tx, cur, rc, sendErr, now)
	})
	switch {
	case err == nil && overtaken:
		a.e.log.Warn("a refusal came right behind the positive answer and withdraws it", "delivery", a.d.ID, "lane", a.d.Lane, "attempt", a.d.Attempts, "code", rc.Code)
	case err == nil:
		a.log(rc, sendErr)
	}
	return err
}

func (a *attempt) log(rc channels.Receipt, err error) {
	if err != nil {
		a.e.log.Warn("not delivered", "delivery", a.d.ID, "lane", a.d.Lane, "attempt", a.d.Attempts, "code", codeFrom(rc, err), "permanent", channels.IsPermanent(err))
		return
	}
	a.e.log.Info("delivered", "delivery", a.d.ID, "referral", a.d.ReferralID, "lane", a.d.Lane, "attempt", a.d.Attempts, "level", rc.Level, "code", rc.Code)
}

// failed decides what follows a failed attempt: again later, the next rail, or dead.
func (a *attempt) failed(tx Tx, d referral.Delivery, rc channels.Receipt, err error, now time.Time) error {
	if d.Receipt == receiptAnswered {
		return tx.SetDelivery(settledByAnswer(d, now))
	}
	d.Receipt = codeFrom(rc, err)
	if channels.MustRepack(err) {
		d.MessageID = ""
		if d.Attempts <= quickRepacks {
			d.State, d.NextAttempt, d.Reason = referral.DeliveryFailed, now, reasonFrom(rc, err)
			return tx.SetDelivery(d)
		}
	}
	if channels.MustPark(err) {
		d.Reason = reasonFrom(rc, err)
		return a.e.die(tx, d, d.Reason, now)
	}
	spent, failed := a.spent(tx, d, now)
	if failed != nil {
		return failed
	}
	if spent || channels.IsPermanent(err) {
		return a.e.giveUp(tx, a.set, d, reasonFrom(rc, err), now)
	}
	delay := a.e.backoff(a.set.retry(d.Lane), d.Attempts)
	var de *channels.DeliveryError
	if errors.As(err, &de) && de.After > delay {
		delay = de.After
	}
	d.State, d.NextAttempt, d.Reason = referral.DeliveryFailed, now.Add(delay), reasonFrom(rc, err)
	return tx.SetDelivery(d)
}

// quickRepacks is up to which attempt bytes that may not travel any more are made anew at once; later ones wait as any attempt.
const quickRepacks = 3

// notPacked is the receipt of a delivery of which no message could be made.
const notPacked = "not packed"

// unsendable records that a delivery could not be rendered or packed. The same record would fail again, unless the rail says that it may
// go well later (a name server that does not answer): that counts as an attempt and is repeated as one.
func (a *attempt) unsendable(ctx context.Context, cause error) error {
	now := a.e.now().UTC()
	var passing *channels.DeliveryError
	return a.e.write(ctx, func(tx Tx) error {
		cur, err := tx.Delivery(a.d.ID)
		if err != nil || cur.State.Final() {
			return err
		}
		if !mayHaveArrived(cur) {
			cur.Receipt = notPacked
		}
		if !errors.As(cause, &passing) || passing.Permanent {
			return a.e.giveUp(tx, a.set, cur, cause.Error(), now)
		}
		cur.Attempts++
		if err := tx.AddAttempt(referral.Attempt{DeliveryID: cur.ID, N: cur.Attempts, At: now, Result: "error", Code: notPacked}); err != nil {
			return err
		}
		return a.failed(tx, cur, channels.Receipt{Code: cur.Receipt}, cause, now)
	})
}

// postpone puts off a delivery whose attempt could not even be recorded, so that the loop does not spin.
func (a *attempt) postpone(ctx context.Context) error {
	return a.e.write(ctx, func(tx Tx) error {
		cur, err := tx.Delivery(a.d.ID)
		if err != nil || cur.State.Final() {
			return err
		}
		cur.NextAttempt = a.e.now().UTC().Add(a.e.backoff(a.set.retry(cur.Lane), cur.Attempts+1))
		return tx.SetDelivery(cur)
	})
}

// answerRow is the archive row of what the peer answered.
func (a *attempt) answerRow(id string, rc channels.Receipt, now time.Time) referral.Message {
	sum := sha256.Sum256(rc.Raw)
	m := referral.Message{
		ID: id, Direction: referral.Inbound, Channel: a.d.Lane, Partner: a.d.Partner, Peer: a.d.Address, Type: rc.Type, ContentType: rc.RawType,
		ControlID: rc.ControlID, ReceivedAt: now, State: referral.MessageProcessed, Code: rc.Code, RelatedTo: a.d.MessageID,
		Bytes: int64(len(rc.Raw)), SHA256: hex.EncodeToString(sum[:]), ConfigHash: a.set.Hash, DeliveryID: a.d.ID,
	}
	if a.d.ReferralID != "" {
		m.ReferralIDs = []string{a.d.ReferralID}
	}
	return m
}

func codeFrom(rc channels.Receipt, err error) string {
	if rc.Code != "" {
		return rc.Code
	}
	var de *channels.DeliveryError
	if errors.As(err, &de) && de.Code != "" {
		return de.Code
	}
	return unreachable
}

func reasonFrom(rc channels.Receipt, err error) string {
	if rc.Text != "" {
		return rc.Text
	}
	return err.Error()
}
