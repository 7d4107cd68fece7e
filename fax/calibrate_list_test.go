package fax

import (
	"encoding/json"
	"testing"
)

// TestCalibrationRises: more evidence is never worth less, and nothing is certain.
func TestCalibrationRises(t *testing.T) {
	var points []struct{ Score, Right float64 }
	if err := json.Unmarshal(calibrationTable, &points); err != nil {
		t.Fatal(err)
	}
	if len(points) < 2 || points[0].Score != 0 || points[len(points)-1].Score != 1 {
		t.Fatalf("got %d points, want some from 0 to 1", len(points))
	}
	for i, p := range points {
		if p.Right < 0 || p.Right >= 1 || i > 0 && (p.Score <= points[i-1].Score || p.Right < points[i-1].Right) {
			t.Errorf("point %d: got %v, want a higher score and a share under 1 that does not fall", i, p)
		}
	}
	for s := 0.0; s <= 1; s += 0.01 {
		if c := Calibrated(s); c < 0 || c >= 1 || c < Calibrated(s-0.01) && s > 0.01 {
			t.Errorf("score %.2f: got %v", s, c)
		}
	}
}

// TestListsNeedMoreEvidence: two readings can make the same mistake where nothing checks a value.
func TestListsNeedMoreEvidence(t *testing.T) {
	for _, key := range []string{"medications", "allergies", "reason", "payer_name", "patient_last"} {
		if got := Calibrated(0.89 - loss(key)); got >= 0.95 {
			t.Errorf("%s: got %v where a date just passes the line, want it under 0.95", key, got)
		}
	}
	if got := Calibrated(0.9 - loss("patient_dob")); got < 0.95 {
		t.Errorf("patient_dob: got %v, want it over 0.95", got)
	}
}
