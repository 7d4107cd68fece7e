package console

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"refloop/referral"
)

// The views are the stable JSON of the command line: keys are added, never renamed.

// MessageView is one message in a listing.
type MessageView struct {
	ID          string     `json:"id"`
	Direction   string     `json:"direction"`
	Channel     string     `json:"channel"`
	Partner     string     `json:"partner"`
	Peer        string     `json:"peer"`
	Type        string     `json:"type"`
	ContentType string     `json:"content_type"`
	ControlID   string     `json:"control_id"`
	Recipient   string     `json:"recipient"`
	ReceivedAt  *time.Time `json:"received_at"`
	State       string     `json:"state"`
	Reason      string     `json:"reason"`
	Code        string     `json:"code"`
	RelatedTo   string     `json:"related_to"`
	Bytes       int64      `json:"bytes"`
	SHA256      string     `json:"sha256"`
	ReferralIDs []string   `json:"referral_ids"`
}

// ViewMessage makes the view of a message.
func ViewMessage(m referral.Message) MessageView {
	ids := m.ReferralIDs
	if ids == nil {
		ids = []string{}
	}
	return MessageView{
		ID: m.ID, Direction: m.Direction, Channel: m.Channel, Partner: m.Partner, Peer: m.Peer, Type: m.Type, ContentType: m.ContentType, ControlID: m.ControlID,
		Recipient: m.Recipient, ReceivedAt: stamp(m.ReceivedAt), State: string(m.State), Reason: m.Reason, Code: m.Code, RelatedTo: m.RelatedTo,
		Bytes: m.Bytes, SHA256: m.SHA256, ReferralIDs: ids,
	}
}

// PatientView is who a referral is about.
type PatientView struct {
	Family    string `json:"family"`
	Given     string `json:"given"`
	BirthDate string `json:"birth_date"`
	Sex       string `json:"sex"`
	MRN       string `json:"mrn"`
	Phone     string `json:"phone"`
}

// ClockView is who owes what until when.
type ClockView struct {
	Name   string     `json:"name"`
	Debtor string     `json:"debtor"`
	Due    *time.Time `json:"due"`
}

// EventView is one line of the timeline.
type EventView struct {
	Seq         int        `json:"seq"`
	EventTime   *time.Time `json:"event_time"`
	ReceiveTime *time.Time `json:"receive_time"`
	Type        string     `json:"type"`
	From        string     `json:"from"`
	To          string     `json:"to"`
	Actor       string     `json:"actor"`
	Origin      string     `json:"origin"`
	Grade       string     `json:"grade"`
	Implied     bool       `json:"implied"`
	EvidenceRef string     `json:"evidence_ref"`
	Reason      string     `json:"reason"`
	Note        string     `json:"note"`
}

// PartyView is one side of the loop.
type PartyView struct {
	Partner      string `json:"partner"`
	Clinician    string `json:"clinician"`
	NPI          string `json:"npi"`
	Organization string `json:"organization"`
	Direct       string `json:"direct"`
	Phone        string `json:"phone"`
	Fax          string `json:"fax"`
}

// ReferralView is a referral as `referrals` and `show` print it, with its timeline.
type ReferralView struct {
	ID           string                 `json:"id"`
	Role         string                 `json:"role"`
	Version      int                    `json:"version"`
	State        string                 `json:"state"`
	EndReason    string                 `json:"end_reason"`
	Grade        string                 `json:"grade"`
	Initiator    PartyView              `json:"initiator"`
	Recipient    PartyView              `json:"recipient"`
	Patient      PatientView            `json:"patient"`
	Part2        bool                   `json:"part2"` // protected by 42 CFR Part 2
	Priority     string                 `json:"priority"`
	Specialty    string                 `json:"specialty"`
	Service      referral.Coded         `json:"service"`
	Reason       string                 `json:"reason"`
	Diagnoses    []referral.Coded       `json:"diagnoses"`
	Identifiers  []referral.Identifier  `json:"identifiers"`
	Appointments []referral.Appointment `json:"appointments"`
	Documents    []referral.Document    `json:"documents"`
	Fields       []referral.Field       `json:"fields,omitempty"`
	Holds        []referral.Hold        `json:"holds"`
	Clock        ClockView              `json:"clock"`
	Created      *time.Time             `json:"created"`
	Updated      *time.Time             `json:"updated"`
	Events       []EventView            `json:"events"`
	NextActions  []string               `json:"next_actions"`
	Notices      []string               `json:"notices,omitempty"` // of an act: what it did, and what a person must still do

	Candidates []referral.Candidate `json:"candidates,omitempty"` // show: who of our own patients the paper may be about, best first
}

// ViewReferral makes the view of a referral without its timeline.
func ViewReferral(l Listed) ReferralView {
	r := l.Referral
	v := ReferralView{
		ID: r.ID, Role: string(r.Role), Version: r.Version, State: string(r.State), EndReason: string(r.EndReason), Grade: string(r.Grade),
		Initiator: viewParty(r.Initiator), Recipient: viewParty(r.Recipient), Patient: viewPatient(r.Patient), Part2: r.Confidentiality.Part2, Priority: string(r.Priority), Specialty: r.Specialty,
		Service: r.Service.Coded, Reason: r.Reason, Diagnoses: list(r.Diagnoses), Identifiers: list(r.Identifiers), Appointments: inUTC(r.Appointments),
		Documents: list(r.Documents), Fields: r.Fields, Holds: list(r.Holds),
		Clock:   ClockView{Name: l.Clock.Name, Debtor: l.Clock.Debtor, Due: stamp(l.Clock.Due)},
		Created: stamp(r.Created), Updated: stamp(r.Updated), NextActions: []string{}, Notices: l.Notices, Events: []EventView{},
	}
	for _, a := range referral.Actions(r, r.Role) {
		v.NextActions = append(v.NextActions, string(a))
	}
	return v
}

func viewParty(p referral.Party) PartyView {
	return PartyView{Partner: p.Partner, Clinician: NameLine(p.Clinician), NPI: p.NPI, Organization: p.Organization, Direct: p.Direct, Phone: p.Phone, Fax: p.Fax}
}

func viewPatient(p referral.Patient) PatientView {
	v := PatientView{Family: p.Name.Family, Given: p.Name.Given, BirthDate: p.BirthDate, Sex: p.Sex, Phone: p.Phone}
	if len(p.IDs) > 0 {
		v.MRN = p.IDs[0].Value
	}
	return v
}

// NameLine writes a name on one line.
func NameLine(n referral.Name) string {
	if n.Family == "" && n.Given == "" {
		return n.Text
	}
	line := ""
	for _, part := range []string{n.Prefix, n.Given, n.Middle, n.Family, n.Suffix, n.Degree} {
		if part != "" {
			if line != "" {
				line += " "
			}
			line += part
		}
	}
	return line
}

// ViewEvents makes the timeline.
func ViewEvents(events []referral.Event) []EventView {
	out := []EventView{}
	for _, e := range events {
		out = append(out, EventView{
			Seq: e.Seq, EventTime: stamp(e.EventTime), ReceiveTime: stamp(e.ReceiveTime), Type: string(e.Type), From: string(e.From), To: string(e.To), Actor: e.Actor,
			Origin: e.Origin, Grade: string(e.Grade), Implied: e.Implied, EvidenceRef: e.EvidenceRef, Reason: e.Reason, Note: e.Note,
		})
	}
	return out
}

// AttemptView is one try.
type AttemptView struct {
	At     *time.Time `json:"at"`
	Result string     `json:"result"`
	Code   string     `json:"code"`
}

// DeliveryView is one delivery with its attempts.
type DeliveryView struct {
	ID          string        `json:"id"`
	ReferralID  string        `json:"referral_id"`
	Event       string        `json:"event"`
	Partner     string        `json:"partner"`
	Rail        string        `json:"rail"`
	Address     string        `json:"address"`
	State       string        `json:"state"`
	Attempts    []AttemptView `json:"attempts"`
	NextAttempt *time.Time    `json:"next_attempt_at"`
	Receipt     string        `json:"receipt"`
	Grade       string        `json:"grade"`
	ProvenAt    *time.Time    `json:"proven_at"`
	Replaces    string        `json:"replaces"`
	CopyOf      string        `json:"copy_of"`
	MessageID   string        `json:"message_id"`
	Reason      string        `json:"reason"`
	Created     *time.Time    `json:"created"`
	LeftOut     []string      `json:"left_out"` // what the payload profile kept back, by kind and number; never content
}

// ViewDelivery makes the view of a delivery; it reads its attempts and, when it was packed, what was left out.
func ViewDelivery(ctx context.Context, r Reader, d referral.Delivery) (DeliveryView, error) {
	attempts, err := r.Attempts(ctx, d.ID)
	if err != nil {
		return DeliveryView{}, err
	}
	v := DeliveryView{
		ID: d.ID, ReferralID: d.ReferralID, Event: d.Event, Partner: d.Partner, Rail: d.Rail, Address: d.Address, State: string(d.State), Attempts: []AttemptView{},
		Receipt: d.Receipt, Grade: string(d.Grade), ProvenAt: stamp(d.ProvenAt), Replaces: d.Replaces, CopyOf: d.CopyOf, MessageID: d.MessageID, Reason: d.Reason,
		Created: stamp(d.Created),
	}
	if d.State != referral.DeliveryDelivered && d.State != referral.DeliveryRead {
		v.ProvenAt = nil // taken by a server on the way is no proof
	}
	if !d.State.Final() {
		v.NextAttempt = stamp(d.NextAttempt)
	}
	for _, a := range attempts {
		v.Attempts = append(v.Attempts, AttemptView{At: stamp(a.At), Result: a.Result, Code: a.Code})
	}
	v.LeftOut, err = leftOut(ctx, r, d)
	return v, err
}

// stamp is a time in UTC; null when there is none.
func stamp(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	u := t.UTC()
	return &u
}

// list is never null in JSON.
func list[T any](in []T) []T {
	if in == nil {
		return []T{}
	}
	return in
}

// line writes one JSON object and a newline; HTML characters stay as they are.
func line(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return b.Bytes(), err
}

// leftOut reads the manifest of a delivery: what its message says was kept back. Empty when nothing was, or nothing was packed yet.
func leftOut(ctx context.Context, r Reader, d referral.Delivery) ([]string, error) {
	out := []string{}
	if d.MessageID == "" {
		return out, nil
	}
	m, err := r.Message(ctx, d.MessageID)
	if errors.Is(err, referral.ErrNotFound) {
		return out, nil
	}
	if list, ok := strings.CutPrefix(m.Reason, referral.LeftOut); ok && list != "" {
		out = strings.Split(list, "; ")
	}
	return out, err
}

// inUTC gives appointments with their times in UTC, as all times of JSON are; the record keeps the zone in which a time was told.
func inUTC(in []referral.Appointment) []referral.Appointment {
	out := list(slices.Clone(in))
	for i := range out {
		out[i].Start, out[i].End = out[i].Start.UTC(), out[i].End.UTC()
	}
	return out
}
