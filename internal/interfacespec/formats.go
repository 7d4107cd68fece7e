package main

import (
	"strings"

	"refloop/channels"
	"refloop/referral"
	"refloop/transform"
)

// formats is the format code of each 360X message, with what it says and what travels beside it.
func formats() (string, error) {
	type row struct{ says, beside []string }
	by := map[string]*row{}
	var order []string
	for _, ev := range []referral.EventType{
		referral.EventRequest, referral.EventChange, referral.EventAccept, referral.EventDecline, referral.EventNoCapacity, referral.EventAsk, referral.EventAnswer, referral.EventSeen,
		referral.EventCancel, referral.EventConfirmCancel, referral.EventRefuseCancel, referral.EventInterim, referral.EventReport,
		referral.EventSchedule, referral.EventReschedule, referral.EventCancelAppointment, referral.EventNoShow,
	} {
		s, err := render(outgoing{form: "REF", event: ev, rail: channels.Direct, to: lakeside, dialect: transform.Dialect{}})
		if err != nil {
			return "", err
		}
		p := message(s)
		key := p.Title + "|" + p.FormatCode
		if by[key] == nil {
			by[key] = &row{}
			order = append(order, key)
		}
		by[key].says = append(by[key].says, word(ev))
		for _, part := range s.Parts {
			if part.Kind == channels.KindCDA {
				by[key].beside = append(by[key].beside, part.Title+" ("+word(ev)+")")
			}
		}
	}
	var rows [][]string
	for _, key := range order {
		kind, code, _ := strings.Cut(key, "|")
		rows = append(rows, []string{kind, "`" + code + "`", strings.Join(by[key].says, ", "), or(strings.Join(by[key].beside, ", "), "-")})
	}
	return table([]string{"message", "format code", "says", "C-CDA beside it"}, rows), nil
}
