// Package channels is the contract between a rail (channels/<type>) and the engine.
//
// A rail moves bytes: it frames, authenticates, wraps and unwraps. It knows nothing of referrals. The engine archives, decides and
// queues; it knows nothing of sockets. Both sides see only the types of this package, which imports nothing of ours.
//
// The way in:  bytes -> Inbound -> Handler.Receive (archived, one commit) -> answer; Preparer.Prepare -> Channel.Open -> parts.
// The way out: Shipment -> Sender.Pack (once, archived) -> Outbound -> Sender.Send -> Receipt.
package channels

import (
	"context"
	"errors"
	"time"
)

// Rail and channel types: the `type:` of the YAML file and the name of the rail's folder.
const (
	MLLP   = "mllp"
	Direct = "direct"
	Fax    = "fax"
	File   = "file"
)

// ErrStorage wraps every failure of Handler.Receive that left nothing behind: the bytes are not archived and the sender must keep
// them. SMTP answers 451, MLLP closes or answers CR/AR with 207.
var ErrStorage = errors.New("channels: the message could not be stored")

// ErrBusy is returned by Budget.Take when limits.memory is used up. SMTP answers 452, MLLP stops reading.
var ErrBusy = errors.New("channels: the memory for open intake is used up; try again later")

// Inbound is one message as it came, before anything was made of it.
type Inbound struct {
	Channel     string // name of the channel in the YAML file
	Partner     string // partner the channel is bound to or the peer proved to be; empty: not known yet
	Peer        string // network address of the peer, or the folder; never patient data
	Type        string // first guess: REF^I12, direct/mail, fax, file; Open may refine it
	ContentType string // x-application/hl7-v2+er7, message/rfc822, image/tiff, application/pdf
	ControlID   string // MSH-10, or the Message-ID with angle brackets; empty when the rail has none
	Sender      string // whose control IDs these are: MSH-3|MSH-4, the envelope sender, the partner
	Recipient   string // envelope recipient of mail; empty elsewhere
	Body        []byte // the bytes; the engine owns them after the call
	Evidence    []byte // what was judged at receipt (JSON of the rail), handed to Open again; nil when Prepare makes it
	Refused     string // a reason: archive as `refused`, do nothing more, answer nothing
	Later       bool   // answer after the archive; the engine goes on in the background (Direct, fax)

	// Answer renders the rail's answer from the outcome (an ACK). It is called before the commit, again when a commit is tried again, must be
	// pure and quick, and what it returns is kept with the message, so that a duplicate gets the same bytes again. Nil: no answer.
	Answer func(Outcome) []byte
	// Says names in the rail's own codes what an answer tells the sender, for listings: AA, or CA AE for two. Empty: nothing was answered.
	// Nil: AA, AE or AR by the verdict.
	Says func(answer []byte) string
}

// Verdict is what an answer tells the sender.
type Verdict int

const (
	// Taken: stored and taken up, also when held or ignored (AA).
	Taken Verdict = iota
	// Repair: the sender must repair the content and send it again (AE).
	Repair
	// Reject: refused as such: type, version or processing ID (AR).
	Reject
)

// Problem is one thing wrong with a message, in words for the sender. Text never quotes patient data.
type Problem struct {
	Location string // segment path with its index: PID[1]-3, ORC[2]-2; empty: the message as a whole
	Code     string // HL7 table 0357: 100 segment sequence, 101 required field missing, 102 data type, 103 table value, 200..207
	Severity string // E error, W warning, I information
	Text     string // plain words: what was got, what was wanted
}

// Outcome is what became of an Inbound.
type Outcome struct {
	MessageID   string
	ReceivedAt  time.Time // when it was archived; the answer's time too, so that answers are deterministic
	State       string    // received, processed, ignored, duplicate, held, failed, refused
	Reason      string    // for people; no patient data
	Verdict     Verdict
	Problems    []Problem
	ReferralIDs []string
	Answer      []byte // what goes back to the sender: rendered now, or for a duplicate the stored bytes
}

// Handler takes what rails bring. The engine implements it.
type Handler interface {
	// Receive archives in and, unless in.Later, does all of the first block of the design before it returns: decode, correlate,
	// apply, route, queue, in one commit. When it returns a nil error the message is durable. An error wraps ErrStorage.
	Receive(ctx context.Context, in Inbound) (Outcome, error)

	// Confirm takes a late receipt for a delivery that is not a message of its own (a fax gateway's status file, a late ACK).
	// It is durable when it returns nil. Unknown deliveries are recorded, not refused.
	Confirm(ctx context.Context, r Receipt) error
}

// BatchHandler is implemented by handlers that take many messages with few commits.
type BatchHandler interface {
	// ReceiveAll is Handler.Receive of each message in turn: each is applied after the one before and has an outcome of its own, in the same
	// order. An error is of the message after the last outcome: those with an outcome are durable, the others left nothing behind.
	ReceiveAll(ctx context.Context, list []Inbound) ([]Outcome, error)
}

// Budget is the one byte budget of all open intake (limits.memory).
type Budget interface {
	Take(n int) error // ErrBusy when over; nothing was taken then
	Give(n int)
}

// Archived is a message read back from the archive, with what was judged at its receipt. Open sees nothing else.
type Archived struct {
	ID, Channel, Partner, Peer, Type, ContentType, ControlID, Sender, Recipient string

	ReceivedAt time.Time
	Body       []byte
	Evidence   []byte
}

// Kinds of parts.
const (
	KindHL7    = "hl7v2"  // one HL7 v2 message
	KindCDA    = "cda"    // a CDA document
	KindPDF    = "pdf"    // application/pdf
	KindImage  = "image"  // TIFF, PNG, JPEG
	KindText   = "text"   // plain text a person wrote
	KindFields = "fields" // JSON of fields with confidence and place (fax)
	KindLetter = "letter" // JSON of fax.Letter: pages to draw
	KindJSON   = "json"   // the canonical record for chart import
	KindOther  = "other"
)

// Part is one piece of content, in or out.
type Part struct {
	Kind        string // one of the kinds above
	Name        string // file name when there is one; never trusted as a path
	ContentType string
	FormatCode  string // XDS format code when known
	Title       string
	Body        []byte
	Attrs       map[string]string // rail's facts about the part: referral_id and referral_authority from XDM, page_count, ...
}

// Opened is what a rail found inside an archived message.
type Opened struct {
	Type      string // refined type: direct/360x, direct/mail, direct/mdn.processed, direct/mdn.dispatched, direct/mdn.failed, direct/dsn
	ControlID string // refined: the protected Message-ID; empty: as archived
	Sender    string // proven sender, e.g. the Direct address whose certificate signed; empty: as archived
	Partner   string // partner proven by the content's authentication; empty: as archived
	Recipient string
	Refused   string // untrusted: the message ends `refused`, nothing is sent back
	Parts     []Part
	Receipts  []Receipt // MDNs and DSNs: receipts for deliveries of ours
	Warnings  []string  // forgiven defects, in words without patient data
	// Hold says why a person must look before anything of it is taken: a document that is not the one its metadata describes, a package that
	// breaks a rule its partner must keep. Empty: nothing stands against it. Doubts are what does not fit together in it: a person sees
	// them, as a hold or an anomaly of the referral. Both without patient data.
	Hold   string
	Doubts []string
}

// Channel is a configured way in.
type Channel interface {
	// Run serves until take ends, gives work in hand until hold ends, and leaves no goroutine behind.
	Run(take, hold context.Context) error
	// Open unwraps an archived message: a pure function of its bytes, its evidence, the configuration and the keys.
	Open(a Archived) (Opened, error)
}

// Ready is implemented by channels that can say whether they are open for traffic. A nil error means yes; it tells stuck from idle.
type Ready interface{ Ready() error }

// Preparer is implemented by channels that need one slow or impure step between the archive and Open: OCR, trust with revocation.
// What it returns is sealed and kept with the message, so that reprocessing starts there.
type Preparer interface {
	Prepare(ctx context.Context, a Archived) (evidence []byte, err error)
}

// Staged is implemented by preparers whose sources know something at receipt that must stay: Inbound.Evidence is then the first stage. Prepare
// is given what is there, also when a message is read again, and returns it with what it found.
type Staged interface {
	// Prepared tells whether Prepare has been.
	Prepared(evidence []byte) bool
}

// Notifier is implemented by channels whose senders expect notices (Direct: processed, dispatched, failed; MLLP: the application
// acknowledgement on a connection of its own). The engine queues each notice as a delivery in the same commit as the outcome, at most one of
// each event a message. Of a duplicate that is answered again the outcome has that answer.
type Notifier interface {
	Notices(a Archived, o Opened, out Outcome) []Notice
}

// Notice is an answer that travels as a message of its own.
type Notice struct {
	Event   string // mdn.processed, mdn.dispatched, mdn.failed, ack.application
	Rail    string // rail type that carries it
	Lane    string // which sender carries it; empty: the one for notices of its rail type
	Address string // to whom
	From    string // which of our addresses speaks
	About   string // control ID it answers
	Detail  string // reason of a failure in plain words, without patient data
	Final   bool   // X-DIRECT-FINAL-DESTINATION-DELIVERY was asked for

	Evidence []byte // rail's own: what Pack needs besides, such as the signer's certificate; nil when nothing
}

// Shipment is one event rendered for one rail: what Pack turns into the bytes that travel.
type Shipment struct {
	DeliveryID string
	ReferralID string // the value alone
	Authority  string // its assigning authority (OID)
	Event      string // request, accept, schedule, report, mdn.processed ...
	Partner    string
	Address    string
	Recipient  string // display name of the receiver, for cover pages and XDM
	ControlID  string // stable for every attempt: MSH-10, or the left part of the Message-ID
	At         time.Time
	CopyOf     string // not empty: this is a copy, the first went by this rail
	Restricted bool   // 42 CFR Part 2: the rail must carry the notice; R and V alone travel as Attrs of the parts
	Parts      []Part
	Notice     *Notice  // an MDN instead of parts
	LeftOut    []string // what the payload agreed with the partner keeps back, in words without patient data; kept with the message
	PatientID  string   // CX of the patient for XDM metadata: id^^^&OID&ISO; empty when unknown
	Patient    map[string]string
}

// Packed is the bytes that travel, made once and archived before the first attempt.
type Packed struct {
	Type        string // message type for listings: OMG^O19, direct/360x, fax, file
	ContentType string
	ControlID   string // as the peer sees it: MSH-10, Message-ID with angle brackets
	Recipient   string
	Body        []byte
}

// Outbound is a packed message on an attempt to send it.
type Outbound struct {
	DeliveryID, MessageID, ReferralID, Event, Partner, Address, Type, ContentType, ControlID string

	Attempt int  // 1 is the first
	Unsure  bool // the attempt before was cut off by a crash: what it did is not known. False: it is known to have come to nothing
	Body    []byte
}

// Levels of proof a receipt can give; they are delivery states.
const (
	LevelSent      = "sent"         // left us; nothing is known
	LevelTransport = "transport_ok" // CA, 250, processed
	LevelDelivered = "delivered"    // AA, dispatched, all pages confirmed
	LevelRead      = "read"         // displayed, opened with a secret
	LevelFailed    = "failed"       // refused: AE, AR, failed
)

// Receipt is what the other side said to a delivery.
type Receipt struct {
	DeliveryID string // ours when the rail knows it; else ControlID and Recipient find it
	ControlID  string // MSA-2, Original-Message-ID
	Recipient  string // Final-Recipient, for mail to several
	Level      string // one of the levels above
	Code       string // the peer's own word: AA, AE, 250, processed, done
	Text       string // plain words, without patient data
	Grade      string // A structured and authenticated, D inferred by a machine; empty: A
	Permanent  bool   // failed for good: the same bytes would fail again
	Park       bool   // with Permanent: no other rail takes over, a person decides
	At         time.Time
	Raw        []byte // what came back, archived beside the delivery; nil when it is a message of its own
	Type       string // message type of Raw: ACK, fax/status
	RawType    string // content type of Raw
	Pages      int    // fax: pages confirmed
}

// Sender is a way out to partners.
type Sender interface {
	// Pack turns a shipment into the bytes that travel. It is called once a delivery; its result is archived and every attempt
	// sends those bytes. An error that is not a *DeliveryError is permanent.
	Pack(ctx context.Context, s Shipment) (Packed, error)
	// Send makes one attempt. The receipt is filled whenever the peer answered, also beside an error, which is a *DeliveryError
	// when the peer refused or was not reached.
	Send(ctx context.Context, o Outbound) (Receipt, error)
}

// Judge is implemented by senders whose partner's keys say what follows a refusal. The engine asks it about refusals that come late, by
// whatever way they come.
type Judge interface {
	// Judge returns what Receipt.Permanent and Receipt.Park are to be.
	Judge(r Receipt) (permanent, park bool)
}

// Watcher is implemented by senders that also wait for late receipts (a fax outbox folder). It runs like a Channel.
type Watcher interface {
	Watch(take, hold context.Context, h Handler) error
}
