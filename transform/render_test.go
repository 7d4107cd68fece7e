package transform

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"refloop/ccda"
	"refloop/channels"
	"refloop/fax"
	"refloop/hl7"
	"refloop/referral"
)

const deliveryID = "0190b2a4-7c00-7000-8000-00000000abcd"

// taken is the record that a sample request makes, as the engine keeps it.
func taken(t testing.TB, file string, role referral.Role) referral.Referral {
	t.Helper()
	body, err := os.ReadFile(filepath.Join("../testdata/hl7/own", file))
	if err != nil {
		t.Fatal(err)
	}
	d := Decode(hl7Source(body, "northside-ehr"))
	if len(d.Facts) == 0 || d.Facts[0].Event.Payload.Record == nil {
		t.Fatalf("%s: got no request: %s %v", file, d.Hold, d.Problems)
	}
	r := *d.Facts[0].Event.Payload.Record
	r.ID, r.Authority, r.Role, r.State, r.Holds = "7K3M9QX2T4V8WZ5C", ownOID, role, referral.StateSent, nil
	own := referral.Identifier{Value: r.ID, Authority: r.Authority, Kind: referral.KindReferral}
	r.Identifiers = append([]referral.Identifier{own}, r.Identifiers...)
	r.Initiator.Organization, r.Recipient.Organization = "Northside Primary Care", "Lakeside Cardiology"
	r.Specialty = "cardiology"
	r.Appointments = []referral.Appointment{{
		ID: referral.Identifier{Value: "A-340", Authority: lakeOID, Kind: referral.KindAppointment}, Start: hour(15), End: hour(16), Status: "booked", Location: "Lakeside, room 4",
	}}
	for _, b := range d.Documents {
		b.Document.ID = "doc-pdf"
		r.Documents = append(r.Documents, b.Document)
	}
	return r
}

// target is one rail of a kind, as the specialist or the hospital has it.
func target(kind string, own bool, change func(*Dialect)) Target {
	dir := northside()
	p := dir.Partners[1]
	if own {
		p = dir.Partners[0]
	}
	t := Target{
		Partner: p, Rail: Rail{Type: kind, Address: map[string]string{channels.Direct: "referrals@direct.lakeside.example", channels.Fax: "+12075550100"}[kind]},
		Own: dir.Own, DeliveryID: deliveryID, ControlID: "RL00000000000000001", At: hour(13),
	}
	if change != nil {
		change(&t.Rail.Dialect)
	}
	return t
}

// note is a signed text note and its bytes.
func note(kind string) (referral.Document, map[string][]byte) {
	return referral.Document{
			ID: "doc-note", Kind: kind, ContentType: "text/plain; charset=utf-8", Title: "Consultation note", AuthorNPI: "1245319599",
			Author: referral.Name{Family: "Ruiz", Given: "Ana", Degree: "MD"}, Signed: kind == "report", Time: hour(12),
		}, map[string][]byte{
			"doc-note": []byte("Stable angina.\nContinue the present treatment.\n"), "doc-pdf": []byte("%PDF-1.4\n%%EOF\n"),
		}
}

// happened makes an event with what it usually carries.
func happened(kind referral.EventType, r referral.Referral) (referral.Event, map[string][]byte) {
	ev := referral.Event{Type: kind, EventTime: hour(12), ReceiveTime: hour(12), Note: "Please call the desk."}
	doc, docs := note(string(kind))
	switch kind {
	case referral.EventReport, referral.EventInterim:
		ev.Payload.Documents, ev.Note = []referral.Document{doc}, ""
	case referral.EventDecline:
		ev.Reason = "out_of_scope"
	case referral.EventEnd:
		ev.Payload.EndReason = referral.EndUnreachable
	case referral.EventSchedule, referral.EventReschedule, referral.EventNoShow, referral.EventCancelAppointment:
		a := r.Appointments[0]
		ev.Payload.Appointment = &a
	case referral.EventAccept:
		ev.Payload.Promise = hour(12).AddDate(0, 0, 7)
	}
	return ev, docs
}

// told is every event that referral can tell to somebody.
func told() []referral.EventType {
	return []referral.EventType{
		referral.EventRequest, referral.EventChange, referral.EventAnswer, referral.EventCancel, referral.EventEnd, referral.EventStatusQuery, referral.EventAccept,
		referral.EventDecline, referral.EventNoCapacity, referral.EventAsk, referral.EventSchedule, referral.EventReschedule, referral.EventNoShow,
		referral.EventCancelAppointment, referral.EventSeen, referral.EventInterim, referral.EventReport, referral.EventConfirmCancel, referral.EventRefuseCancel,
		referral.EventResend,
	}
}

// Every event that can be told has a well-formed shipment on every rail, whichever side we are on and in whatever family the initiator's
// system speaks.
func TestRenderEveryEventOnEveryRail(t *testing.T) {
	rails := map[string]Target{
		"own EHR":      target(channels.MLLP, true, nil),
		"own EHR, SIU": target(channels.MLLP, true, func(d *Dialect) { d.Status = "siu" }),
		"partner MLLP": target(channels.MLLP, false, nil),
		"direct 360X":  target(channels.Direct, false, nil),
		"direct OMG":   target(channels.Direct, false, func(d *Dialect) { d.Outcome = "omg" }),
		"direct plain": target(channels.Direct, false, func(d *Dialect) { d.Style = "plain" }),
		"fax":          target(channels.Fax, false, nil),
		"file":         target(channels.File, true, nil),
	}
	for _, file := range []string{"ref-i12.hl7", "orm-two-groups.hl7"} {
		for _, role := range []referral.Role{referral.RoleInitiator, referral.RoleRecipient} {
			for rail, to := range rails {
				if rail == "file" && !everyPair && (file == "ref-i12.hl7") != (role == referral.RoleInitiator) {
					continue // drawing its letters costs more than all the rest
				}
				for _, kind := range told() {
					t.Run(fmt.Sprintf("%s/%s/%s/%s", file, role, rail, kind), func(t *testing.T) {
						t.Parallel()
						r := taken(t, file, role)
						r.Confidentiality = referral.Confidentiality{Code: "R", Part2: true}
						ev, docs := happened(kind, r)
						ship, err := Render(r, ev, to, docs)
						if kind == referral.EventStatusQuery && (rail == "direct 360X" || rail == "direct OMG") {
							if err == nil {
								t.Fatal("360X has no message that says that nothing has been said; want an error")
							}
							return
						}
						if err != nil {
							t.Fatal(err)
						}
						wellFormed(t, ship)
					})
				}
			}
		}
	}
}

// A status query has an answer in every state; in 360X only where something has been said.
func TestStatusQueryInEveryState(t *testing.T) {
	silent := []referral.State{referral.StateDraft, referral.StateSent, referral.StateCancelRequested}
	for _, s := range referral.States() {
		r := taken(t, "ref-i12.hl7", referral.RoleInitiator)
		r.State = s
		ev, docs := happened(referral.EventStatusQuery, r)
		ship, err := Render(r, ev, target(channels.MLLP, true, nil), docs)
		if err != nil {
			t.Fatalf("%s: %v", s, err)
		}
		wellFormed(t, ship)
		m := parsed(t, ship)
		if got := m.Type(); got != "RRI^I15" {
			t.Errorf("%s: got %s, want RRI^I15", s, got)
		}
		ship, err = Render(r, ev, target(channels.Direct, false, nil), docs)
		if want := slices.Contains(silent, s); (err != nil) != want {
			t.Errorf("%s over 360X: got %v, want an error: %v", s, err, want)
		} else if err == nil {
			wellFormed(t, ship)
		}
	}
}

// wellFormed reads every part of a shipment back with the codec it is made for.
func wellFormed(t *testing.T, ship channels.Shipment) {
	t.Helper()
	if len(ship.Parts) == 0 || ship.ReferralID == "" || ship.Event == "" || ship.DeliveryID == "" {
		t.Fatalf("shipment of %d parts with referral %q", len(ship.Parts), ship.ReferralID)
	}
	for _, p := range ship.Parts {
		switch p.Kind {
		case channels.KindHL7:
			m, err := hl7.Parse(p.Body, hl7.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			for _, problem := range hl7.Validate(m, hl7.Strict) {
				if names := problem.Segment == "SCH" && (problem.Field == 16 || problem.Field == 20); names {
					continue // a name without an ID, as in the 360X samples
				}
				if problem.Severity != "W" {
					t.Errorf("%s: %s %s", m.Type(), problem.Location(), problem.Text)
				}
			}
			if _, ok := hl7.ProfileFor(m); !ok {
				t.Errorf("%s: our own receiver does not take it", m.Type())
			}
		case channels.KindCDA:
			if _, err := ccda.Read(p.Body, ccda.Limits{}); err != nil {
				t.Error(err)
			}
		case channels.KindLetter:
			var l fax.Letter
			if err := json.Unmarshal(p.Body, &l); err != nil {
				t.Error(err)
			}
			if l.Title == "" || len(l.Form) == 0 {
				t.Errorf("letter %q with %d sections", l.Title, len(l.Form))
			}
		case channels.KindJSON:
			if !json.Valid(p.Body) {
				t.Error("record: not JSON")
			}
		case channels.KindPDF:
			if !bytes.HasPrefix(p.Body, []byte("%PDF-")) {
				t.Error("a part that is no PDF")
			}
		default:
			if len(p.Body) == 0 {
				t.Errorf("empty part of kind %s", p.Kind)
			}
		}
	}
}

// parsed is the HL7 v2 message of a shipment.
func parsed(t testing.TB, ship channels.Shipment) *hl7.Message {
	t.Helper()
	part := partOf(ship.Parts, channels.KindHL7)
	if part == nil {
		t.Fatal("no HL7 v2 message")
	}
	m, err := hl7.Parse(part.Body, hl7.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// What goes out is compared whole, one file for each family and event.
func TestRenderGolden(t *testing.T) {
	for _, c := range []struct {
		name, file string
		role       referral.Role
		kind       referral.EventType
		to         Target
	}{
		{"360x-request", "ref-i12.hl7", referral.RoleInitiator, referral.EventRequest, target(channels.Direct, false, nil)},
		{"360x-change", "ref-i12.hl7", referral.RoleInitiator, referral.EventChange, target(channels.Direct, false, nil)},
		{"360x-cancel", "ref-i12.hl7", referral.RoleInitiator, referral.EventCancel, target(channels.Direct, false, nil)},
		{"360x-end-by-initiator", "ref-i12.hl7", referral.RoleInitiator, referral.EventEnd, target(channels.Direct, false, nil)},
		{"360x-end-by-recipient", "ref-i12.hl7", referral.RoleRecipient, referral.EventEnd, target(channels.Direct, false, nil)},
		{"360x-accept", "ref-i12.hl7", referral.RoleRecipient, referral.EventAccept, target(channels.Direct, false, nil)},
		{"360x-decline", "ref-i12.hl7", referral.RoleRecipient, referral.EventDecline, target(channels.Direct, false, nil)},
		{"360x-ask", "ref-i12.hl7", referral.RoleRecipient, referral.EventAsk, target(channels.Direct, false, nil)},
		{"360x-schedule", "ref-i12.hl7", referral.RoleRecipient, referral.EventSchedule, target(channels.Direct, false, nil)},
		{"360x-no-show", "ref-i12.hl7", referral.RoleRecipient, referral.EventNoShow, target(channels.Direct, false, nil)},
		{"360x-report", "ref-i12.hl7", referral.RoleRecipient, referral.EventReport, target(channels.Direct, false, nil)},
		{"360x-report-omg", "ref-i12.hl7", referral.RoleRecipient, referral.EventReport, target(channels.Direct, false, func(d *Dialect) { d.Outcome = "omg" })},
		{"360x-interim-omg", "ref-i12.hl7", referral.RoleRecipient, referral.EventInterim, target(channels.Direct, false, func(d *Dialect) { d.Outcome = "omg" })},
		{"ehr-rri-accept", "ref-i12.hl7", referral.RoleInitiator, referral.EventAccept, target(channels.MLLP, true, nil)},
		{"ehr-rri-decline", "ref-i12.hl7", referral.RoleInitiator, referral.EventDecline, target(channels.MLLP, true, nil)},
		{"ehr-rri-schedule", "ref-i12.hl7", referral.RoleInitiator, referral.EventSchedule, target(channels.MLLP, true, nil)},
		{"ehr-siu-schedule", "ref-i12.hl7", referral.RoleInitiator, referral.EventSchedule, target(channels.MLLP, true, func(d *Dialect) { d.Status = "siu" })},
		{"ehr-orm-schedule", "orm-two-groups.hl7", referral.RoleInitiator, referral.EventSchedule, target(channels.MLLP, true, nil)},
		{"ehr-orm-decline", "orm-two-groups.hl7", referral.RoleInitiator, referral.EventDecline, target(channels.MLLP, true, nil)},
		{"ehr-mdm-report", "ref-i12.hl7", referral.RoleInitiator, referral.EventReport, target(channels.MLLP, true, nil)},
		{"ehr-mdm-interim", "ref-i12.hl7", referral.RoleInitiator, referral.EventInterim, target(channels.MLLP, true, nil)},
		{"ehr-oru-report", "orm-two-groups.hl7", referral.RoleInitiator, referral.EventReport, target(channels.MLLP, true, nil)},
		{"ehr-oru-interim", "orm-two-groups.hl7", referral.RoleInitiator, referral.EventInterim, target(channels.MLLP, true, nil)},
		{"line-ref-request", "ref-i12.hl7", referral.RoleInitiator, referral.EventRequest, target(channels.MLLP, false, nil)},
		{"line-ref-cancel", "ref-i12.hl7", referral.RoleInitiator, referral.EventCancel, target(channels.MLLP, false, nil)},
		{"line-ref-answer", "ref-i12.hl7", referral.RoleInitiator, referral.EventAnswer, target(channels.MLLP, false, nil)},
		{"plain-accept", "ref-i12.hl7", referral.RoleRecipient, referral.EventAccept, target(channels.Direct, false, func(d *Dialect) { d.Style = "plain" })},
		{"fax-request", "ref-i12.hl7", referral.RoleInitiator, referral.EventRequest, target(channels.Fax, false, nil)},
		{"fax-cancel", "ref-i12.hl7", referral.RoleInitiator, referral.EventCancel, target(channels.Fax, false, nil)},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := taken(t, c.file, c.role)
			ev, docs := happened(c.kind, r)
			ship, err := Render(r, ev, c.to, docs)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, "render/"+c.name+".txt", readable(ship))
		})
	}
}

// readable is a shipment for golden files: messages by segment, letters indented, other parts by kind and size.
func readable(ship channels.Shipment) []byte {
	var b bytes.Buffer
	for _, p := range ship.Parts {
		fmt.Fprintf(&b, "--- %s %s %s %s %q\n", p.Kind, p.ContentType, p.FormatCode, p.Title, p.Name)
		switch p.Kind {
		case channels.KindHL7:
			b.WriteString(strings.ReplaceAll(string(p.Body), "\r", "\n"))
		case channels.KindText:
			b.Write(p.Body)
		case channels.KindLetter:
			if err := json.Indent(&b, p.Body, "", " "); err == nil {
				b.WriteString("\n")
			}
		default:
			fmt.Fprintf(&b, "%d bytes\n", len(p.Body))
		}
	}
	return b.Bytes()
}

// The same event renders to the same bytes: attempts and reprocessing rely on it.
func TestRenderIsDeterministic(t *testing.T) {
	r := taken(t, "ref-i12.hl7", referral.RoleInitiator)
	ev, docs := happened(referral.EventRequest, r)
	for _, kind := range []string{channels.Direct, channels.File, channels.Fax} {
		a, err := Render(r, ev, target(kind, false, nil), docs)
		if err != nil {
			t.Fatal(err)
		}
		b, err := Render(r, ev, target(kind, false, nil), docs)
		if err != nil {
			t.Fatal(err)
		}
		for i := range a.Parts {
			if !bytes.Equal(a.Parts[i].Body, b.Parts[i].Body) {
				t.Errorf("%s: part %d (%s) differs between two renderings", kind, i, a.Parts[i].Kind)
			}
		}
	}
}
