package report_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"refloop/referral"
	"refloop/report"
)

func TestOfFaxes(t *testing.T) {
	at := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	read := []referral.Field{
		{Key: "patient_last", Value: "Testperson", Confidence: 0.97}, {Key: "patient_first", Value: "Berla", Confidence: 0.8},
		{Key: "reason", Value: "Palpitations", Confidence: 0.85}, {Key: "patient_phone", Value: "6085550111", Confidence: 0.96},
	}
	verified := []referral.Field{
		{Key: "patient_last", Value: "TESTPERSON", Confidence: 0.97, Confirmed: true}, {Key: "patient_first", Value: "Berta", Confidence: 0.8, Confirmed: true},
		{Key: "reason", Value: "palpitations.", Confidence: 0.85, Confirmed: true}, {Key: "patient_phone", Value: "6085550111", Confidence: 0.96, Confirmed: true},
		{Key: "patient_dob", Value: "1954-11-18", Confidence: 1, Confirmed: true},
	}
	done := report.FaxCase{Read: read, Now: referral.Referral{Created: at, Fields: verified, Initiator: referral.Party{Partner: "gp"}}, Events: []referral.Event{
		{Type: referral.EventVerify, ReceiveTime: at.Add(4 * time.Minute)},
		{Type: referral.EventRelease, ReceiveTime: at.Add(5 * time.Minute), Payload: referral.Payload{Hold: &referral.Hold{Kind: referral.HoldFaxReview}}},
	}}
	waiting := report.FaxCase{Read: read, Now: referral.Referral{Created: at, Fields: read}}
	got := report.OfFaxes([]report.FaxCase{done, waiting, {}})
	if want := (report.Counts{Read: 8, Untouched: 4, Confirmed: 1, Edited: 1, Waiting: 2, Added: 1}); got.Fields != want {
		t.Errorf("fields: got %+v, want %+v", got.Fields, want)
	}
	if got.Faxes != 2 || got.Reviewed != 1 || got.Minutes != (report.Minutes{N: 1, Median: 5, P90: 5}) {
		t.Errorf("got %d faxes, %d reviewed, %+v, want 2, 1 and 5 minutes", got.Faxes, got.Reviewed, got.Minutes)
	}
	var band report.Band
	for _, b := range got.Bands {
		if b.From == 0.8 {
			band = b
		}
	}
	if band.N != 2 || band.Right != 1 || band.Mean != 0.825 || band.Share != 0.5 || band.Low > 0.1 || band.High < 0.9 {
		t.Errorf("band from 0.8: got %+v, want 1 of 2 right at 0.825", band)
	}
	if len(got.Senders) != 2 || got.Senders[0].Partner != "gp" || got.Senders[0].Edited != 1 || got.Senders[1].Partner != "unknown" || got.Senders[1].Waiting != 2 {
		t.Errorf("senders: got %+v", got.Senders)
	}
	b, err := json.Marshal(got)
	if err != nil || strings.Contains(strings.ToLower(string(b)), "testperson") || strings.Contains(string(b), "1954") {
		t.Errorf("the report holds patient data (%v)", err)
	}
	if empty := report.OfFaxes(nil); empty.Faxes != 0 || len(empty.Bands) == 0 {
		t.Errorf("nothing: got %+v", empty)
	}
}
