package console

import (
	"strings"
	"testing"

	"refloop/referral"
)

func TestPart2IsSaid(t *testing.T) {
	r := referral.Referral{ID: "R1", Confidentiality: referral.Confidentiality{Part2: true}, Holds: []referral.Hold{{Kind: referral.HoldFaxReview, Reason: "to be looked at: reason"}}}
	items := ViewHolds(r)
	if len(items) != 1 || !items[0].Part2 || !strings.HasPrefix(items[0].Note, Part2Words) {
		t.Errorf("worklist: got %+v, want the hold with the words of 42 CFR Part 2", items)
	}
	if !ViewReferral(Listed{Referral: r}).Part2 {
		t.Error("show --json: got part2 false, want true")
	}
	r.Confidentiality = referral.Confidentiality{}
	if items = ViewHolds(r); items[0].Part2 || strings.Contains(items[0].Note, "Part 2") {
		t.Errorf("worklist: got %+v of a referral that is not protected", items)
	}
}
