package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"refloop/console"
	"refloop/referral"
)

// notices says what an act did: the steps it recorded, what was queued to whom, what a hold keeps back, and what nobody but a person can
// tell the other side.
func (a answers) notices(ctx context.Context, before, after console.Listed, since time.Time) ([]string, error) {
	r := after.Referral
	events, err := a.Events(ctx, r.ID)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, ev := range events {
		if ev.Seq > before.Referral.Version && (ev.Origin == referral.OriginStaff || ev.Origin == referral.OriginPhone) {
			out = append(out, recorded(ev))
		}
	}
	deliveries, err := a.Deliveries(ctx, console.DeliveryFilter{ReferralID: r.ID, Since: since})
	if err != nil {
		return nil, err
	}
	for _, d := range deliveries {
		out = append(out, fmt.Sprintf("%s goes to %s by %s", d.Event, d.Partner, d.Rail))
	}
	items, err := a.Incidents(ctx, false, maxNoticeItems)
	if err != nil {
		return nil, err
	}
	for _, i := range items {
		if i.ReferralID == r.ID && i.Kind == "tell_by_hand" && !i.Opened.Before(since) {
			out = append(out, byHand(r, i))
		}
	}
	if n := len(r.Withheld) - len(before.Referral.Withheld); n > 0 && len(r.Holds) > 0 {
		out = append(out, fmt.Sprintf("NOT sent yet: the %s hold keeps it back", r.Holds[0].Kind))
	}
	if len(out) == 0 {
		out = []string{"nothing new: the same was recorded before"}
	}
	return out, nil
}

// maxNoticeItems bounds how many open items are looked through for the notices of an act.
const maxNoticeItems = 10_000

// recorded says what one event is in words.
func recorded(ev referral.Event) string {
	line := fmt.Sprintf("recorded: %s", ev.Type)
	if ev.From != ev.To {
		line += fmt.Sprintf(", state %s", ev.To)
	}
	if ev.Grade != "" {
		line += fmt.Sprintf(" (grade %s: %s)", ev.Grade, gradeWords(ev.Grade))
	}
	return words(line, dash(ev.Reason))
}

// byHand says whom a person must tell, and by which number.
func byHand(r referral.Referral, i referral.Incident) string {
	party := r.Recipient
	if strings.Contains(i.Note, "to the "+string(referral.SideInitiator)) {
		party = r.Initiator
	}
	who := orUnknown(words(party.Organization, brackets(party.Partner)))
	numbers := strings.Join(nonEmpty(labelled("fax", party.Fax), labelled("phone", party.Phone)), ", ")
	if numbers == "" {
		numbers = "no fax or phone number is known"
	}
	_, why, _ := strings.Cut(i.Note, ": ")
	return fmt.Sprintf("NOT sent to %s: tell them by hand (%s), then: refloop act %s fax-sent (%s)", who, numbers, r.ID, why)
}
