package referral_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	. "refloop/referral"
)

func TestRefusalUnderFaxReviewNamesTheWaysOut(t *testing.T) {
	r := fax(t).Referral
	_, err := Apply(r, staff(EventAccept, SideRecipient))
	var no *Refusal
	if !errors.As(err, &no) {
		t.Fatalf("got %v, want a refusal", err)
	}
	for _, want := range []string{"still look at reason;", "verify --set -", "release --hold fax_review --reason CODE"} {
		if !strings.Contains(no.Want, want) {
			t.Errorf("got %q, want %q in it", no.Want, want)
		}
	}
	e := staff(EventRelease, SideRecipient)
	e.Reason, e.Payload.Hold = "seen_on_paper", &Hold{Kind: HoldFaxReview}
	if got := apply(t, r, e); len(got.Referral.Holds) != 0 || !slices.Contains(Actions(r, RoleRecipient), Action("release")) {
		t.Errorf("released: got holds %v", got.Referral.Holds)
	}
}

func TestVerifyConfirmsFieldsWithoutValue(t *testing.T) {
	r := fax(t).Referral
	r.Fields = append(slices.Clone(r.Fields), Field{Key: "patient_mrn", Confidence: 0.1})
	if got := apply(t, r, staff(EventVerify, SideRecipient)).Referral; len(got.Holds) != 0 || len(got.Unread()) != 0 {
		t.Errorf("got holds %v, unread %v", got.Holds, got.Unread())
	}
}

func TestByPhone(t *testing.T) {
	if got := ByPhone(inState(RoleInitiator, StateSent)); !slices.Contains(got, Action("accept")) {
		t.Errorf("sent: got %v, want accept among them", got)
	}
	if got := ByPhone(inState(RoleInitiator, StateCancelRequested)); slices.Contains(got, Action("accept")) || slices.Contains(got, Action("confirm-cancel")) {
		t.Errorf("cancel_requested: got %v, want neither accept nor confirm-cancel", got)
	}
}

func TestSameBytesByAnotherAuthorAreACorrection(t *testing.T) {
	e := staff(EventReport, SideRecipient)
	e.Payload.Documents = []Document{{ID: "D1", SHA256: "s", Signed: true, AuthorNPI: "1245319599"}}
	r := apply(t, inState(RoleRecipient, StateSeen), e).Referral
	e.Payload.Documents = []Document{{ID: "D2", SHA256: "s", Signed: true, AuthorNPI: "1245319599"}}
	if got := apply(t, r, e); !got.Echo {
		t.Error("the same author: want an echo")
	}
	e.Payload.Documents = []Document{{ID: "D3", SHA256: "s", Signed: true, AuthorNPI: "1548261035"}}
	if got := apply(t, r, e); got.Echo || got.Referral.ReportSeq == r.ReportSeq {
		t.Error("another author: got an echo, want a corrected report")
	}
}
