package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"refloop/referral"
)

// ErrFind is returned for a search that no look-up answers.
var ErrFind = errors.New("store: find")

// ByIdentifier returns ids of referrals that hold any of these identifiers, compared as referral.Identifier.Equal says, without
// duplicates and in the order of ids. Patient numbers (kind mrn) find nothing but patients' referrals with that number.
func (tx *Tx) ByIdentifier(ids []referral.Identifier) ([]string, error) {
	var out []string
	for _, id := range ids {
		value := strings.TrimSpace(id.Value)
		if value == "" {
			continue
		}
		var found []string
		var err error
		if id.Kind == referral.KindMRN {
			found, err = tx.s.byMRN(tx.ctx(), tx, id, referral.Identifier.Equal, false)
		} else {
			found, err = many(tx.ctx(), tx, text, `SELECT referral_id FROM identifier
				WHERE value = ?1 AND authority = ?2 AND (?2 <> '' OR ?3 = '' OR kind = '' OR kind = ?3)`,
				value, referral.Authority(id.Authority), id.Kind)
		}
		if err != nil {
			return nil, err
		}
		out = appendNew(out, found)
	}
	return out, nil
}

// ByPatient returns ids of open referrals of a patient, oldest first: by number with its authority, else, when that finds none, by last
// name and birth date. Open is every state but closed, cancelled and ended.
func (tx *Tx) ByPatient(p referral.Patient) ([]string, error) {
	var out []string
	for _, id := range p.IDs {
		found, err := tx.s.byMRN(tx.ctx(), tx, id, referral.Identifier.Equal, true)
		if err != nil {
			return nil, err
		}
		out = appendNew(out, found)
	}
	if len(out) > 0 {
		return out, nil
	}
	h := tx.s.hashBirth(p)
	if h == nil {
		return nil, nil
	}
	return many(tx.ctx(), tx, text, sqlByHash, h, 1)
}

// ?2 = 1: open referrals only.
const sqlByHash = `SELECT r.id FROM lookup l JOIN referral r ON r.id = l.referral_id
	WHERE l.hash = ?1 AND (?2 = 0 OR r.state NOT IN ('closed', 'cancelled', 'ended')) ORDER BY r.created, r.id`

// byMRN finds referrals by a patient's number and then compares it, authority included, with the sealed records.
func (s *Store) byMRN(ctx context.Context, src source, id referral.Identifier, same func(a, b referral.Identifier) bool, open bool) ([]string, error) {
	h := s.hashMRN(id)
	if h == nil {
		return nil, nil
	}
	candidates, err := many(ctx, src, text, sqlByHash, h, flag(open))
	if err != nil {
		return nil, err
	}
	var out []string
	for _, c := range candidates {
		r, err := s.readRecord(ctx, src, c, sqlRecord, c)
		if err != nil {
			return nil, err
		}
		holds := func(o referral.Identifier) bool { return same(id, o) }
		if slices.ContainsFunc(r.Patient.IDs, holds) || slices.ContainsFunc(r.Identifiers, holds) {
			out = append(out, c)
		}
	}
	return out, nil
}

// Find is a search for a patient's referrals. Use one of: MRN (with Authority if known), Family with BirthDate, Phone. What is given
// must all agree.
type Find struct {
	MRN       string `json:"mrn"`
	Authority string `json:"authority"`
	Family    string `json:"family"`
	BirthDate string `json:"birth_date"` // YYYY-MM-DD
	Phone     string `json:"phone"`
}

// find returns the ids of the referrals that match everything given.
func (s *Store) find(ctx context.Context, f Find) ([]string, error) {
	var lists [][]string
	keep := func(ids []string, err error) error {
		lists = append(lists, ids)
		return err
	}
	if f.MRN != "" {
		id := referral.Identifier{Value: f.MRN, Authority: f.Authority, Kind: referral.KindMRN}
		if err := keep(s.byMRN(ctx, s.readers, id, referral.Identifier.Compatible, false)); err != nil {
			return nil, err
		}
	}
	if f.Family != "" || f.BirthDate != "" {
		h := s.hashBirth(referral.Patient{Name: referral.Name{Family: f.Family}, BirthDate: f.BirthDate})
		if h == nil {
			return nil, fmt.Errorf("%w: got a last name or a birth date alone, want both, the date as YYYY-MM-DD", ErrFind)
		}
		if err := keep(many(ctx, s.readers, text, sqlByHash, h, 0)); err != nil {
			return nil, err
		}
	}
	if f.Phone != "" {
		if err := keep(many(ctx, s.readers, text, sqlByHash, s.hashPhone(f.Phone), 0)); err != nil {
			return nil, err
		}
	}
	if len(lists) == 0 {
		return nil, fmt.Errorf("%w: got nothing to look for, want mrn, family with birth_date, or phone", ErrFind)
	}
	out := lists[0]
	for _, l := range lists[1:] {
		out = slices.DeleteFunc(out, func(id string) bool { return !slices.Contains(l, id) })
	}
	return out, nil
}

func appendNew(list, more []string) []string {
	for _, id := range more {
		if !slices.Contains(list, id) {
			list = append(list, id)
		}
	}
	return list
}
