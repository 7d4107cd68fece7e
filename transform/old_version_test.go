package transform

import (
	"strings"
	"testing"
	"time"

	"refloop/channels"
	"refloop/hl7"
	"refloop/referral"
)

// lineTo renders an event for a system on a line that speaks this version.
func lineTo(t *testing.T, r referral.Referral, kind referral.EventType, change func(*Dialect)) *hl7.Message {
	t.Helper()
	ev, docs := happened(kind, r)
	ship, err := Render(r, ev, target(channels.MLLP, true, change), docs)
	if err != nil {
		t.Fatal(err)
	}
	m, err := hl7.Parse(ship.Parts[0].Body, hl7.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TQ1 came with 2.5: before, the time of an appointment stands in SCH-11, and we read it back from there.
func TestAppointmentOfOldVersions(t *testing.T) {
	r := taken(t, "ref-i12.hl7", referral.RoleInitiator)
	for version, tq1 := range map[string]bool{"2.3": false, "2.3.1": false, "2.4": false, "2.5": true, "2.8.2": true} {
		m := lineTo(t, r, referral.EventSchedule, func(d *Dialect) { d.Status, d.Version = "siu", version })
		if got := m.First("TQ1").Exists(); got != tq1 {
			t.Errorf("%s: TQ1 is there: %v, want %v", version, got, tq1)
		}
		if got := m.Get("SCH-11.4") != "" && m.Get("SCH-11.5") != ""; got == tq1 {
			t.Errorf("%s: SCH-11 has the time: %v, want %v", version, got, !tq1)
		}
		ev, _ := happened(referral.EventSchedule, r)
		if a := appointmentOf(m, "hub"); !a.Start.Equal(ev.Payload.Appointment.Start) || !a.End.Equal(ev.Payload.Appointment.End) {
			t.Errorf("%s: read back as %v to %v", version, a.Start, a.End)
		}
	}
}

// The account number goes back with the authority it came with.
func TestAccountKeepsItsAuthority(t *testing.T) {
	for _, account := range []string{"ACC-1^^^NSEHR&" + ownOID + "&ISO", "ACC-1^^^BILLING", "ACC-1"} {
		body := message(`MSH|^~\&|NSEHR|NORTHSIDE|REFLOOP|HUB|20261102||REF^I12|C1|P|2.5.1`, `RF1||R|||O|R-1^NSEHR||||^Cough`,
			`PID|1||M1^^^NSEHR&`+ownOID+`&ISO||Doe^Jo||19700101|F||||||||||`+account, `PV1|1|O|||||||||||||||||V-7^^^NSEHR`)
		r := *one(t, Decode(hl7Source(body, "northside-ehr"))).Event.Payload.Record
		r.ID, r.Authority, r.Role = "7K3M9QX2T4V8WZ5C", ownOID, referral.RoleInitiator
		if got := string(lineTo(t, r, referral.EventAccept, nil).Field("PID", 18).Raw()); got != account {
			t.Errorf("got PID-18 %q, want %q", got, account)
		}
	}
}

// A time in words says its zone.
func TestTimesInWordsHaveAZone(t *testing.T) {
	r := taken(t, "ref-i12.hl7", referral.RoleInitiator)
	ev, _ := happened(referral.EventSchedule, r)
	a := *ev.Payload.Appointment
	a.Start = time.Date(2026, 12, 1, 9, 30, 0, 0, time.FixedZone("", -6*3600))
	ev.Payload.Appointment = &a
	ship, err := Render(r, ev, target(channels.MLLP, true, nil), nil)
	if err != nil {
		t.Fatal(err)
	}
	if body := string(ship.Parts[0].Body); !strings.Contains(body, "2026-12-01 09:30 (UTC-06:00)") {
		t.Errorf("got no time with its zone in %q", body)
	}
}
