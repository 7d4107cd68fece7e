package store

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"strings"

	"refloop/referral"
)

// lookupVersion is the version of the normaliser below. Raise it with every change of what it gives; Reindex then remakes the hashes.
const lookupVersion = 1

// Kinds of keyed look-ups. A hash covers kind, version and the normalised value, so that one kind never answers for another.
const (
	lookupMRN   = "mrn"        // the number without its authority, which is compared afterwards
	lookupBirth = "name_birth" // last name and birth date
	lookupPhone = "phone"
)

// hashSize is how much of the HMAC is kept: enough that two values never meet by chance.
const hashSize = 16

// index is what makes a referral findable: identifiers in the clear and keyed hashes.
type index struct {
	ids    []referral.Identifier // as compared: trimmed values, plain authorities
	hashes [][]byte
}

// indexOf gathers the index of r. Numbers of the patient are only ever hashed.
func (s *Store) indexOf(r referral.Referral) index {
	var idx index
	for _, id := range r.Identifiers {
		if id.Kind == referral.KindMRN {
			idx.hash(s.hashMRN(id))
			continue
		}
		id.Value, id.Authority = strings.TrimSpace(id.Value), referral.Authority(id.Authority)
		if id.Value != "" && !slices.Contains(idx.ids, id) {
			idx.ids = append(idx.ids, id)
		}
	}
	for _, id := range r.Patient.IDs {
		idx.hash(s.hashMRN(id))
	}
	idx.hash(s.hashBirth(r.Patient))
	idx.hash(s.hashPhone(r.Patient.Phone))
	return idx
}

func (x *index) hash(h []byte) {
	if h != nil && !x.has(h) {
		x.hashes = append(x.hashes, h)
	}
}

func (x *index) has(h []byte) bool {
	return slices.ContainsFunc(x.hashes, func(o []byte) bool { return bytes.Equal(o, h) })
}

// digest tells whether two indexes are the same.
func (x index) digest() []byte {
	b := []byte{lookupVersion}
	for _, id := range x.ids {
		for _, part := range [...]string{id.Value, id.Authority, id.Kind} {
			b = binary.AppendUvarint(b, uint64(len(part)))
			b = append(b, part...)
		}
	}
	for _, h := range x.hashes {
		b = append(b, h...)
	}
	sum := sha256.Sum256(b)
	return sum[:hashSize]
}

// lookupHash is the keyed hash of one normalised value; nil for an empty one.
func (s *Store) lookupHash(kind, normal string) []byte {
	if normal == "" {
		return nil
	}
	mac := hmac.New(sha256.New, s.keys.lookup)
	mac.Write([]byte(kind))
	mac.Write([]byte{0, lookupVersion, 0})
	mac.Write([]byte(normal))
	return mac.Sum(nil)[:hashSize]
}

func (s *Store) hashMRN(id referral.Identifier) []byte {
	return s.lookupHash(lookupMRN, strings.TrimSpace(id.Value))
}

func (s *Store) hashBirth(p referral.Patient) []byte {
	return s.lookupHash(lookupBirth, normalBirth(p))
}

func (s *Store) hashPhone(phone string) []byte {
	return s.lookupHash(lookupPhone, normalPhone(phone))
}

// normalBirth is last name and birth date as compared; empty unless both are known, the date to the day.
func normalBirth(p referral.Patient) string {
	family := p.Name.Family
	if family == "" {
		family = referral.ParseName(p.Name.Text).Family
	}
	name, date := referral.FoldName(family), digits(p.BirthDate)
	if name == "" || len(date) < 8 {
		return ""
	}
	return name + "/" + date[:8]
}

// normalPhone is the last ten digits: without country code, punctuation. Extensions (x, ext, #) are cut.
func normalPhone(phone string) string {
	if i := strings.IndexAny(strings.ToLower(phone), "ex#;"); i > 0 {
		phone = phone[:i]
	}
	d := digits(phone)
	return d[max(0, len(d)-10):]
}

func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

func (tx *Tx) addIndex(referralID string, idx index) error {
	for _, id := range idx.ids {
		_, err := tx.exec(`INSERT INTO identifier (value, authority, referral_id, kind) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING`,
			id.Value, id.Authority, referralID, id.Kind)
		if err != nil {
			return err
		}
	}
	for _, h := range idx.hashes {
		_, err := tx.exec(`INSERT INTO lookup (hash, referral_id, version) VALUES (?1, ?2, ?3)
			ON CONFLICT (hash, referral_id) DO UPDATE SET version = ?3 WHERE version <> ?3`, h, referralID, lookupVersion)
		if err != nil {
			return err
		}
	}
	return nil
}

// replaceIndex removes what the stored record gave and idx does not, and adds idx. The tables have no index by referral, which would
// cost every message for the sake of rare corrections: the old rows are computed from the old record.
func (tx *Tx) replaceIndex(referralID string, idx index) error {
	r, err := tx.Referral(referralID)
	if err != nil {
		return err
	}
	old := tx.s.indexOf(r)
	for _, id := range old.ids {
		if slices.Contains(idx.ids, id) {
			continue
		}
		_, err := tx.exec(`DELETE FROM identifier WHERE value = ?1 AND authority = ?2 AND referral_id = ?3 AND kind = ?4`, id.Value, id.Authority, referralID, id.Kind)
		if err != nil {
			return err
		}
	}
	for _, h := range old.hashes {
		if idx.has(h) {
			continue
		}
		if _, err := tx.exec(`DELETE FROM lookup WHERE hash = ?1 AND referral_id = ?2`, h, referralID); err != nil {
			return err
		}
	}
	return tx.addIndex(referralID, idx)
}
