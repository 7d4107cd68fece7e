package engine

import (
	"time"

	"refloop/referral"
)

// maxAge is how long a delivery that has no other rail keeps trying to reach its peer before it is dead: a partner that is down over a long weekend
// loses nothing.
const maxAge = 72 * time.Hour

// unreachable is the receipt of a delivery whose peer gave no answer.
const unreachable = "unreachable"

// spent reports whether a delivery whose attempts fail for now has been tried for long enough: with another rail left, after as many
// attempts as configured or at the page time of the deliver clock, whichever is first; by the partner's last rail, at the greatest age.
func (a *attempt) spent(tx Tx, d referral.Delivery, now time.Time) (bool, error) {
	retry := a.set.retry(d.Lane)
	age := retry.MaxAge
	if age == 0 {
		age = maxAge
	}
	if !now.Before(d.Created.Add(age)) {
		return true, nil
	}
	enough := d.Attempts >= orDefault(retry.Attempts, 20)
	if enough && d.Receipt != unreachable {
		return true, nil // the peer is there and says no every time: one message must not hold up its lane for days
	}
	if d.ReferralID == "" {
		return false, nil
	}
	r, err := tx.Referral(d.ReferralID)
	if err != nil {
		return false, err
	}
	partner, _ := a.set.Directory.Partner(d.Partner)
	at, ok := railOf(partner, d.Lane)
	if _, more := nextRail(partner, at+1, r.Test); !ok || !more || held(a.set, r, d) {
		return false, nil
	}
	page := a.set.Clocks.Page(referral.ClockDeliver, d.Created, r.Priority)
	return enough || !now.Before(page), nil
}
