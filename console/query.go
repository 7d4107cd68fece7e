package console

import (
	"context"
	"errors"
	"fmt"
	"io"

	"refloop/referral"
)

// Query is one question of the command line. The same code answers it inside a daemon and on the store of a stopped one.
type Query struct {
	Name       string          `json:"name"` // one of the names that Answer knows
	ID         string          `json:"id,omitempty"`
	Kind       string          `json:"kind,omitempty"`  // worklist: only items of this kind
	Owner      string          `json:"owner,omitempty"` // worklist: only what this person took; none: what nobody did
	Messages   *MessageFilter  `json:"messages,omitempty"`
	Referrals  *ReferralFilter `json:"referrals,omitempty"`
	Deliveries *DeliveryFilter `json:"deliveries,omitempty"`
	Patients   *PatientFilter  `json:"patients,omitempty"`
	Span       *Span           `json:"span,omitempty"` // report: what time
	All        bool            `json:"all,omitempty"`
	Limit      int             `json:"limit,omitempty"`
}

// ErrQuery says that a question is none.
var ErrQuery = errors.New("console: unknown question")

// ErrInput says that what came with an act cannot be taken; its own text is empty, so that it marks another error.
var ErrInput = errors.New("")

// Answer writes the answer: one JSON object a line, or for raw and document the bytes themselves.
func (q Query) Answer(ctx context.Context, r Reader, w io.Writer) error {
	switch q.Name {
	case "messages":
		list, err := r.Messages(ctx, valueOr(q.Messages))
		return each(w, list, err, func(m referral.Message) (any, error) { return ViewMessage(m), nil })
	case "messages_of":
		list, err := r.MessagesOf(ctx, q.ID)
		return each(w, list, err, func(m referral.Message) (any, error) { return ViewMessage(m), nil })
	case "message":
		m, err := r.Message(ctx, q.ID)
		return each(w, []referral.Message{m}, err, func(m referral.Message) (any, error) { return ViewMessage(m), nil })
	case "raw":
		return bytesTo(w, func() ([]byte, error) { return r.Body(ctx, q.ID) })
	case "document":
		return bytesTo(w, func() ([]byte, error) { return r.Document(ctx, q.ID) })
	case "referrals":
		list, err := r.Referrals(ctx, valueOr(q.Referrals))
		return each(w, list, err, func(l Listed) (any, error) { return withTimeline(ctx, r, l) })
	case "show":
		return show(ctx, r, q.ID, w)
	case "deliveries":
		list, err := r.Deliveries(ctx, valueOr(q.Deliveries))
		return each(w, list, err, func(d referral.Delivery) (any, error) { return ViewDelivery(ctx, r, d) })
	case "actions":
		l, err := r.Referral(ctx, q.ID)
		return each(w, []Listed{l}, err, func(l Listed) (any, error) { return ViewActions(l), nil })
	case "story":
		s, err := storyOf(ctx, r, q.ID)
		return each(w, []Story{s}, err, func(s Story) (any, error) { return s, nil })
	case "incidents":
		list, err := r.Incidents(ctx, q.All, q.Limit)
		return each(w, list, err, func(i referral.Incident) (any, error) { return ViewIncident(i), nil })
	case "worklist":
		list, err := worklist(ctx, r, q)
		return each(w, list, err, func(v WorkView) (any, error) { return v, nil })
	case "report":
		return q.answerReport(ctx, r, w)
	case "patients", "patient", "candidates":
		return q.answerPatients(ctx, r, w)
	case "audit":
		list, err := auditOf(ctx, r)
		return each(w, list, err, func(v AuditView) (any, error) { return v, nil })
	}
	return fmt.Errorf("%w: got %q, want messages, messages_of, message, raw, document, referrals, show, story, actions, deliveries, worklist, incidents, patients, patient, candidates, report or audit", ErrQuery, q.Name)
}

// show writes one referral with its timeline.
func show(ctx context.Context, r Reader, id string, w io.Writer) error {
	l, err := r.Referral(ctx, id)
	if err != nil {
		return err
	}
	v, err := withTimeline(ctx, r, l)
	if err == nil {
		v.Candidates, err = candidatesOf(ctx, r, l.Referral)
	}
	if err != nil {
		return err
	}
	b, err := line(v)
	if err != nil {
		return err
	}
	_, err = w.Write(b)
	return err
}

// withTimeline makes the view of a referral with its timeline.
func withTimeline(ctx context.Context, r Reader, l Listed) (ReferralView, error) {
	events, err := r.Events(ctx, l.Referral.ID)
	v := ViewReferral(l)
	v.Events = ViewEvents(events)
	return v, err
}

// Sensitive reports whether the read is audited, because the answer shows people or is itself part of the proof, and of what.
func (q Query) Sensitive() (action, object string, ok bool) {
	switch q.Name {
	case "raw":
		return "message.read", q.ID, true
	case "document":
		return "document.read", q.ID, true
	case "show", "story":
		return "referral.read", q.ID, true
	case "referrals":
		return "referrals.listed", "", true
	case "patients":
		return "patients.listed", "", true
	case "patient":
		return "patient.read", q.ID, true
	case "candidates":
		return "referral.read", q.ID, true
	case "audit":
		return "audit.verify", "", true
	}
	return "", "", false
}

func each[T any](w io.Writer, list []T, err error, view func(T) (any, error)) error {
	if err != nil {
		return err
	}
	for _, item := range list {
		v, err := view(item)
		if err != nil {
			return err
		}
		b, err := line(v)
		if err != nil {
			return err
		}
		if _, err := w.Write(b); err != nil {
			return err
		}
	}
	return nil
}

func bytesTo(w io.Writer, read func() ([]byte, error)) error {
	b, err := read()
	if err != nil {
		return err
	}
	_, err = w.Write(b)
	return err
}

func valueOr[T any](p *T) T {
	var zero T
	if p == nil {
		return zero
	}
	return *p
}
