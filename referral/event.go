package referral

import "time"

// State of a referral.
type State string

// The states. StateClosed alone counts as closed.
const (
	StateDraft           State = "draft"
	StateSent            State = "sent"
	StateInfoRequested   State = "info_requested"
	StateAccepted        State = "accepted"
	StateNoCapacity      State = "no_capacity"
	StateScheduled       State = "scheduled"
	StateNoShow          State = "no_show"
	StateApptCancelled   State = "appt_cancelled"
	StateSeen            State = "seen"
	StateReportReceived  State = "report_received"
	StateClosed          State = "closed"
	StateCancelRequested State = "cancel_requested"
	StateCancelled       State = "cancelled"
	StateDeclined        State = "declined"
	StateEnded           State = "ended"
)

// EndReason says why a referral ended without being closed.
type EndReason string

// Reasons of StateEnded.
const (
	EndAdviceAnswered    EndReason = "advice_answered"
	EndPatientDeclined   EndReason = "patient_declined"
	EndUnreachable       EndReason = "unreachable"
	EndCompletedNoReport EndReason = "completed_no_report"
	EndExpired           EndReason = "expired"
	EndDuplicate         EndReason = "duplicate"
	EndEnteredInError    EndReason = "entered_in_error"
	EndCancelUnconfirmed EndReason = "cancel_unconfirmed"
)

// EventType says what happened.
type EventType string

// The events.
const (
	EventRequest           EventType = "request"            // a referral is asked for (OMG^O19, REF^I12, ORM NW, fax)
	EventChange            EventType = "change"             // the request is changed (REF^I13, ORM XO)
	EventStatusQuery       EventType = "status_query"       // REF^I15
	EventAccept            EventType = "accept"             // OSU OK/IP, RRI A
	EventDecline           EventType = "decline"            // OSU UA/CA, RRI R
	EventNoCapacity        EventType = "no_capacity"        // accepted, but waiting for a place
	EventAsk               EventType = "ask"                // the recipient asks for information
	EventAnswer            EventType = "answer"             // the initiator answers
	EventSchedule          EventType = "schedule"           // SIU S12
	EventReschedule        EventType = "reschedule"         // SIU S13, S14
	EventNoShow            EventType = "no_show"            // SIU S26
	EventCancelAppointment EventType = "cancel_appointment" // SIU S15, S17
	EventSeen              EventType = "seen"               // the visit took place
	EventInterim           EventType = "interim"            // interim note, loop stays open
	EventReport            EventType = "report"             // the outcome
	EventRelayed           EventType = "relayed"            // the report is with the initiator's workflow, proven
	EventRelayLost         EventType = "relay_lost"         // that proof was withdrawn (later AE, corrected report)
	EventCancel            EventType = "cancel"             // the initiator asks to cancel
	EventConfirmCancel     EventType = "confirm_cancel"     // OSU CR
	EventRefuseCancel      EventType = "refuse_cancel"      // OSU UC
	EventResend            EventType = "resend"             // redirect or re-open a declined referral
	EventEnd               EventType = "end"                // staff end it, with an EndReason
	EventVerify            EventType = "verify"             // staff confirmed or corrected fields
	EventHold              EventType = "hold"               // a hold was opened
	EventRelease           EventType = "release"            // a hold was closed
	EventDelivery          EventType = "delivery"           // a delivery fact worth showing (proof, failure, next rail)
	EventPatientUpdate     EventType = "patient_update"     // ADT A40, A08, A31
	EventFaxSent           EventType = "fax_sent"           // staff sent the fax by hand
	EventTake              EventType = "take"               // one of our people takes the case
	EventSplit             EventType = "split"              // pages of the paper go to another case
	EventAttach            EventType = "attach"             // pages of another paper come to this case
	EventNotOurs           EventType = "not_ours"           // it came to the wrong practice
	EventAnomaly           EventType = "anomaly"            // stored, shown, moves nothing
)

// Side is who speaks in an event.
type Side string

// The sides. SideDaemon is us without a person (timers, proofs).
const (
	SideInitiator Side = "initiator"
	SideRecipient Side = "recipient"
	SideDaemon    Side = "daemon"

	// SideOwn stands only in rows of the table: our own role's side, whichever that is.
	SideOwn Side = "own"
)

// Grade is the quality of evidence: A structured and authenticated, or our own authenticated user; B a human of the counterpart by
// a secret or signed paper; C told by phone; D inferred by a machine.
type Grade string

// The grades.
const (
	GradeA Grade = "A"
	GradeB Grade = "B"
	GradeC Grade = "C"
	GradeD Grade = "D"
)

// Origins of an event: a rail, or a person.
const (
	OriginMLLP   = "mllp"
	OriginDirect = "direct"
	OriginFax    = "fax"
	OriginFile   = "file"
	OriginFHIR   = "fhir"
	OriginLink   = "link"
	OriginPhone  = "phone"
	OriginStaff  = "staff"
	OriginDaemon = "daemon"
)

// Event is one thing that happened to a referral, with its evidence. The caller fills everything but Seq, From, To and Implied,
// which Apply sets.
type Event struct {
	Seq         int       `json:"seq"`
	EventTime   time.Time `json:"event_time"`   // when it happened, by the sender's word
	ReceiveTime time.Time `json:"receive_time"` // when it was archived here
	Type        EventType `json:"type"`
	From        State     `json:"from"`
	To          State     `json:"to"`
	By          Side      `json:"by"`
	Actor       string    `json:"actor"`  // local user, partner id, Direct address; never a patient
	Origin      string    `json:"origin"` // mllp, direct, fax, staff ...
	Grade       Grade     `json:"grade"`
	Implied     bool      `json:"implied,omitempty"`
	EvidenceRef string    `json:"evidence_ref,omitempty"` // id of the message that says so
	ConfigHash  string    `json:"config_hash,omitempty"`
	Reason      string    `json:"reason,omitempty"` // coded reason (decline, cancel, end)
	Note        string    `json:"note,omitempty"`   // words of a person; may hold patient data, sealed in the store

	Payload Payload `json:"payload,omitzero"`
}

// Payload is what an event carries besides the fact.
type Payload struct {
	Record      *Referral    `json:"record,omitempty"`      // request, change: the record as sent; only its content fields count
	Patient     *Patient     `json:"patient,omitempty"`     // the patient as this message names them: compared, and merged only by patient_update
	Appointment *Appointment `json:"appointment,omitempty"` // schedule, reschedule, no_show, cancel_appointment
	Documents   []Document   `json:"documents,omitempty"`   // interim, report, answer
	Identifiers []Identifier `json:"identifiers,omitempty"` // foreign identifiers this event brings
	Recipient   *Party       `json:"recipient,omitempty"`   // redirect, or who accepted
	Hold        *Hold        `json:"hold,omitempty"`        // hold, release
	EndReason   EndReason    `json:"end_reason,omitempty"`
	Fields      []Field      `json:"fields,omitempty"` // verify
	Left        []int        `json:"left,omitempty"`   // split: the number that each page of the old paper has on the one that is left; 0: it went
	Chosen      *Patient     `json:"chosen,omitempty"` // verify: the patient of the practice's own list whom a person chose
	Promise     time.Time    `json:"promise,omitzero"` // accept with a promised date
	Delivery    string       `json:"delivery,omitempty"`
	Digest      string       `json:"digest,omitempty"` // digest of the content, for echo

	Of         int       `json:"of,omitempty"`          // relayed, relay_lost: seq of the report that the proof is about; 0: the newest
	Second     string    `json:"second,omitempty"`      // relayed with grade C: the second person, another than Actor
	FaxClosure bool      `json:"fax_closure,omitempty"` // relayed with grade D: the site accepts far-end confirmation to a verified number
	Said       EventType `json:"said,omitempty"`        // anomaly: what the message said
}

// HoldKind says why a person must look.
type HoldKind string

// Kinds of holds (loop.md section 3; fax_review is ours).
const (
	HoldConsent      HoldKind = "consent"
	HoldPart2        HoldKind = "part2_review"
	HoldMatch        HoldKind = "match_review"
	HoldCompleteness HoldKind = "completeness"
	HoldCapacity     HoldKind = "capacity"
	HoldManual       HoldKind = "manual"
	HoldFaxReview    HoldKind = "fax_review"
)

// Hold is a reason why a person must look before something goes on.
type Hold struct {
	Kind    HoldKind  `json:"kind"`
	Reason  string    `json:"reason"` // plain words, no patient data
	Owner   string    `json:"owner,omitempty"`
	Since   time.Time `json:"since"`
	Expires time.Time `json:"expires,omitzero"`
}

// Clock is the one running debt: who owes what, since when (loop.md section 6). It is derived, never stored as state.
type Clock struct {
	Name   string    `json:"name,omitempty"`   // send, deliver, respond, answer, book, ...
	Debtor string    `json:"debtor,omitempty"` // us, initiator, recipient, or the hold's owner
	Since  time.Time `json:"since,omitzero"`
	Due    time.Time `json:"due,omitzero"` // when it pages
	Warn   time.Time `json:"warn,omitzero"`
}

// Effect is what must be done because of an event. Apply returns effects; the engine routes and queues them.
type Effect struct {
	Kind  EffectKind `json:"kind"`
	Tell  Side       `json:"tell,omitempty"`  // tell, relay, cancel_queued: whom. Our role's side means our own systems, the other side the counterpart
	Event EventType  `json:"event,omitempty"` // tell, relay: what
	Seq   int        `json:"seq"`             // the event it belongs to; the shipment shows the referral as of this seq
	Item  string     `json:"item,omitempty"`  // item: kind of worklist item
	Note  string     `json:"note,omitempty"`  // plain words without patient data
}

// EffectKind says what kind of effect it is.
type EffectKind string

// The effects.
const (
	EffectTell         EffectKind = "tell"          // send the event to that side
	EffectRelay        EffectKind = "relay"         // the report must reach the initiator's workflow with proof
	EffectItem         EffectKind = "item"          // open a worklist item
	EffectCancelQueued EffectKind = "cancel_queued" // deliveries not yet sent are void
	EffectFreeze       EffectKind = "freeze"        // wrong patient: relay nothing
)

// Result is what Apply returns: the new referral, the events to append in order (implied ones first, seq set), and the effects.
type Result struct {
	Referral  Referral
	Events    []Event
	Effects   []Effect
	Anomalies []Anomaly
	Echo      bool // same content from the same origin: recorded once before, nothing to do
}

// Anomaly is something odd that was noticed: stored, shown, never dropped.
type Anomaly struct {
	Kind string // unknown_referral, wrong_patient, patient_differs, not_allowed, late_fact, control_id_reused, duplicate_id, out_of_order
	Note string // plain words without patient data
}
