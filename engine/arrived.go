package engine

import (
	"slices"
	"strings"
	"time"

	"refloop/channels"
	"refloop/referral"
)

// receiptAnswered is the receipt of a fax of which nothing but an answer of its recipient says that it arrived.
const receiptAnswered = "answered"

// answersRequest reports whether an event can only come of a recipient that has the request before it.
func answersRequest(ev referral.Event) bool {
	switch ev.Type {
	case referral.EventAccept, referral.EventNoCapacity, referral.EventSchedule, referral.EventReschedule, referral.EventSeen, referral.EventAsk,
		referral.EventInterim, referral.EventReport:
		return true
	case referral.EventDecline:
		return !strings.Contains(ev.Reason, "not_our_patient") // somebody else has the page
	}
	return false
}

// noteArrived keeps, when the recipient has answered by a message, that the faxes of the request arrived: what a gateway says of them later brings no
// second one, and what waits for another attempt is over. What was never tried still goes: the answer may be one to another copy.
func (e *Engine) noteArrived(tx Tx, set *Setup, r referral.Referral, ev referral.Event) error {
	if ev.EvidenceRef == "" || ev.By != referral.SideRecipient || r.Role != referral.RoleInitiator || !answersRequest(ev) {
		return nil
	}
	all, err := tx.DeliveriesOf(r.ID)
	if err != nil {
		return err
	}
	for _, d := range all {
		p, _ := set.Directory.Partner(d.Partner)
		if d.Rail != channels.Fax || d.Event != string(referral.EventRequest) || sideOf(p.Own, r.Role) != referral.SideRecipient {
			continue
		}
		if err := e.arrived(tx, d, ev.ReceiveTime); err != nil {
			return err
		}
	}
	return nil
}

// arrived settles one fax by an answer to it.
func (e *Engine) arrived(tx Tx, d referral.Delivery, at time.Time) error {
	unproven := []referral.DeliveryState{referral.DeliverySending, referral.DeliverySent, referral.DeliveryTransportOK, referral.DeliveryFailed}
	switch {
	case d.CopyOf != "" && d.State == referral.DeliveryQueued:
		d.State, d.Reason = referral.DeliveryCancelled, "the recipient has answered the first copy"
	case !slices.Contains(unproven, d.State) || !mayHaveArrived(d):
		return nil
	case d.State == referral.DeliveryFailed:
		d = settledByAnswer(d, at)
	default:
		d.Receipt = receiptAnswered
	}
	return tx.SetDelivery(d)
}

// settledByAnswer is a fax that arrived as its recipient's answer shows; what machines say of it is less.
func settledByAnswer(d referral.Delivery, at time.Time) referral.Delivery {
	d.State, d.Receipt, d.ProvenAt, d.Grade = referral.DeliveryDelivered, receiptAnswered, at, referral.GradeD
	d.Reason = "the recipient has answered it, so it is not sent again"
	return d
}
