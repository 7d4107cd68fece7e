package fax

import "testing"

// Columns that run into each other give an allergen as a medication: free lists are never accepted untouched at the usual line.
func TestFreeListsAreAlwaysLookedAt(t *testing.T) {
	for _, key := range []string{"medications", "allergies", "reason"} {
		if got := calibrated(key, 1); got >= 0.95 {
			t.Errorf("%s: got %v at the best score, want it under 0.95", key, got)
		}
	}
	if got := calibrated("patient_dob", 1); got < 0.95 {
		t.Errorf("patient_dob: got %v at the best score, want it over 0.95", got)
	}
}
