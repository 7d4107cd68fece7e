package transform

import (
	"testing"

	"refloop/ccda"
)

// A document that lists NKDA as if it were a substance says none, as AL1 and paper do.
func TestNoKnownAllergiesInADocument(t *testing.T) {
	for text, want := range map[string]bool{"NKDA": true, "No known drug allergies": true, "Penicillin": false} {
		if got := allergyFrom(ccda.Entry{Kind: ccda.KindAllergy, Code: ccda.Code{Display: text}}); got.None != want {
			t.Errorf("%s: got %+v, want none %t", text, got, want)
		}
	}
}
