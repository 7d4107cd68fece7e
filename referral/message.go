package referral

import (
	"errors"
	"time"
)

// ErrNotFound is returned by every look-up that finds nothing.
var ErrNotFound = errors.New("referral: not found")

// MessageState is what became of a message.
type MessageState string

// States of a message.
const (
	MessageReceived  MessageState = "received"
	MessageProcessed MessageState = "processed"
	MessageIgnored   MessageState = "ignored"
	MessageDuplicate MessageState = "duplicate"
	MessageHeld      MessageState = "held"
	MessageFailed    MessageState = "failed"
	MessageRefused   MessageState = "refused"
)

// Directions of a message.
const (
	Inbound  = "in"
	Outbound = "out"
)

// LeftOut begins the reason of an outbound message whose payload profile kept something back; the items follow, parted by "; ".
const LeftOut = "left out: "

// Message is the row of an archived message; its bytes are sealed apart from it.
type Message struct {
	ID          string       `json:"id"`
	Direction   string       `json:"direction"`
	Channel     string       `json:"channel"` // outbound: partner/rail
	Partner     string       `json:"partner"`
	Peer        string       `json:"peer"`
	Type        string       `json:"type"`
	ContentType string       `json:"content_type"`
	ControlID   string       `json:"control_id"`
	Sender      string       `json:"sender"`
	Recipient   string       `json:"recipient"`
	ReceivedAt  time.Time    `json:"received_at"`
	State       MessageState `json:"state"`
	Reason      string       `json:"reason"`
	Code        string       `json:"code"`       // MSA-1 or SMTP code that was answered, or that the peer answered
	RelatedTo   string       `json:"related_to"` // message this one answers or repeats
	Bytes       int64        `json:"bytes"`
	SHA256      string       `json:"sha256"`
	ReferralIDs []string     `json:"referral_ids"`
	ConfigHash  string       `json:"config_hash"`
	DeliveryID  string       `json:"delivery_id,omitempty"`
}

// DeliveryState is where a delivery stands.
type DeliveryState string

// States of a delivery.
const (
	DeliveryQueued      DeliveryState = "queued"
	DeliverySending     DeliveryState = "sending"
	DeliverySent        DeliveryState = "sent"
	DeliveryTransportOK DeliveryState = "transport_ok"
	DeliveryDelivered   DeliveryState = "delivered"
	DeliveryRead        DeliveryState = "read"
	DeliveryFailed      DeliveryState = "failed" // will retry or take the next rail
	DeliveryDead        DeliveryState = "dead"
	DeliveryCancelled   DeliveryState = "cancelled"
)

// Final reports whether no further attempt is made in this state.
func (s DeliveryState) Final() bool {
	switch s {
	case DeliveryQueued, DeliverySending, DeliveryFailed:
		return false
	}
	return true
}

// ReceiptProcessed is the receipt of a delivery that is still unproven and of which the receiver itself has said that it has it.
const ReceiptProcessed = "processed"

// Delivery is one event on its way to one partner by one rail.
type Delivery struct {
	ID          string        `json:"id"`
	ReferralID  string        `json:"referral_id"`
	Event       string        `json:"event"` // event type, or mdn.processed ...
	Seq         int           `json:"seq"`   // the referral's seq it is rendered as of
	Partner     string        `json:"partner"`
	Rail        string        `json:"rail"`       // type of the rail
	RailIndex   int           `json:"rail_index"` // position among the partner's rails, from 0
	Address     string        `json:"address"`
	Lane        string        `json:"lane"`     // partner and rail; an HL7 lane is strictly ordered
	LaneSeq     int64         `json:"lane_seq"` // order within the lane, given by the store
	State       DeliveryState `json:"state"`
	Created     time.Time     `json:"created"`
	NextAttempt time.Time     `json:"next_attempt"`
	Attempts    int           `json:"attempt_count"`
	ControlID   string        `json:"control_id"` // stable over attempts
	Recipient   string        `json:"recipient"`
	MessageID   string        `json:"message_id"` // outbound message once rendered
	Receipt     string        `json:"receipt"`    // the peer's last word
	Grade       Grade         `json:"grade"`      // of the proof
	ProvenAt    time.Time     `json:"proven_at"`
	Replaces    string        `json:"replaces"`
	CopyOf      string        `json:"copy_of"` // rail type by which the first went, when it may have arrived
	Reason      string        `json:"reason"`
	Notice      []byte        `json:"-"` // JSON of a channels.Notice for MDNs
	NoticeOf    string        `json:"-"` // message an MDN answers; one of each event a message
}

// Attempt is one try of a delivery, recorded before and after.
type Attempt struct {
	DeliveryID string    `json:"delivery_id"`
	N          int       `json:"n"`
	At         time.Time `json:"at"`
	Result     string    `json:"result"` // sending, ok, refused, error
	Code       string    `json:"code"`
}

// NoteUntold begins the note of a message_failed item whose sender was told nothing: only a person can tell them.
const NoteUntold = "it was refused, and its sender gets no answer: "

// Incident is a worklist item or an alarm: opened once for a cause, resolved once.
type Incident struct {
	ID         string    `json:"id"`
	Kind       string    `json:"kind"` // delivery_dead, rail_down, anomaly.<kind>, report_late, route_missing ...
	Key        string    `json:"key"`  // cause; one open incident a kind and key
	ReferralID string    `json:"referral_id"`
	MessageID  string    `json:"message_id"`
	DeliveryID string    `json:"delivery_id"`
	Opened     time.Time `json:"opened"`
	Resolved   time.Time `json:"resolved,omitzero"`
	Count      int       `json:"count"`
	Note       string    `json:"note"` // plain words without patient data
}

// PartnerState is how a partner's lane is, whatever waits in it: green, or red when nothing can be sent by it now.
type PartnerState struct {
	Partner string    `json:"partner"`
	Lane    string    `json:"lane"`
	State   string    `json:"state"`
	Since   time.Time `json:"since"`
	Note    string    `json:"note"` // plain words without patient data
}

// Blob is bytes sealed for the archive. Small ones travel inline; large ones are committed in chunks before their message row.
type Blob struct {
	ID     string // row id of the chunks; also the additional data of the seal
	Bytes  int64
	SHA256 string
	Sealed []byte // nil when the chunks are already committed
}

// PriorMessage is what the duplicate check needs of an earlier message.
type PriorMessage struct {
	ID         string
	SHA256     string
	State      MessageState
	Code       string
	ReceivedAt time.Time
	Answer     []byte
}
