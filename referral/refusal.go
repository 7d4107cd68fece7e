package referral

import (
	"fmt"
	"strings"
)

// Code says why an event was refused.
type Code string

// Codes of a Refusal.
const (
	CodeUnknownEvent  Code = "unknown_event"  // no row of the table knows it
	CodeWrongSide     Code = "wrong_side"     // another side may say it, this one never
	CodeNotAllowed    Code = "not_allowed"    // not in this state
	CodeWeakEvidence  Code = "weak_evidence"  // the grade does not carry it
	CodeWrongPatient  Code = "wrong_patient"  // our own staff named another patient
	CodeNeedsDocument Code = "needs_document" // a report without a document
	CodeNeedsReason   Code = "needs_reason"   // a coded reason is missing or does not fit
	CodeNeedsHold     Code = "needs_hold"     // hold or release without a known kind of hold
	CodeNeedsProof    Code = "needs_proof"    // a proof that names neither its delivery nor its message
	CodeHeld          Code = "held"           // a hold must be released first
)

// Refusal is the answer to an event that may not happen now. It holds no patient data.
type Refusal struct {
	Event   EventType
	State   State
	Code    Code
	Want    string      // what would have been right, in plain words
	Allowed []EventType // what the same side may say now, as an action
}

// Error names the event, the state, what was wanted and what is allowed.
func (r *Refusal) Error() string {
	allowed := "nothing now"
	if len(r.Allowed) > 0 {
		words := make([]string, len(r.Allowed))
		for i, e := range r.Allowed {
			words[i] = string(e)
		}
		allowed = strings.Join(words, ", ")
	}
	return fmt.Sprintf("referral: %s in state %s: got %s, want %s; allowed: %s", r.Event, r.State, r.Code, r.Want, allowed)
}

// Anomaly makes of a refused event the one that stores it: for facts that came in by wire and must not be lost. Apply takes it in
// every state and opens a worklist item.
func (r *Refusal) Anomaly(e Event) Event {
	e.Payload.Said, e.Type, e.Reason = e.Type, EventAnomaly, string(r.Code)
	if e.By != SideInitiator && e.By != SideRecipient {
		e.By = SideDaemon
	}
	return e
}

// refuse builds the refusal of e.
func refuse(r Referral, e Event, code Code, want string) *Refusal {
	return &Refusal{Event: e.Type, State: r.State, Code: code, Want: want, Allowed: allowed(r, e)}
}
