package engine

import (
	"refloop/channels"
	"refloop/referral"
)

// refusedLate does with a refusal that came after the attempt what the partner's keys say, as with one that came at once: the same bytes again,
// a person, or the next rail. HL7 answers can be of the first kind, and faxes that met a busy line or none: a mail that failed is over.
func (e *Engine) refusedLate(tx Tx, set *Setup, d referral.Delivery, rc channels.Receipt) error {
	if j, ok := set.Senders[d.Lane].(channels.Judge); ok {
		rc.Permanent, rc.Park = j.Judge(rc)
	}
	d.Reason = "refused: " + rc.Code + " " + rc.Text
	again := d.Rail == channels.MLLP || d.Rail == channels.Fax && rank(d.State) < rank(referral.DeliveryDelivered)
	switch {
	case d.Rail == channels.Fax && d.State == referral.DeliveryFailed:
		return nil // told twice: by a notice and when it was asked for
	case rc.Permanent && rc.Park:
		return e.die(tx, d, d.Reason, rc.At)
	case rc.Permanent || !again:
		return e.giveUp(tx, set, d, d.Reason, rc.At)
	}
	now := e.now().UTC()
	a := attempt{e: e, set: set, d: d}
	spent, err := a.spent(tx, d, now)
	if err != nil {
		return err
	}
	if spent {
		return e.giveUp(tx, set, d, d.Reason, rc.At)
	}
	d.State, d.NextAttempt, d.Grade = referral.DeliveryFailed, now.Add(e.backoff(set.retry(d.Lane), d.Attempts)), ""
	return tx.SetDelivery(d)
}

// refusedMeanwhile reports whether a refusal was applied to a delivery while its attempt was still on its way to the writer. Had it come before the
// positive answer on the wire it would have been the attempt's answer itself: it came behind, and withdraws it.
func refusedMeanwhile(d referral.Delivery) bool {
	if d.Rail != channels.MLLP {
		return false
	}
	switch d.State {
	case referral.DeliveryFailed, referral.DeliveryDead, referral.DeliveryCancelled:
	default:
		return false
	}
	switch d.Receipt {
	case "AE", "AR", "CE", "CR":
		return true
	}
	return false
}
