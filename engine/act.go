package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"refloop/audit"
	"refloop/referral"
)

// NotAllowed says that something may not be done now, and what may.
type NotAllowed struct {
	Verb string
	Of   string   // what has that state; empty: the referral
	Got  string   // the state it met; empty: there is no such verb
	Want []string // what is allowed now
	Why  string
}

// Error says in plain words what is not possible, while what, and what is possible.
func (n *NotAllowed) Error() string {
	want := strings.Join(n.Want, ", ")
	if want == "" {
		want = "nothing"
	}
	if n.Got == "" {
		return fmt.Sprintf("%s is not an act; possible are %s", n.Verb, want)
	}
	of, why := n.Of, ""
	if of == "" {
		of = "referral"
	}
	if n.Why != "" {
		why = " (" + n.Why + ")"
	}
	return fmt.Sprintf("%s is not possible while the %s is %s%s; possible now: %s", n.Verb, of, strings.ReplaceAll(n.Got, "_", " "), why, want)
}

// ActInput is what a person gives with an act.
type ActInput struct {
	Reason    string
	At        time.Time
	Until     time.Time
	Document  *ActDocument
	Author    string // NPI of the clinician who wrote the document
	Name      string // name of that clinician; empty: looked up in the directory
	Signed    bool
	Note      string
	Set       map[string]string
	EndReason referral.EndReason
	Location  string
	Hold      string   // kind of the hold that release takes off
	Late      bool     // an appointment in the past is meant
	Pages     []string // split: groups of pages such as 3-4, each one new case
	To        string   // split: the referral that takes the pages instead
	Kind      string   // accept-as: what a held fax is, referral or imaging_order
	Patient   string   // verify: id of the patient of our own list whom a person chose
}

// ActDocument is a file that a person hands in.
type ActDocument struct {
	Name        string
	ContentType string
	Body        []byte
}

// Act does what a local person says of a referral, if it is allowed now: our own side's moves as grade A, what the other side told us
// by telephone as grade C.
func (e *Engine) Act(ctx context.Context, actor, referralID, verb string, in ActInput) (referral.Referral, error) {
	set := e.setup.Load()
	kind := referral.ActionFor(verb)
	if kind == "" {
		return referral.Referral{}, &NotAllowed{Verb: verb, Want: []string{"the acts of refloop act --help"}}
	}
	if kind == referral.EventSplit {
		groups, err := in.splitOf()
		if err != nil {
			return referral.Referral{}, err
		}
		done, err := e.Split(ctx, actor, referralID, groups)
		return done.Referral, err
	}
	now := e.now().UTC().Truncate(time.Microsecond)
	if err := in.check(kind, now); err != nil {
		return referral.Referral{}, err
	}
	ev := referral.Event{Type: kind, EventTime: now, ReceiveTime: now, Actor: actor, Origin: referral.OriginStaff, Grade: referral.GradeA, ConfigHash: set.Hash, Reason: in.Reason, Note: in.Note}
	blob, err := e.fillAct(ctx, set, &ev, in)
	if err != nil {
		return referral.Referral{}, err
	}
	err = e.write(ctx, func(tx Tx) error {
		r, err := tx.Referral(referralID)
		if err != nil {
			return err
		}
		if kind == referral.EventTake && r.Assigned == actor {
			return nil // it is theirs already: nothing changes
		}
		if ev.Payload.Appointment != nil {
			e.nameAppointment(ev.Payload.Appointment, r, set)
		}
		for _, d := range ev.Payload.Documents {
			if err := tx.AddDocument(d, r.ID, blob); err != nil {
				return err
			}
		}
		return e.speak(tx, set, r, ev)
	})
	if err != nil {
		return referral.Referral{}, e.explain(ctx, referralID, verb, err)
	}
	return e.store.Referral(ctx, referralID)
}

// speak applies the act as said by our side; what only the other side may say was told to us by telephone (grade C).
func (e *Engine) speak(tx Tx, set *Setup, r referral.Referral, ev referral.Event) error {
	ev.By = r.Role.Side()
	if ev.Type == referral.EventVerify {
		if ev.Payload.Chosen == nil || len(ev.Payload.Fields) > 0 {
			ev.Note = strings.TrimSuffix(verifyNote(r, ev.Payload.Fields)+"; "+ev.Note, "; ")
		}
		ev = withRecipient(set, r, ev)
	}
	err := e.transition(tx, set, r, ev)
	var refusal *referral.Refusal
	if !errors.As(err, &refusal) || refusal.Code != referral.CodeWrongSide {
		return err
	}
	if !slices.Contains(referral.ByPhone(r), referral.ActionOf(ev.Type)) {
		return notByPhone(r, refusal)
	}
	ev.By, ev.Grade, ev.Origin = referral.SideRecipient, referral.GradeC, referral.OriginPhone
	if r.Role == referral.RoleRecipient {
		ev.By = referral.SideInitiator
	}
	return e.transition(tx, set, r, ev)
}

// notByPhone says why the other side's word cannot be taken from a telephone call now.
func notByPhone(r referral.Referral, refusal *referral.Refusal) error {
	no := *refusal
	no.Want = "the other side's own message; by telephone nothing is taken now"
	if len(r.Withheld) > 0 && len(referral.ByPhone(r)) == 0 {
		no.Want = "a request that has left; what is held here the other side cannot know"
	}
	if list := referral.ByPhone(r); len(list) > 0 {
		no.Want = "the other side's own message; by telephone only " + join(list) + " is taken now"
	}
	if no.Event == referral.EventConfirmCancel && r.State == referral.StateCancelRequested {
		no.Want = "the recipient's own message; when it sends none (fax, telephone): refloop act ID end --reason " + string(referral.EndCancelUnconfirmed)
	}
	return &no
}

// fillAct turns the input into the event's payload and seals the document.
func (e *Engine) fillAct(ctx context.Context, set *Setup, ev *referral.Event, in ActInput) (referral.Blob, error) {
	p := &ev.Payload
	p.EndReason = in.EndReason
	if p.EndReason == "" {
		p.EndReason = referral.EndReason(in.Reason)
	}
	switch ev.Type {
	case referral.EventSchedule, referral.EventReschedule:
		p.Appointment = &referral.Appointment{Start: in.At, End: in.Until, Status: "booked", Location: in.Location}
		if in.Until.IsZero() {
			p.Appointment.End = in.At.Add(30 * time.Minute)
		}
	case referral.EventNoShow, referral.EventCancelAppointment:
		p.Appointment = &referral.Appointment{}
	case referral.EventSeen:
		if !in.At.IsZero() {
			ev.EventTime = in.At.UTC()
		}
	case referral.EventAccept:
		p.Promise = in.At.UTC()
	}
	kind := in.Hold
	if kind == "" {
		kind = in.Set["hold"]
	}
	if kind != "" {
		p.Hold = &referral.Hold{Kind: referral.HoldKind(kind), Reason: in.Reason}
	}
	p.Fields = fieldsOf(in.Set)
	if id, named := in.Set["recipient_partner"]; named {
		if p, ok := set.Directory.Partner(id); !ok || p.Own {
			return referral.Blob{}, notARecipient(set, id, p.Own)
		}
	}
	if in.Patient != "" {
		var err error
		if p.Chosen, err = e.choosePatient(ctx, set, in.Patient); err != nil {
			return referral.Blob{}, err
		}
		ev.Note = strings.TrimSuffix("patient "+in.Patient+" of our own list chosen; "+ev.Note, "; ")
	}
	if in.Document == nil {
		return referral.Blob{}, nil
	}
	return e.actDocument(ctx, set, ev, in)
}

// actDocument seals the clinician's own document and describes it.
func (e *Engine) actDocument(ctx context.Context, set *Setup, ev *referral.Event, in ActInput) (referral.Blob, error) {
	blob, err := e.store.Stow(ctx, in.Document.Body)
	if err != nil {
		return referral.Blob{}, err
	}
	name := referral.Name{Text: in.Name}
	if name.Text == "" {
		name.Text = clinicianName(set, in.Author)
	}
	ev.Payload.Documents = []referral.Document{{
		ID: blob.ID, Kind: string(ev.Type), ContentType: in.Document.ContentType, Name: in.Document.Name, Title: "Consultation note",
		Code: referral.Coded{Code: "11488-4", Text: "Consult note", System: "LN"}, Author: name, AuthorNPI: in.Author, Signed: in.Signed,
		Time: ev.EventTime, SHA256: blob.SHA256, Bytes: blob.Bytes,
	}}
	return blob, nil
}

// nameAppointment completes an appointment: its own number, or for a change the one that is booked.
func (e *Engine) nameAppointment(a *referral.Appointment, r referral.Referral, set *Setup) {
	if n := len(r.Appointments); n > 0 {
		last := r.Appointments[n-1]
		a.ID = last.ID
		if a.Start.IsZero() {
			a.Start, a.End, a.Location, a.With = last.Start, last.End, last.Location, last.With
		}
	}
	if a.ID.Value == "" {
		if id, err := e.newReferralID(); err == nil {
			a.ID = referral.Identifier{Value: "A" + id, Authority: set.Directory.Own.OID, Kind: referral.KindAppointment}
		}
	}
}

// explain turns the state machine's refusal into words for the person, with what is allowed.
func (e *Engine) explain(ctx context.Context, id, verb string, err error) error {
	var refusal *referral.Refusal
	if !errors.As(err, &refusal) {
		return err
	}
	r, rerr := e.store.Referral(ctx, id)
	if rerr != nil {
		return err
	}
	var want []string
	for _, a := range referral.Actions(r, r.Role) {
		want = append(want, string(a))
	}
	return &NotAllowed{Verb: verb, Got: string(r.State), Want: want, Why: inWords(refusal)}
}

// clinicianName finds the name of an NPI among all partners' clinicians.
func clinicianName(set *Setup, npi string) string {
	for _, p := range set.Directory.Partners {
		for _, c := range p.Clinicians {
			if npi != "" && c.NPI == npi {
				return c.Name
			}
		}
	}
	return ""
}

// fieldsOf orders --set values, so that equal input makes equal events.
func fieldsOf(set map[string]string) []referral.Field {
	var out []referral.Field
	for k, v := range set {
		if k == "hold" {
			continue // names the hold that is released, not a field
		}
		key, _ := referral.FieldKey(k)
		out = append(out, referral.Field{Key: key, Value: v, Confidence: 1, Confirmed: true})
	}
	slices.SortFunc(out, func(a, b referral.Field) int { return strings.Compare(a.Key, b.Key) })
	return out
}

// auditAct writes what a person did into the chain.
func (e *Engine) auditAct(tx Tx, actor, action, object, detail string, at time.Time) error {
	return tx.Audit(audit.Entry{At: at, Actor: actor, Action: action, Object: object, Detail: detail})
}

// Saw records that somebody read something: reads are audited too.
func (e *Engine) Saw(ctx context.Context, actor, action, object string) error {
	return e.store.Write(ctx, func(tx Tx) error { return e.auditAct(tx, actor, action, object, "", e.now().UTC()) })
}
