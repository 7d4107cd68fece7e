package engine

import (
	"strings"

	"refloop/referral"
)

// inWords says in plain words why the state machine refused, and what it takes. That the state does not allow it is said beside it.
func inWords(r *referral.Refusal) string {
	why := map[referral.Code]string{
		referral.CodeWrongSide: "only the other side may say it", referral.CodeWeakEvidence: "the evidence is too weak", referral.CodeWrongPatient: "it names another patient",
		referral.CodeNeedsDocument: "a document is missing", referral.CodeNeedsReason: "a reason is missing", referral.CodeNeedsHold: "no such hold is open",
		referral.CodeNeedsProof: "a proof is missing", referral.CodeHeld: "a hold keeps it back",
	}[r.Code]
	if why == "" && r.Code == referral.CodeNotAllowed && !strings.HasPrefix(r.Want, "a state ") {
		return "wanted is " + r.Want
	}
	if why == "" {
		return ""
	}
	return why + "; wanted is " + r.Want
}

// notARecipient refuses a partner that no referral can go to, and names those that one can.
func notARecipient(set *Setup, id string, own bool) error {
	var others []string
	for _, p := range set.Directory.Partners {
		if !p.Own {
			others = append(others, p.ID)
		}
	}
	if own {
		return wrongInput("recipient_partner: got %q, which is our own side, want one of %s", id, strings.Join(others, ", "))
	}
	return wrongInput("recipient_partner: got %d characters, want the id of a partner in the configuration: %s", len(id), strings.Join(others, ", "))
}
