package console

import (
	"strings"
	"testing"

	"refloop/referral"
)

// TestNextOfFax looks that the advice for a fax fits why it became no referral.
func TestNextOfFax(t *testing.T) {
	for note, want := range map[string]string{
		"fax: it looks like other, not like a referral; a person must file it":        "accept-as --kind referral",
		"pages of several patients: a person must split the fax":                      "split --pages PAGES",
		"fax: a mail without a fax attached; want TIFF, PDF, PNG or JPEG":             "ask the sender to send it again",
		"fax: pdf: got an encrypted file, want one that anybody may open":             "ask the sender to send it again",
		"fax: its pages carry the codes of several referrals; a person must split it": "split --pages PAGES",
	} {
		next := nextOfItem(referral.Incident{ID: "I1", Kind: "message_held", MessageID: "M1", Note: note})
		if !strings.Contains(next, want) || strings.Contains(next, "1-2") {
			t.Errorf("%s: got %q, want %q in it", note, next, want)
		}
		if strings.Contains(want, "ask") && strings.Contains(next, "split") {
			t.Errorf("%s: got %q, want no advice to split what cannot be read", note, next)
		}
	}
	untold := nextOfItem(referral.Incident{ID: "I1", Kind: "message_failed", MessageID: "M1", Note: referral.NoteUntold + "RF1-6 is empty"})
	if !strings.Contains(untold, "tell the sender") || strings.Contains(untold, "configuration") {
		t.Errorf("a refusal without an answer: got %q, want the sender told", untold)
	}
	wrong := nextOfItem(referral.Incident{Kind: "anomaly.fax_wrong_number", ReferralID: "R1", MessageID: "M1"})
	if !strings.Contains(wrong, "privacy officer") || !strings.Contains(wrong, "messages show M1 --raw") {
		t.Errorf("wrong number: got %q, want the privacy officer and the page", wrong)
	}
	unclear := nextOfItem(referral.Incident{Kind: "anomaly.fax_reply_unclear", ReferralID: "R1", MessageID: "M1"})
	if !strings.Contains(unclear, "messages show M1 --raw") || !strings.Contains(unclear, "act R1 accept") {
		t.Errorf("unclear reply: got %q, want the page and how to record what it says", unclear)
	}
	if got := nameRaw(unclear, "application/pdf"); !strings.Contains(got, "> fax.pdf") {
		t.Errorf("file name: got %q, want fax.pdf", got)
	}
}
