package store

import (
	"context"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"
)

// ErrSealKey is returned when the given seal key does not open the keys in the database.
var ErrSealKey = errors.New("store: seal key")

// Purposes of keys.
const (
	keyData   = "data"   // seals values
	keyLookup = "lookup" // hashes look-ups
	keyAudit  = "audit"  // digests of the audit chain
)

const dataKeySize = 32

// Key describes one key of table key; the key itself never leaves the store.
type Key struct {
	ID        int64     `json:"id"`
	Purpose   string    `json:"purpose"` // data, lookup, audit
	Created   time.Time `json:"created"`
	WrappedBy string    `json:"wrapped_by"` // id of the seal key: half a digest, safe to show
}

type keyRow struct {
	Key
	wrapped []byte
}

// SealKeyID names a seal key without telling anything of it.
func SealKeyID(key [32]byte) string {
	mac := hmac.New(sha256.New, key[:])
	mac.Write([]byte("refloop seal key id"))
	return hex.EncodeToString(mac.Sum(nil)[:8])
}

func keyPlace(purpose string, id int64) []byte {
	return fmt.Appendf(nil, "key\x00%s\x00%d", purpose, id)
}

func wrap(rand io.Reader, by cipher.AEAD, purpose string, id int64, key []byte) ([]byte, error) {
	nonce := make([]byte, nonceSize, nonceSize+len(key)+tagSize)
	if _, err := io.ReadFull(rand, nonce); err != nil {
		return nil, fmt.Errorf("store: reading randomness: %w", err)
	}
	return by.Seal(nonce, nonce, key, keyPlace(purpose, id)), nil
}

func unwrap(by cipher.AEAD, r keyRow) ([]byte, error) {
	if len(r.wrapped) != nonceSize+dataKeySize+tagSize {
		return nil, fmt.Errorf("%w: key %d: got %d bytes, want %d", ErrSealed, r.ID, len(r.wrapped), nonceSize+dataKeySize+tagSize)
	}
	key, err := by.Open(nil, r.wrapped[:nonceSize], r.wrapped[nonceSize:], keyPlace(r.Purpose, r.ID))
	if err != nil {
		return nil, fmt.Errorf("%w: key %d: it was changed", ErrSealed, r.ID)
	}
	return key, nil
}

func scanKey(s scan) (r keyRow, err error) {
	var created int64
	err = s(&r.ID, &r.Purpose, &created, &r.WrappedBy, &r.wrapped)
	r.Created = fromMicros(created)
	return r, err
}

const sqlKeys = `SELECT id, purpose, created, wrapped_by, wrapped FROM key ORDER BY id`

// loadKeys unwraps every key of the database.
func loadKeys(ctx context.Context, src source, sealKey [32]byte, rand io.Reader) (*keyring, error) {
	rows, err := many(ctx, src, scanKey, sqlKeys)
	if err != nil {
		return nil, err
	}
	by, err := newAEAD(sealKey[:])
	if err != nil {
		return nil, err
	}
	k := &keyring{rand: rand}
	for _, r := range rows {
		if id := SealKeyID(sealKey); r.WrappedBy != id {
			return nil, fmt.Errorf("%w: got key %s, want %s, which this database was sealed with; check store.seal_key", ErrSealKey, id, r.WrappedBy)
		}
		key, err := unwrap(by, r)
		if err != nil {
			return nil, err
		}
		if err := k.take(r, key); err != nil {
			return nil, err
		}
	}
	return k, nil
}

// take puts an unwrapped key where it is used.
func (k *keyring) take(r keyRow, key []byte) error {
	switch r.Purpose {
	case keyData:
		aead, err := newAEAD(key)
		if err != nil {
			return err
		}
		k.add(&dataKey{id: uint32(r.ID), created: r.Created, aead: aead})
	case keyLookup:
		k.lookup = key
	case keyAudit:
		k.audit = key
	}
	return nil
}

// ensureKeys makes the keys that are missing or due, in a commit of their own: nothing is sealed with a key that is not on disk.
func (s *Store) ensureKeys(now time.Time) error {
	var want []string
	if s.keys.lookup == nil {
		want = append(want, keyLookup)
	}
	if s.keys.audit == nil {
		want = append(want, keyAudit)
	}
	if s.keys.due(now) {
		want = append(want, keyData)
	}
	if len(want) == 0 {
		return nil
	}
	var rows []keyRow
	var keys [][]byte
	err := s.writer.atomically(func() error {
		for _, purpose := range want {
			r, key, err := s.makeKey(purpose, now)
			if err != nil {
				return err
			}
			rows, keys = append(rows, r), append(keys, key)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("store: making a key: %w", err)
	}
	for i, r := range rows {
		if err := s.keys.take(r, keys[i]); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) makeKey(purpose string, now time.Time) (keyRow, []byte, error) {
	last, err := one(context.Background(), s.writer, number, `SELECT coalesce(max(id), 0) FROM key`)
	if err != nil {
		return keyRow{}, nil, err
	}
	key := make([]byte, dataKeySize)
	if _, err := io.ReadFull(s.keys.rand, key); err != nil {
		return keyRow{}, nil, fmt.Errorf("store: reading randomness: %w", err)
	}
	r := keyRow{Key: Key{ID: last + 1, Purpose: purpose, Created: now.UTC(), WrappedBy: s.sealKeyID}}
	if r.wrapped, err = wrap(s.keys.rand, s.sealKey, purpose, r.ID, key); err != nil {
		return keyRow{}, nil, err
	}
	_, err = s.writer.exec(`INSERT INTO key (id, purpose, created, wrapped_by, wrapped) VALUES (?1, ?2, ?3, ?4, ?5)`,
		r.ID, r.Purpose, micros(r.Created), r.WrappedBy, r.wrapped)
	return r, key, err
}

// Keys lists the keys of the database, oldest first.
func (s *Store) Keys(ctx context.Context) ([]Key, error) {
	return many(ctx, s.readers, func(sc scan) (Key, error) { r, err := scanKey(sc); return r.Key, err }, sqlKeys)
}

// Rewrap wraps every key with newKey instead of the seal key of Config, in one commit. Sealed values are not touched. From then on the
// store opens with newKey only.
func (s *Store) Rewrap(ctx context.Context, newKey [32]byte) error {
	by, err := newAEAD(newKey[:])
	if err != nil {
		return err
	}
	id := SealKeyID(newKey)
	err = s.Write(ctx, func(tx *Tx) error {
		rows, err := many(tx.ctx(), tx, scanKey, sqlKeys)
		if err != nil {
			return err
		}
		for _, r := range rows {
			key, err := unwrap(s.sealKey, r)
			if err != nil {
				return err
			}
			wrapped, err := wrap(s.keys.rand, by, r.Purpose, r.ID, key)
			if err != nil {
				return err
			}
			if _, err := tx.exec(`UPDATE key SET wrapped = ?1, wrapped_by = ?2 WHERE id = ?3`, wrapped, id, r.ID); err != nil {
				return err
			}
		}
		tx.afterCommit(func() { s.sealKey, s.sealKeyID = by, id })
		return nil
	})
	return err
}
