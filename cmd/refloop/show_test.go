package main

import (
	"bytes"
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"refloop/console"
	"refloop/referral"
)

var update = flag.Bool("update", false, "write the golden files")

// sampleStory is a faxed referral whose recipient waits for a person, with everything that a page can show.
func sampleStory() console.Story {
	at := func(minute int) time.Time { return time.Date(2026, 11, 23, 10, minute, 0, 0, time.UTC) }
	ref := referral.Referral{
		ID: "K018JH77AWEDKS83", Role: referral.RoleInitiator, State: referral.StateSent, Version: 3, Grade: referral.GradeB, Created: at(0), Updated: at(2),
		Initiator: referral.Party{Clinician: referral.Name{Given: "Mara", Family: "Klein", Degree: "MD"}, NPI: "1548261035", Organization: "Northside", Fax: "5550191"},
		Recipient: referral.Party{Partner: "lakeside", Organization: "Lakeside Cardiology"},
		Patient:   referral.Patient{Name: referral.Name{Given: "Tess", Family: "Testperson"}, BirthDate: "1980-02-03", Sex: "F", IDs: []referral.Identifier{{Value: "77", Kind: referral.KindMRN}}},
		Service:   referral.Service{Coded: referral.Coded{Code: "99243", Text: "Consultation"}}, Specialty: "cardiology", Reason: "Chest pain\x1b[31m",
		Diagnoses:    []referral.Coded{{Code: "I25.10", Text: "Coronary artery disease"}},
		Identifiers:  []referral.Identifier{{Value: "77", Kind: referral.KindMRN}, {Value: "R-1001", Authority: "EHR", Kind: referral.KindPlacer}},
		Appointments: []referral.Appointment{{Start: at(30), Status: "booked", Location: "Suite 200"}, {Status: "no_show"}},
		Holds:        []referral.Hold{{Kind: referral.HoldFaxReview, Reason: "2 fields need a person", Since: at(1)}},
		Fields: []referral.Field{
			{Key: "patient_dob", Value: "1980-02-03", Confidence: 0.99, Box: [5]int{1, 1, 1, 1, 1}}, {Key: "patient_mrn", Value: "7?", Confidence: 0.4, Box: [5]int{2, 1, 1, 1, 1}},
			{Key: "reason", Value: strings.Repeat("pain ", 20), Confidence: 0.8},
		},
		Documents: []referral.Document{{ID: "B1", Kind: "request", ContentType: "image/tiff", Bytes: 1234, Name: "fax.tif"}, {ID: "B2", Kind: "report", ContentType: "application/pdf", Bytes: 99, Title: "Consultation note", Signed: true}},
	}
	events := []referral.Event{
		{Seq: 1, Type: referral.EventRequest, From: referral.StateDraft, To: referral.StateSent, EventTime: at(0), Actor: "channel:fax-inbox", Origin: "fax", Grade: referral.GradeB, EvidenceRef: "M1"},
		{Seq: 2, Type: referral.EventAccept, From: referral.StateSent, To: referral.StateAccepted, EventTime: at(1), Actor: "partner:lakeside", Origin: "direct", Grade: referral.GradeA, EvidenceRef: "M2", Implied: true},
		{Seq: 3, Type: referral.EventDecline, From: referral.StateAccepted, To: referral.StateDeclined, EventTime: at(2), Actor: "user:anna", Origin: "phone", Grade: referral.GradeC, Reason: "no_capacity", Note: "called back"},
	}
	due, done := at(59), at(3)
	v := console.ViewReferral(console.Listed{Referral: ref, Clock: referral.Clock{Name: "hold", Debtor: "us", Due: due}})
	v.Clock.Due = nil // a due date would show as late one day
	v.Events = console.ViewEvents(events)
	return console.Story{
		Referral: v, Record: ref, Events: events,
		Messages: []console.MessageView{{ID: "M1", Direction: "in", Channel: "fax-inbox", Type: "fax", State: "processed", ReceivedAt: &done, ReferralIDs: []string{ref.ID}}, {ID: "M2", Direction: "in"}},
		Deliveries: []console.DeliveryView{
			{ID: "D1", Event: "request", Partner: "lakeside", Rail: "direct", State: "dead", Created: &done, Attempts: make([]console.AttemptView, 3), Receipt: "550 no such user", Reason: "the next rail takes over"},
			{ID: "D2", Event: "request", Partner: "lakeside", Rail: "fax", State: "delivered", Created: &done, Attempts: make([]console.AttemptView, 1), Receipt: "done", Grade: "D", ProvenAt: &due, Replaces: "D1",
				LeftOut: []string{"2 results: older than agreed with this recipient", "1 attachment: not in the payload agreed with this recipient"}},
			{ID: "D3", Event: "accept", Partner: "our-ehr", Rail: "mllp", State: "failed", Created: &done, NextAttempt: &due, Attempts: make([]console.AttemptView, 2), Receipt: "unreachable"},
		},
		Work: []console.WorkView{{ID: "I1", Kind: "delivery_dead", Opened: &done, Count: 2, Note: "550 no such user"}, {ID: "I2", Kind: "question", Opened: &done, Resolved: &due, Count: 1, Note: "a question."}},
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := "testdata/" + name
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Error(diff)
	}
}

func TestShowPage(t *testing.T) {
	var b bytes.Buffer
	if err := printReferral(&b, sampleStory()); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(b.String(), "\x1b") {
		t.Error("what an outsider sent moves the cursor of the terminal")
	}
	golden(t, "show.want", b.Bytes())
}

func TestExplain(t *testing.T) {
	s := sampleStory()
	var lines []string
	for _, part := range [][]string{explainState(s), explainArrival(s), explainHolds(s), explainDeliveries(s), explainWork(s)} {
		lines = append(lines, part...)
	}
	var b bytes.Buffer
	if err := writeLines(&b, lines); err != nil {
		t.Fatal(err)
	}
	golden(t, "explain.want", b.Bytes())
}
