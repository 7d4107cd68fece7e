package console

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"time"

	"refloop/referral"
)

// maxCandidates is how many patients of the practice's own list are shown for one referral.
const maxCandidates = 5

// PatientReader answers questions about the practice's own patients. A Reader that keeps no such list does without.
type PatientReader interface {
	Patients(ctx context.Context, source string, since time.Time, limit int) ([]referral.KnownPatient, error)
	Patient(ctx context.Context, id string) (referral.KnownPatient, error)
	PatientCandidates(ctx context.Context, read referral.Patient, limit int) ([]referral.Candidate, error)
}

// PatientKeeper changes the practice's own patients.
type PatientKeeper interface {
	ImportPatients(ctx context.Context, actor string, in PatientBatch) (PatientCounts, error)
	RemovePatient(ctx context.Context, actor, id string) error
}

// PatientBatch is a part of a list that is imported. Whoever the source did not name since Begun is taken off with the batch that is Last.
type PatientBatch struct {
	Source   string             `json:"source"`
	Patients []referral.Patient `json:"patients"`
	Begun    time.Time          `json:"begun,omitzero"`
	Last     bool               `json:"last,omitempty"`
}

// PatientCounts is what an import did.
type PatientCounts struct {
	Added   int64 `json:"added"`
	Changed int64 `json:"changed"`
	Same    int64 `json:"same"`
	Removed int64 `json:"removed"`
}

// MaxPatientBatch is how many patients one batch may hold.
const MaxPatientBatch = 500

// PatientFilter chooses patients of the practice's own list. Limit 0 is 100.
type PatientFilter struct {
	Source string    `json:"source,omitempty"`
	Since  time.Time `json:"since,omitzero"`
}

var errNoPatients = fmt.Errorf("%w: this daemon keeps no list of patients", ErrQuery)

// answerPatients answers the questions patients, patient and candidates.
func (q Query) answerPatients(ctx context.Context, r Reader, w io.Writer) error {
	list, ok := r.(PatientReader)
	if !ok {
		return errNoPatients
	}
	switch q.Name {
	case "patients":
		f := valueOr(q.Patients)
		rows, err := list.Patients(ctx, f.Source, f.Since, q.Limit)
		return each(w, rows, err, func(k referral.KnownPatient) (any, error) { return k, nil })
	case "patient":
		k, err := list.Patient(ctx, q.ID)
		return each(w, []referral.KnownPatient{k}, err, func(k referral.KnownPatient) (any, error) { return k, nil })
	}
	l, err := r.Referral(ctx, q.ID)
	if err != nil {
		return err
	}
	rows, err := candidatesOf(ctx, r, l.Referral)
	return each(w, rows, err, func(c referral.Candidate) (any, error) { return c, nil })
}

// candidatesOf finds who of the practice's own patients a referral from paper may be about; none for other referrals, and none once a
// person chose.
func candidatesOf(ctx context.Context, r Reader, ref referral.Referral) ([]referral.Candidate, error) {
	list, ok := r.(PatientReader)
	if !ok || len(ref.Fields) == 0 {
		return nil, nil
	}
	found, err := list.PatientCandidates(ctx, ref.AsRead(), maxCandidates)
	chosen := func(c referral.Candidate) bool {
		return slices.ContainsFunc(ref.Patient.IDs, func(id referral.Identifier) bool { return id.Authority != "" && c.Known.Has(id) })
	}
	if slices.ContainsFunc(found, chosen) {
		return nil, err
	}
	return found, err
}

func (l *Local) importPatients(w http.ResponseWriter, r *http.Request) {
	var in PatientBatch
	if !l.decode(w, r, &in) {
		return
	}
	keep, ok := l.backend.(PatientKeeper)
	if !ok {
		l.fail(w, errNoPatients)
		return
	}
	if len(in.Patients) > MaxPatientBatch {
		l.fail(w, fmt.Errorf("%w: patients: got %d at once, want at most %d", ErrQuery, len(in.Patients), MaxPatientBatch))
		return
	}
	n, err := keep.ImportPatients(r.Context(), actor(r), in)
	if err != nil {
		l.fail(w, err)
		return
	}
	l.answer(w, n)
}

func (l *Local) removePatient(w http.ResponseWriter, r *http.Request) {
	keep, ok := l.backend.(PatientKeeper)
	if !ok {
		l.fail(w, errNoPatients)
		return
	}
	if err := keep.RemovePatient(r.Context(), actor(r), r.PathValue("id")); err != nil {
		l.fail(w, err)
		return
	}
	l.answer(w, map[string]string{"id": r.PathValue("id"), "result": "removed"})
}

// ImportPatients hands a batch to the daemon.
func (c *Client) ImportPatients(ctx context.Context, in PatientBatch) (PatientCounts, error) {
	var n PatientCounts
	return n, c.call(ctx, "/v1/patients", in, &n)
}

// RemovePatient asks for a patient to be taken off the practice's own list.
func (c *Client) RemovePatient(ctx context.Context, id string) error {
	err := c.call(ctx, "/v1/patients/"+url.PathEscape(id)+"/remove", nil, &map[string]string{})
	if errors.Is(err, referral.ErrNotFound) {
		return fmt.Errorf("no patient %s: %w", id, err)
	}
	return err
}

// noteCandidates says on the review of a fax that patients of the practice's own list may be meant.
func noteCandidates(ctx context.Context, r Reader, ref referral.Referral, items []WorkView) error {
	i := slices.IndexFunc(items, func(v WorkView) bool { return v.Kind == string(referral.HoldFaxReview) })
	if i < 0 {
		return nil
	}
	found, err := candidatesOf(ctx, r, ref)
	switch n := len(found); {
	case n == 1:
		items[i].Note = "one of our own patients may be meant (refloop show " + ref.ID + "); " + items[i].Note
	case n > 1:
		items[i].Note = fmt.Sprintf("%d of our own patients may be meant (refloop show %s); %s", n, ref.ID, items[i].Note)
	}
	return err
}
