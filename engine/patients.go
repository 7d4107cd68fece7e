package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"refloop/referral"
	"refloop/transform"
)

// PatientTx is the writer's hand on the list of the practice's own patients.
type PatientTx interface {
	// PutPatient adds a patient, or takes over what is new about the one with the same number; k.ID is the id of a new one. whole: k is all
	// that is known, else what it leaves empty stays. done is added, changed or same.
	PutPatient(k referral.KnownPatient, whole bool) (done, id string, err error)
	// MergePatient is PutPatient that also makes the number old a former one of k, and takes off the list who had it.
	MergePatient(k referral.KnownPatient, old referral.Identifier) (done, id string, err error)
	RemovePatient(id string) error                                    // referral.ErrNotFound
	RemoveUnseen(source string, since time.Time) (n int64, err error) // whom the source did not name since then
}

// maxPatients is how many patients one ImportPatients takes, so that other work gets in between.
const maxPatients = 1000

// Imported counts what an import did.
type Imported struct {
	Added   int64 `json:"added"`
	Changed int64 `json:"changed"`
	Same    int64 `json:"same"`
	Removed int64 `json:"removed"`
}

// ImportPatients takes patients of a list into the practice's own, at most maxPatients at once. begun is when the whole import began; with
// last the patients of the same source whom the import did not name since then are taken off.
func (e *Engine) ImportPatients(ctx context.Context, actor, source string, list []referral.Patient, begun time.Time, last bool) (Imported, error) {
	if len(list) > maxPatients {
		return Imported{}, wrongInput("patients: got %d at once, want at most %d", len(list), maxPatients)
	}
	now := e.now().UTC().Truncate(time.Microsecond)
	var n Imported
	err := e.write(ctx, func(tx Tx) error {
		n = Imported{}
		for _, patient := range list {
			done, _, err := e.putPatient(tx, source, transform.PatientNews{Patient: patient}, now, true)
			if err != nil {
				return err
			}
			n.count(done)
		}
		if last {
			var err error
			if n.Removed, err = tx.RemoveUnseen(source, begun); err != nil {
				return err
			}
		}
		detail := fmt.Sprintf("%d added, %d changed, %d removed", n.Added, n.Changed, n.Removed)
		return e.auditAct(tx, actor, "patients.import", source, detail, now)
	})
	return n, err
}

func (n *Imported) count(done string) {
	switch done {
	case "added":
		n.Added++
	case "changed":
		n.Changed++
	default:
		n.Same++
	}
}

// putPatient gives a patient an id and puts or merges him.
func (e *Engine) putPatient(p PatientTx, source string, news transform.PatientNews, at time.Time, whole bool) (done, id string, err error) {
	if id, err = e.newReferralID(); err != nil {
		return "", "", err
	}
	k := referral.KnownPatient{ID: "P" + id, Source: source, Updated: at, Patient: news.Patient}
	if news.Former.Value != "" {
		return p.MergePatient(k, news.Former)
	}
	return p.PutPatient(k, whole)
}

// RemovePatient takes one patient off the practice's own list; referral.ErrNotFound.
func (e *Engine) RemovePatient(ctx context.Context, actor, id string) error {
	return e.write(ctx, func(tx Tx) error {
		if err := tx.RemovePatient(id); err != nil {
			return err
		}
		return e.auditAct(tx, actor, "patient.remove", id, "", e.now().UTC())
	})
}

// keepPatients takes up what an ADT says of the practice's own patients.
func (e *Engine) keepPatients(tx Tx, set *Setup, m *referral.Message, news []transform.PatientNews) error {
	for _, n := range news {
		done, id, err := e.putPatient(tx, "channel:"+m.Channel, n, m.ReceivedAt, false)
		if err != nil {
			return err
		}
		m.Reason = "patients: " + done
		if err := e.updateReferrals(tx, set, m, n); err != nil {
			return err
		}
		if err := e.auditAct(tx, actorOf(*m), "patient."+done, id, m.ID, m.ReceivedAt); err != nil {
			return err
		}
	}
	return nil
}

// choosePatient reads the patient of the practice's list whom a person chose for a referral.
func (e *Engine) choosePatient(ctx context.Context, set *Setup, id string) (*referral.Patient, error) {
	k, err := e.store.Patient(ctx, id)
	if errors.Is(err, referral.ErrNotFound) {
		return nil, wrongInput("--patient: got an id that no patient of our list has; refloop show names those who may be meant")
	}
	if err != nil {
		return nil, err
	}
	p := k.Patient
	p.IDs = p.IDs[:1:1] // the number in use
	if p.IDs[0].Authority == "" {
		p.IDs = []referral.Identifier{{Value: p.IDs[0].Value, Authority: set.Directory.Own.OID, Kind: referral.KindMRN}}
	}
	return &p, nil
}
