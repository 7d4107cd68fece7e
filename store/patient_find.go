package store

import (
	"context"
	"slices"
	"strings"
	"time"

	"refloop/referral"
)

// Kinds of keyed look-ups of the practice's own patients.
const (
	lookupOwnMRN   = "own_mrn"
	lookupOwnBirth = "own_birth" // birth date alone
	lookupOwnName  = "own_name"  // last name and initial, with characters that look alike as one
	lookupOwnPhone = "own_phone"
)

// maxSameHash bounds how many patients of one hash are opened: more of them are no help to anybody.
const maxSameHash = 200

func (s *Store) hashNumber(id referral.Identifier) []byte {
	return s.lookupHash(lookupOwnMRN, strings.TrimSpace(id.Value))
}

// patientHashes are the ways to a patient. The hash of a birth date alone is keyed like all others, and found patients are compared
// before anybody sees them.
func (s *Store) patientHashes(p referral.Patient) [][]byte {
	var out [][]byte
	add := func(h []byte) {
		if h != nil {
			out = append(out, h)
		}
	}
	for _, id := range p.IDs {
		add(s.hashNumber(id))
	}
	if d := digits(p.BirthDate); len(d) >= 8 {
		add(s.lookupHash(lookupOwnBirth, d[:8]))
	}
	if phone := referral.PlainPhone(p.Phone); len(phone) == 10 {
		add(s.lookupHash(lookupOwnPhone, phone))
	}
	add(s.hashOwnName(p.Name.Family, p.Name.Given))
	return out
}

func (s *Store) hashOwnName(family, given string) []byte {
	last, first := referral.FoldMisread(family), referral.FoldMisread(given)
	if last == "" || first == "" {
		return nil
	}
	return s.lookupHash(lookupOwnName, last+"/"+first[:1])
}

// PatientCandidates finds who of the practice's own patients a patient as read from paper may be, best first, at most limit. What was read
// may be wrong in places: any of number, birth date, telephone number, or last name with initial leads there, also with the names swapped.
func (s *Store) PatientCandidates(ctx context.Context, read referral.Patient, limit int) ([]referral.Candidate, error) {
	hashes := s.patientHashes(read)
	if h := s.hashOwnName(read.Name.Given, read.Name.Family); h != nil {
		hashes = append(hashes, h)
	}
	var known []referral.KnownPatient
	for _, h := range hashes {
		list, err := s.patientsByHash(ctx, s.readers, h)
		if err != nil {
			return nil, err
		}
		for _, k := range list {
			if !slices.ContainsFunc(known, func(o referral.KnownPatient) bool { return o.ID == k.ID }) {
				known = append(known, k)
			}
		}
	}
	return referral.Candidates(read, known, limit), nil
}

// patientsByHash opens the patients that a hash leads to, at most maxSameHash; none for a nil hash.
func (s *Store) patientsByHash(ctx context.Context, src source, hash []byte) ([]referral.KnownPatient, error) {
	if hash == nil {
		return nil, nil
	}
	rows, err := many(ctx, src, scanPatient, `SELECT p.id, p.record FROM patient_lookup l JOIN patient p ON p.id = l.patient_id
		WHERE l.hash = ?1 ORDER BY p.id LIMIT ?2`, hash, maxSameHash)
	if err != nil {
		return nil, err
	}
	return s.openPatients(rows)
}

// patientRow is a sealed row.
type patientRow struct {
	id     string
	record []byte
}

func scanPatient(s scan) (r patientRow, err error) {
	err = s(&r.id, &r.record)
	return r, err
}

func (s *Store) openPatients(rows []patientRow) ([]referral.KnownPatient, error) {
	var out []referral.KnownPatient
	for _, r := range rows {
		k, err := s.openPatient(r.id, r.record)
		if err != nil {
			return nil, err
		}
		out = append(out, k)
	}
	return out, nil
}

// Patient returns one of the practice's own patients; referral.ErrNotFound.
func (s *Store) Patient(ctx context.Context, id string) (referral.KnownPatient, error) {
	return s.patient(ctx, s.readers, id)
}

// PatientFilter chooses patients of the practice. The zero value is all, at most 100.
type PatientFilter struct {
	Source string // list:<name> or channel:<name>
	Since  time.Time
	Limit  int
}

// Patients lists the practice's own patients, newest first.
func (s *Store) Patients(ctx context.Context, f PatientFilter) ([]referral.KnownPatient, error) {
	var w where
	w.equal("source", f.Source)
	w.since("updated", f.Since)
	rows, err := many(ctx, s.readers, scanPatient, `SELECT id, record FROM patient`+w.sql()+` ORDER BY updated DESC, id DESC`+w.limit(f.Limit), w.args...)
	if err != nil {
		return nil, err
	}
	return s.openPatients(rows)
}

// PatientCount is how many patients the practice's list holds.
func (s *Store) PatientCount(ctx context.Context) (int64, error) {
	return one(ctx, s.readers, number, `SELECT count(*) FROM patient`)
}
