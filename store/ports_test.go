package store_test

import (
	"context"
	"time"

	"refloop/audit"
	"refloop/referral"
	"refloop/store"
)

// engineRead and engineTx are what the engine needs, copied from its ports: the import rule keeps us from naming them. The wiring in
// cmd would fail to compile when they drift apart; this says so earlier.
type engineRead interface {
	Stow(ctx context.Context, body []byte) (referral.Blob, error)
	Message(ctx context.Context, id string) (referral.Message, error)
	Body(ctx context.Context, messageID string) ([]byte, error)
	Evidence(ctx context.Context, messageID string) ([]byte, error)
	Answer(ctx context.Context, messageID string) ([]byte, error)
	Document(ctx context.Context, id string) ([]byte, error)
	Referral(ctx context.Context, id string) (referral.Referral, error)
	Events(ctx context.Context, referralID string) ([]referral.Event, error)
	Snapshot(ctx context.Context, referralID string, seq int) (referral.Referral, error)
	Delivery(ctx context.Context, id string) (referral.Delivery, error)
	PendingMessages(ctx context.Context, limit int) ([]string, error)
	LaneHeads(ctx context.Context, lane string, n int) ([]referral.Delivery, error)
	DeliveriesOf(ctx context.Context, referralID string) ([]referral.Delivery, error)
	AwaitingProof(ctx context.Context, rail string, before time.Time, silent bool, limit int) ([]referral.Delivery, error)
	OpenIncidents(ctx context.Context, kinds []string) ([]referral.Incident, error)
}

type engineTx interface {
	Inner(f func() error) error
	Prior(sender, controlID string) ([]referral.PriorMessage, error)
	PriorContent(channel, sha256 string, since time.Time) (referral.PriorMessage, bool, error)
	AddMessage(m referral.Message, body referral.Blob) error
	SetMessage(m referral.Message) error
	SetAnswer(messageID string, answer []byte) error
	SetEvidence(messageID string, evidence referral.Blob) error
	Referral(id string) (referral.Referral, error)
	ByIdentifier(ids []referral.Identifier) ([]string, error)
	ByPatient(p referral.Patient) ([]string, error)
	PutReferral(r referral.Referral, c referral.Clock) error
	AddEvents(referralID string, events []referral.Event) error
	HasDigest(referralID, digest string) (bool, error)
	AddDocument(d referral.Document, referralID string, body referral.Blob) error
	AddDelivery(d referral.Delivery) (bool, error)
	Delivery(id string) (referral.Delivery, error)
	SetDelivery(d referral.Delivery) error
	AddAttempt(a referral.Attempt) error
	SetAttempt(a referral.Attempt) error
	ByControl(controlID, recipient string) (referral.Delivery, bool, error)
	DeliveriesOf(referralID string) ([]referral.Delivery, error)
	OpenIncident(i referral.Incident) (bool, error)
	OpenIncidentOnce(i referral.Incident) (bool, error)
	ResolveIncidents(kind, key string, at time.Time) error
	ResolveOf(kind, referralID string, at time.Time) (int64, error)
	CloseIncident(id string, at time.Time) error
	SetPartnerState(p referral.PartnerState) (bool, error)
	Audit(e audit.Entry) error
}

var (
	_ engineRead = (*store.Store)(nil)
	_ engineTx   = (*store.Tx)(nil)
)
