// Package console is what people and scripts on this machine see of a running daemon: the local API on a socket, health and metrics.
// The staff pages come here later. It knows referrals, not storage: a Backend answers its questions.
package console

import (
	"context"
	"time"

	"refloop/audit"
	"refloop/referral"
)

// Reader answers questions. It works on a running daemon and on the store of a stopped one alike.
type Reader interface {
	Messages(ctx context.Context, f MessageFilter) ([]referral.Message, error)
	Message(ctx context.Context, id string) (referral.Message, error)
	MessagesOf(ctx context.Context, referralID string) ([]referral.Message, error)
	Body(ctx context.Context, messageID string) ([]byte, error)
	Document(ctx context.Context, id string) ([]byte, error)
	Referrals(ctx context.Context, f ReferralFilter) ([]Listed, error)
	Referral(ctx context.Context, id string) (Listed, error)
	Events(ctx context.Context, referralID string) ([]referral.Event, error)
	Deliveries(ctx context.Context, f DeliveryFilter) ([]referral.Delivery, error)
	Attempts(ctx context.Context, deliveryID string) ([]referral.Attempt, error)
	Incidents(ctx context.Context, all bool, limit int) ([]referral.Incident, error)
	VerifyAudit(ctx context.Context) ([]audit.Head, error)
}

// Backend is a running daemon. Every read and act carries its actor, the local user behind the socket, for the audit chain.
type Backend interface {
	Reader
	Act(ctx context.Context, actor, referralID string, in Act) (Listed, error)
	Reprocess(ctx context.Context, actor, messageID string, readAgain bool) (referral.Message, error)
	Resend(ctx context.Context, actor, deliveryID string) (referral.Delivery, error)
	CloseItem(ctx context.Context, actor, id, reason string) error
	Reload(ctx context.Context, actor string) error
	Saw(ctx context.Context, actor, action, object string) error
	Health(ctx context.Context) Health
	Stats(ctx context.Context) (Stats, error)
}

// Listed is a referral with its running clock.
type Listed struct {
	Referral referral.Referral
	Clock    referral.Clock
	Notices  []string // after an act: what it did, and what a person must still do
}

// MessageFilter chooses messages. Limit 0 is 100.
type MessageFilter struct {
	ControlID string    `json:"control_id,omitempty"`
	Channel   string    `json:"channel,omitempty"`
	Direction string    `json:"direction,omitempty"`
	State     string    `json:"state,omitempty"`
	Since     time.Time `json:"since,omitzero"`
	Limit     int       `json:"limit,omitempty"`
}

// ReferralFilter chooses referrals. Find is a patient: {"mrn", "authority"}, {"family", "birth_date"} or {"phone"}.
type ReferralFilter struct {
	State string            `json:"state,omitempty"`
	Role  string            `json:"role,omitempty"`
	Since time.Time         `json:"since,omitzero"`
	Find  map[string]string `json:"find,omitempty"`
	Held  bool              `json:"held,omitempty"` // only those with an open hold
	Limit int               `json:"limit,omitempty"`
}

// DeliveryFilter chooses deliveries.
type DeliveryFilter struct {
	State      string    `json:"state,omitempty"`
	ReferralID string    `json:"referral_id,omitempty"`
	Partner    string    `json:"partner,omitempty"`
	Since      time.Time `json:"since,omitzero"`
	Limit      int       `json:"limit,omitempty"`
}

// Act is what a person does to a referral.
type Act struct {
	Verb     string            `json:"verb"`
	Reason   string            `json:"reason,omitempty"`
	At       time.Time         `json:"at,omitzero"`
	Until    time.Time         `json:"until,omitzero"`
	Location string            `json:"location,omitempty"`
	Note     string            `json:"note,omitempty"`
	Author   string            `json:"author,omitempty"` // NPI
	Name     string            `json:"name,omitempty"`   // of the author
	Signed   bool              `json:"signed,omitempty"`
	Set      map[string]string `json:"set,omitempty"`
	Document *File             `json:"document,omitempty"`
	Hold     string            `json:"hold,omitempty"`    // release: the kind of hold
	Late     bool              `json:"late,omitempty"`    // an appointment in the past is meant
	Pages    []string          `json:"pages,omitempty"`   // split: groups of pages such as 3-4, each one new case
	To       string            `json:"to,omitempty"`      // split: the referral that takes the pages instead
	Kind     string            `json:"kind,omitempty"`    // accept-as: what a held fax is, referral or imaging_order
	Patient  string            `json:"patient,omitempty"` // verify: id of the patient of our own list whom the paper is about
}

// File is a document handed in; its bytes travel as base64.
type File struct {
	Name        string `json:"name"`
	ContentType string `json:"content_type"`
	Body        []byte `json:"body"`
}

// NotAllowed says that an act is not possible now, and what is.
type NotAllowed struct {
	Text    string   `json:"error"`
	Allowed []string `json:"allowed"`
}

// Error implements error.
func (n *NotAllowed) Error() string { return n.Text }

// Health says how the daemon is. Stuck is told from idle: a room is stuck when work waits for it and nothing moves.
type Health struct {
	Ready bool         `json:"ready"`
	Rooms []RoomHealth `json:"rooms"`
	Notes []string     `json:"notes,omitempty"` // a reload that was not taken, disk nearly full, certificates that end

	Certificates []CertificateHealth `json:"certificates,omitempty"` // those that end within 60 days
}

// CertificateHealth is a certificate of ours, of a partner or of an authority that ends soon, or has ended.
type CertificateHealth struct {
	Kind   string    `json:"kind"`   // identity, peer, anchor, intermediate, tls
	SHA256 string    `json:"sha256"` // hex
	Ends   time.Time `json:"ends"`
}

// RoomHealth is one channel or lane.
type RoomHealth struct {
	Name    string    `json:"name"`  // channel/ehr-orders, lane/lakeside-cardiology/direct
	State   string    `json:"state"` // open, idle, working, stuck, closed; red: nothing can be sent by the lane now
	Waiting int64     `json:"waiting,omitempty"`
	Oldest  time.Time `json:"oldest,omitzero"`
	Last    time.Time `json:"last,omitzero"` // last sign of life
	Reason  string    `json:"reason,omitempty"`

	Unreadable map[string]int64 `json:"unreadable,omitempty"` // MLLP channels: what came since start and was no message, by kind
}

// Stats are counts for metrics; no label holds patient data.
type Stats struct {
	Messages, Referrals, Deliveries, Incidents map[string]int64

	LaneWaiting map[string]int64
	LaneOldest  map[string]time.Time
	ChannelLast map[string]time.Time
	WALBytes    int64
}
