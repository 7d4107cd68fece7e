package transform

import (
	"time"

	"refloop/channels"
	"refloop/referral"
	"refloop/transform/rules"
)

// Channel is what decoding needs of a channel's configuration.
type Channel struct {
	Name        string
	Type        string
	Partner     string   // who speaks here; empty: the message decides
	Validate    string   // strict, lenient, off
	Charset     string   // when MSH-18 says nothing
	Processing  []string // MSH-11 that is taken: P, T, D; nil: P alone
	ReviewBelow float64
	Patients    bool       // ADT keeps the practice's own patients
	Rules       *rules.Set // nil: none
}

// Source is one opened message with all that decoding may look at.
type Source struct {
	Message   channels.Archived
	Opened    channels.Opened
	Channel   Channel
	Directory *Directory
	Watch     *Watch // notes what is read and looked up; nil: nothing is noted
	SaidKind  string // fax: what a person says that the paper is, referral or imaging_order; empty: what was read decides
}

// Decoded is what a message says.
type Decoded struct {
	Type      string // refined message type
	Partner   string // who speaks; empty: unknown
	Ignore    string // the rule by which it is ignored; empty: not ignored
	Hold      string // why a person must look at the message itself (unknown sender, a rule that failed)
	Verdict   channels.Verdict
	Problems  []channels.Problem
	Facts     []Fact
	Patients  []PatientNews // what an ADT says of the practice's own patients
	Documents []Body        // bytes of the documents that facts name
}

// PatientNews is what a message says of one of the practice's own patients.
type PatientNews struct {
	Patient referral.Patient
	Former  referral.Identifier // ADT^A40: the number that is merged into the patient's; zero: none
}

// Body is the bytes of a document that a fact brings. Document.ID is empty until the engine gives one; Index ties them.
type Body struct {
	Document referral.Document
	Fact     int // index of the fact it belongs to
	Bytes    []byte
}

// Fact is one event of one referral.
type Fact struct {
	// Ref names the referral, strongest first. An identifier without an authority carries "partner:<id>".
	Ref []referral.Identifier
	// Event has type, times, actor, origin, grade and payload; By, EvidenceRef and ConfigHash are the engine's.
	Event referral.Event
	// IfCancelPending replaces Event.Type when a cancellation is asked for and not answered (360x.md 4.3: SC+CA, OC+CA).
	IfCancelPending referral.EventType
	// IfKnown replaces Event.Type when the referral exists already (a second NW from the initiator with other content, an OMG outcome).
	IfKnown referral.EventType
	// Creates: a referral is made when none is known.
	Creates bool
	// IgnoreUnknown is the rule that turns the fact away when it speaks of no known referral: a cancelled or changed order that the channel's
	// when does not count. Empty: an unknown one is for a person.
	IgnoreUnknown string `json:",omitempty"`
	// Feed: one message of a whole hospital's feed; without a referral and an open one of the patient it is ignored and counted.
	Feed bool
	// Answers is the control ID of the message of ours that this one answers (MSA-2): it names the referral when no number does.
	Answers string `json:",omitempty"`
	// Within is how long after its page was sent an answer on paper counts by itself; zero: for ever. A later one is for a person.
	Within time.Duration `json:",omitempty"`
	// Test: said by test or training traffic (MSH-11 T or D). It makes test referrals and moves no other.
	Test bool `json:",omitempty"`

	final  bool     // the message says that its documents are final, whatever the event
	other  bool     // a part names a patient who differs: Event.Payload.Patient is that one
	doubts []string // what in the message does not fit together, in words without patient data: a person must look
}

// Target is where one event goes.
type Target struct {
	Partner    Partner
	Rail       Rail
	Own        Organization
	DeliveryID string
	ControlID  string
	CopyOf     string    // rail type of the first copy, when this one is a copy
	At         time.Time // when it was queued: the time every document in it carries
	Basis      string    // consent or other basis on which a record under 42 CFR Part 2 goes; said with the notice (42 CFR 2.32); empty: none recorded

	left []string // what the rail's profile keeps back: said in the document
}
