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

// FaxTx is the writer's hand on fax numbers that were wrong.
type FaxTx interface {
	FaxBlock(partner, number string) (referral.FaxBlock, bool, error)
	PutFaxBlock(b referral.FaxBlock) error
	DropFaxBlock(partner, number string) error
}

// blockedItem is the kind of the open item of a blocked number; its key is the partner, a slash and the number as compared.
const blockedItem = "fax_number_blocked"

// numberBlocked is the receipt of a delivery that was kept back because its number is blocked.
const numberBlocked = "blocked"

// BlockFax keeps all faxes from a number of a partner until two different people have checked it. The reason holds nothing about a patient.
func (e *Engine) BlockFax(ctx context.Context, actor, partner, number, reason string) error {
	now := e.now().UTC()
	if err := e.knowsFax(partner, number); err != nil {
		return err
	}
	if reason == "" || len(reason) > 200 {
		return wrongInput("partners block-fax: reason: got %d characters, want 1 to 200 without anything about a patient", len(reason))
	}
	return e.write(ctx, func(tx Tx) error { return e.blockFax(tx, actor, partner, number, reason, now) })
}

// knowsFax reports numbers that the partner does not have: a typing mistake would block nothing.
func (e *Engine) knowsFax(partner, number string) error {
	p, ok := e.setup.Load().Directory.Partner(partner)
	if !ok {
		return fmt.Errorf("engine: partner %q: %w", partner, referral.ErrNotFound)
	}
	if !slices.ContainsFunc(p.Rails, func(r transform.Rail) bool {
		return r.Type == channels.Fax && referral.FaxKey(r.Address) == referral.FaxKey(number)
	}) {
		return wrongInput("partner %s: got a number that is none of its fax rails, want one of them", partner)
	}
	return nil
}

func (e *Engine) blockFax(tx Tx, actor, partner, number, reason string, at time.Time) error {
	key := referral.FaxKey(number)
	if err := tx.PutFaxBlock(referral.FaxBlock{Partner: partner, Number: key, BlockedBy: actor, Reason: reason, Since: at}); err != nil {
		return err
	}
	if err := e.auditAct(tx, actor, "partner.fax_blocked", partner, key, at); err != nil {
		return err
	}
	return e.itemOfBlock(tx, referral.FaxBlock{Partner: partner, Number: key, Reason: reason}, at)
}

// itemOfBlock opens the item of a blocked number, or counts up. A person may close it; it is there again when a fax is kept back.
func (e *Engine) itemOfBlock(tx Tx, b referral.FaxBlock, at time.Time) error {
	note := "no fax goes to " + b.Number + " of " + b.Partner + ": " + b.Reason
	if b.CheckedBy != "" {
		note += "; checked once, by " + b.CheckedBy
	}
	return e.openIncident(tx, referral.Incident{Kind: blockedItem, Key: b.Partner + "/" + b.Number, Note: note}, at)
}

// VerifyFax records that somebody made sure that a blocked number is the partner's. open reports whether faxes may go to it again: the second
// person's word, who is another than the first, opens it.
func (e *Engine) VerifyFax(ctx context.Context, actor, partner, number string) (open bool, err error) {
	now := e.now().UTC()
	key := referral.FaxKey(number)
	err = e.write(ctx, func(tx Tx) error {
		b, blocked, err := tx.FaxBlock(partner, key)
		switch {
		case err != nil:
			return err
		case !blocked:
			return &NotAllowed{Verb: "verify-fax", Of: "number", Got: "not blocked", Want: []string{"block-fax"}}
		case b.CheckedBy == actor:
			return &NotAllowed{Verb: "verify-fax", Of: "number", Got: "checked once by you", Want: []string{"to be checked by another person"}}
		}
		open = b.CheckedBy != ""
		if err := e.auditAct(tx, actor, "partner.fax_checked", partner, key, now); err != nil {
			return err
		}
		if err := tx.ResolveIncidents(blockedItem, partner+"/"+key, now); err != nil {
			return err
		}
		if open {
			return tx.DropFaxBlock(partner, key)
		}
		b.CheckedBy, b.CheckedAt = actor, now
		if err := tx.PutFaxBlock(b); err != nil {
			return err
		}
		return e.itemOfBlock(tx, b, now)
	})
	return open, err
}

// keptBack reports why a delivery may not leave: its fax number is blocked. Empty: it may.
func (e *Engine) keptBack(tx Tx, d referral.Delivery, at time.Time) (string, error) {
	if d.Rail != channels.Fax {
		return "", nil
	}
	b, blocked, err := tx.FaxBlock(d.Partner, referral.FaxKey(d.Address))
	if err != nil || !blocked {
		return "", err
	}
	return "the fax number is blocked until two people have checked it", e.itemOfBlock(tx, b, at)
}

// faxWrongNumber is the reason of the anomaly that a returned page says: not our patient, or a wrong number.
const faxWrongNumber = "fax_wrong_number"

// wrongNumber blocks the number to which the newest fax of a referral went, when a page of it came back saying that it is wrong.
func (e *Engine) wrongNumber(tx Tx, r referral.Referral, ev referral.Event) error {
	if ev.Type != referral.EventAnomaly || ev.Reason != faxWrongNumber {
		return nil
	}
	all, err := tx.DeliveriesOf(r.ID)
	if err != nil {
		return err
	}
	for _, d := range slices.Backward(all) {
		if d.Rail == channels.Fax && d.Attempts > 0 {
			return e.blockFax(tx, ev.Actor, d.Partner, d.Address, "a page came back that says: not our patient, or a wrong number", ev.ReceiveTime)
		}
	}
	return nil
}

// faxReplyLate is the reason of the anomaly that an answer on paper becomes when it comes after the loop has ended, or too long after the
// page was sent: a person looks at it.
const faxReplyLate = "fax_reply_late"

// inTime turns an answer on paper that comes too late into an anomaly.
func inTime(tx Tx, f transform.Fact, r referral.Referral, ev referral.Event, at time.Time) (referral.Event, error) {
	if f.Within <= 0 || ev.Type == referral.EventAnomaly {
		return ev, nil
	}
	sent := r.Created
	all, err := tx.DeliveriesOf(r.ID)
	if err != nil {
		return ev, err
	}
	for _, d := range all {
		if d.Rail == channels.Fax && d.Created.After(sent) {
			sent = d.Created
		}
	}
	over := r.State == referral.StateClosed || r.State == referral.StateCancelled || r.State == referral.StateEnded
	if over || at.After(sent.Add(f.Within)) {
		ev.Payload.Said, ev.Note = ev.Type, "a page of ours came back too late to count by itself"
		ev.Type, ev.Reason = referral.EventAnomaly, faxReplyLate
	}
	return ev, nil
}
