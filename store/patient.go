package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"refloop/referral"
)

// sealPatient is the purpose of sealed rows of table patient.
const sealPatient = "patient"

// What PutPatient did.
const (
	PatientAdded   = "added"
	PatientChanged = "changed"
	PatientSame    = "same"
)

// ErrNoNumber is returned for a patient without a number of the practice, by which a list is kept up to date.
var ErrNoNumber = errors.New("store: patient: got no number, want the one that the practice's system gave")

// PutPatient adds a patient of the practice, or takes over what is new about the one who has the same number; k.ID is the id of a new one.
// whole: k is all that is known (a list), else what it leaves empty stays (a message). It says what it did, and the id.
func (tx *Tx) PutPatient(k referral.KnownPatient, whole bool) (done, id string, err error) {
	if len(k.Patient.IDs) == 0 || k.Patient.IDs[0].Value == "" {
		return "", "", ErrNoNumber
	}
	have, err := tx.patientByNumber(k.Patient.IDs[0])
	if errors.Is(err, referral.ErrNotFound) {
		return PatientAdded, k.ID, tx.insertPatient(k)
	}
	if err != nil {
		return "", "", err
	}
	next := have.Updates(k.Patient, whole)
	if same(next.Patient, have.Patient) {
		_, err := tx.exec(`UPDATE patient SET source = ?2, seen = ?3 WHERE id = ?1`, have.ID, k.Source, micros(k.Updated))
		return PatientSame, have.ID, err
	}
	next.Source, next.Updated = k.Source, k.Updated
	return PatientChanged, have.ID, tx.updatePatient(next)
}

// same compares two patients by what would be stored.
func same(a, b referral.Patient) bool {
	x, errA := json.Marshal(a)
	y, errB := json.Marshal(b)
	return errA == nil && errB == nil && string(x) == string(y)
}

func (tx *Tx) insertPatient(k referral.KnownPatient) error {
	sealed, err := tx.s.room.sealJSON(tx.s.keys, sealPatient, k.ID, k)
	if err != nil {
		return err
	}
	_, err = tx.exec(`INSERT INTO patient (id, org, source, updated, seen, record) VALUES (?1, ?2, ?3, ?4, ?4, ?5)`,
		k.ID, tx.s.cfg.Org, k.Source, micros(k.Updated), sealed)
	if err != nil {
		return err
	}
	return tx.addPatientLookups(k)
}

func (tx *Tx) updatePatient(k referral.KnownPatient) error {
	sealed, err := tx.s.room.sealJSON(tx.s.keys, sealPatient, k.ID, k)
	if err != nil {
		return err
	}
	if _, err := tx.exec(`UPDATE patient SET source = ?2, updated = ?3, seen = ?3, record = ?4 WHERE id = ?1`, k.ID, k.Source, micros(k.Updated), sealed); err != nil {
		return err
	}
	return tx.remakePatientLookups(k)
}

func (tx *Tx) remakePatientLookups(k referral.KnownPatient) error {
	if _, err := tx.exec(`DELETE FROM patient_lookup WHERE patient_id = ?1`, k.ID); err != nil {
		return err
	}
	return tx.addPatientLookups(k)
}

func (tx *Tx) addPatientLookups(k referral.KnownPatient) error {
	for _, h := range tx.s.patientHashes(k.Patient) {
		if _, err := tx.exec(`INSERT INTO patient_lookup (hash, patient_id, version) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING`, h, k.ID, lookupVersion); err != nil {
			return err
		}
	}
	return nil
}

// patientByNumber finds the patient who has this number now or had it; referral.ErrNotFound.
func (tx *Tx) patientByNumber(id referral.Identifier) (referral.KnownPatient, error) {
	list, err := tx.s.patientsByHash(tx.ctx(), tx, tx.s.hashNumber(id))
	if err != nil {
		return referral.KnownPatient{}, err
	}
	for _, k := range list {
		if k.Patient.IDs[0].Compatible(id) {
			return k, nil
		}
	}
	for _, k := range list {
		if k.Has(id) {
			return k, nil
		}
	}
	return referral.KnownPatient{}, notFound("patient", "with this number")
}

// MergePatient makes one patient of two (ADT^A40): the one with the number old goes, and old becomes a former number of the one that k
// describes. Without anybody under old it is PutPatient.
func (tx *Tx) MergePatient(k referral.KnownPatient, old referral.Identifier) (done, id string, err error) {
	if done, id, err = tx.PutPatient(k, false); err != nil {
		return "", "", err
	}
	gone, err := tx.patientByNumber(old)
	switch {
	case errors.Is(err, referral.ErrNotFound):
		return done, id, nil
	case err != nil:
		return "", "", err
	case gone.ID == id:
		return done, id, nil
	}
	if err := tx.RemovePatient(gone.ID); err != nil {
		return "", "", err
	}
	kept, err := tx.s.patient(tx.ctx(), tx, id)
	if err != nil {
		return "", "", err
	}
	former := referral.Patient{IDs: append(kept.Patient.IDs[:len(kept.Patient.IDs):len(kept.Patient.IDs)], gone.Patient.IDs...)}
	kept = kept.Updates(former, false)
	return PatientChanged, id, tx.updatePatient(kept)
}

// RemovePatient takes a patient off the list; referral.ErrNotFound.
func (tx *Tx) RemovePatient(id string) error {
	n, err := tx.exec(`DELETE FROM patient WHERE id = ?1`, id)
	if err != nil {
		return err
	}
	if n == 0 {
		return notFound("patient", id)
	}
	_, err = tx.exec(`DELETE FROM patient_lookup WHERE patient_id = ?1`, id)
	return err
}

// RemoveUnseen takes the patients of a source off the list whom it did not name since a time, and says how many.
func (tx *Tx) RemoveUnseen(source string, since time.Time) (int64, error) {
	const whom = `SELECT id FROM patient WHERE source = ?1 AND seen < ?2`
	if _, err := tx.exec(`DELETE FROM patient_lookup WHERE patient_id IN (`+whom+`)`, source, micros(since)); err != nil {
		return 0, err
	}
	return tx.exec(`DELETE FROM patient WHERE source = ?1 AND seen < ?2`, source, micros(since))
}

// reindexPatients remakes the look-up hashes of the practice's own patients.
func (s *Store) reindexPatients(ctx context.Context) error {
	last := ""
	for {
		ids, err := many(ctx, s.readers, text, `SELECT id FROM patient WHERE id > ?1 ORDER BY id LIMIT ?2`, last, reindexBatch)
		if err != nil || len(ids) == 0 {
			return err
		}
		err = s.Write(ctx, func(tx *Tx) error {
			for _, id := range ids {
				k, err := s.patient(tx.ctx(), tx, id)
				if errors.Is(err, referral.ErrNotFound) {
					continue // gone since it was listed
				}
				if err == nil {
					err = tx.remakePatientLookups(k)
				}
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		last = ids[len(ids)-1]
	}
}

// patient reads one row; referral.ErrNotFound.
func (s *Store) patient(ctx context.Context, src source, id string) (referral.KnownPatient, error) {
	sealed, err := one(ctx, src, blob, `SELECT record FROM patient WHERE id = ?1`, id)
	if err != nil {
		return referral.KnownPatient{}, naming("patient", id, err)
	}
	return s.openPatient(id, sealed)
}

func (s *Store) openPatient(id string, sealed []byte) (k referral.KnownPatient, err error) {
	plain, err := s.keys.open(sealPatient, id, sealed)
	if err != nil {
		return k, err
	}
	if err := json.Unmarshal(plain, &k); err != nil || len(k.Patient.IDs) == 0 {
		return referral.KnownPatient{}, fmt.Errorf("store: patient %s: reading the record: got %d bytes that are not one", id, len(plain))
	}
	return k, nil
}
