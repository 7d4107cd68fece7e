package transform

import (
	"strings"

	"refloop/hl7"
	"refloop/referral"
)

// orderMeaning is what ORC-1 and ORC-5 say together (360x.md section 4.3).
type orderMeaning struct {
	event     referral.EventType
	ifPending referral.EventType // while a cancellation is asked for and not answered
	ifKnown   referral.EventType // when the referral is known and the other side speaks
}

// orderSaid is what an order group says that decides its meaning.
type orderSaid struct {
	control, status string // ORC-1, ORC-5
	result          string // OBR-25
	doc             bool   // a document came with it
	words           bool   // a reason or a note
	answers         bool   // the initiator speaks, as far as the message shows
}

func (o orderSaid) interimOr(other referral.EventType) referral.EventType {
	if o.doc {
		return referral.EventInterim
	}
	return other
}

func (o orderSaid) reportOr(other referral.EventType) referral.EventType {
	switch resultOf(o.result) {
	case resultCancelled:
		return referral.EventAnomaly
	case resultFinal, resultSilent:
		if o.doc {
			return referral.EventReport
		}
	case resultInterim:
	}
	return o.interimOr(other)
}

// orderEvent reads the codes of one order. ok is false for a code without a meaning here.
func orderEvent(o orderSaid) (orderMeaning, bool) {
	switch o.control {
	case "NW":
		m := orderMeaning{event: referral.EventRequest}
		if o.doc && resultOf(o.result) != resultCancelled {
			m.ifKnown = o.reportOr(referral.EventRequest)
		}
		return m, true
	case "RO", "XO":
		return orderMeaning{event: referral.EventChange}, true
	case "OK", "NA":
		return orderMeaning{event: referral.EventAccept}, true
	case "UA":
		return orderMeaning{event: referral.EventDecline}, true
	case "OC":
		return orderMeaning{event: referral.EventDecline, ifPending: referral.EventConfirmCancel}, true
	case "CA", "DC":
		return orderMeaning{event: referral.EventCancel}, true
	case "CR", "DR":
		return orderMeaning{event: referral.EventConfirmCancel}, true
	case "UC", "UD":
		return orderMeaning{event: referral.EventRefuseCancel}, true
	case "HD", "HR", "OH":
		return orderMeaning{event: referral.EventNoCapacity}, true
	case "RE":
		return orderMeaning{event: o.reportOr(referral.EventSeen)}, true
	case "SC", "SN", "":
		return o.statusEvent()
	}
	return orderMeaning{}, false
}

// statusEvent reads ORC-5 of a status change. Without one it is words: a question of the recipient, or the initiator's answer.
func (o orderSaid) statusEvent() (orderMeaning, bool) {
	switch o.status {
	case "CA", "DC":
		return orderMeaning{event: referral.EventDecline, ifPending: referral.EventConfirmCancel}, true
	case "A":
		return orderMeaning{event: o.interimOr(referral.EventSeen)}, true
	case "IP", "SC":
		return orderMeaning{event: o.interimOr(referral.EventAccept)}, true
	case "CM":
		return orderMeaning{event: o.reportOr(referral.EventSeen)}, true
	case "HD":
		return orderMeaning{event: referral.EventNoCapacity}, true
	case "":
		if o.control == "" || !o.words && !o.doc {
			return orderMeaning{}, false
		}
		if o.answers {
			return orderMeaning{event: referral.EventAnswer}, true
		}
		return orderMeaning{event: referral.EventAsk}, true
	}
	return orderMeaning{}, false
}

// appointmentOf reads SCH with TQ1, AIS and RGS of a SIU message: start and end from TQ1-7/8, SCH-11.4/.5 or AIS-4.
func appointmentOf(m *hl7.Message, partner string) *referral.Appointment {
	sch := m.First("SCH")
	a := &referral.Appointment{
		ID:    eiOf(sch.Field(2), referral.KindAppointment, partner),
		Start: firstTime(timeOf(m.Field("TQ1", 7)), timeOf(sch.Field(11).Component(4)), timeOf(m.Field("AIS", 4))),
		End:   firstTime(timeOf(m.Field("TQ1", 8)), timeOf(sch.Field(11).Component(5))),
	}
	if a.ID.Value == "" {
		a.ID = eiOf(sch.Field(1), referral.KindAppointment, partner)
	}
	a.Location = firstOf(m.Field("AIL", 3).Comp(9), m.Field("AIL", 3).Comp(4), m.Field("AIL", 3).Comp(1))
	a.With = nameOf(m.Field("AIP", 3).XCN().Name)
	return a
}

// appointmentEvent reads the trigger and SCH-25 (table 0278).
func appointmentEvent(m *hl7.Message) (referral.EventType, string, bool) {
	status := strings.ToUpper(firstOf(m.Field("SCH", 25).Comp(1), m.Field("AIS", 10).Comp(1)))
	switch m.Event() {
	case "S15", "S17":
		return referral.EventCancelAppointment, "cancelled", true
	case "S26":
		return referral.EventNoShow, "no_show", true
	case "S12", "S13", "S14":
		switch status {
		case "COMPLETE":
			return referral.EventSeen, "complete", true
		case "NOSHOW":
			return referral.EventNoShow, "no_show", true
		case "CANCELLED", "DELETED":
			return referral.EventCancelAppointment, "cancelled", true
		}
		if m.Event() == "S12" {
			return referral.EventSchedule, "booked", true
		}
		return referral.EventReschedule, "booked", true
	}
	return "", "", false
}

// appointmentRefs returns the numbers by which a SIU names its referral: SCH-26, SCH-27, then the appointment itself.
func appointmentRefs(m *hl7.Message, partner string) []referral.Identifier {
	sch := m.First("SCH")
	var ids []referral.Identifier
	ids = addEI(ids, sch.Field(26), referral.KindPlacer, partner)
	ids = addEI(ids, sch.Field(27), referral.KindFiller, partner)
	for _, g := range m.Orders() {
		for _, id := range orderIDs(g, partner) {
			ids = addID(ids, id)
		}
	}
	if len(ids) == 0 {
		ids = addEI(ids, sch.Field(2), referral.KindAppointment, partner)
		ids = addEI(ids, sch.Field(1), referral.KindAppointment, partner)
	}
	return ids
}

// documentRefs returns the numbers by which an MDM names its referral: TXA-14, TXA-15, then its orders.
func documentRefs(m *hl7.Message, partner string) []referral.Identifier {
	txa := m.First("TXA")
	var ids []referral.Identifier
	for rep := range txa.Field(14).All() {
		ids = addEI(ids, rep, referral.KindPlacer, partner)
	}
	ids = addEI(ids, txa.Field(15), referral.KindFiller, partner)
	for _, g := range m.Orders() {
		for _, id := range orderIDs(g, partner) {
			ids = addID(ids, id)
		}
	}
	return ids
}

// signed reports whether TXA-17 says that the clinician stands behind the document (table 0271).
func signed(m *hl7.Message) bool {
	switch m.Field("TXA", 17).String() {
	case "AU", "LA":
		return true
	}
	return false
}
