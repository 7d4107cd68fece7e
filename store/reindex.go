package store

import (
	"context"
	"errors"

	"refloop/referral"
)

// reindexBatch is how many referrals one commit of Reindex remakes, so that other work gets in between.
const reindexBatch = 64

// Reindex remakes identifiers and look-up hashes of every referral, and of the practice's own patients, from the sealed records, with the
// normaliser of this program, removes the hashes of others, and returns how many referrals it went through. It may run beside the daemon's other work, and be interrupted
// and begun again.
func (s *Store) Reindex(ctx context.Context) (int, error) {
	total, last := 0, ""
	for {
		ids, err := many(ctx, s.readers, text, `SELECT id FROM referral WHERE id > ?1 ORDER BY id LIMIT ?2`, last, reindexBatch)
		if err != nil {
			return total, err
		}
		if len(ids) == 0 {
			if err := s.reindexPatients(ctx); err != nil {
				return total, err
			}
			return total, s.Write(ctx, func(tx *Tx) error {
				_, err := tx.exec(`DELETE FROM lookup WHERE version <> ?1`, lookupVersion)
				return err
			})
		}
		err = s.Write(ctx, func(tx *Tx) error {
			for _, id := range ids {
				if err := tx.reindex(id); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return total, err
		}
		total, last = total+len(ids), ids[len(ids)-1]
	}
}

func (tx *Tx) reindex(id string) error {
	r, err := tx.Referral(id)
	if errors.Is(err, referral.ErrNotFound) {
		return nil // gone since it was listed
	}
	if err != nil {
		return err
	}
	idx := tx.s.indexOf(r)
	if err := tx.addIndex(id, idx); err != nil {
		return err
	}
	_, err = tx.exec(`UPDATE referral SET indexed = ?2 WHERE id = ?1`, id, idx.digest())
	return err
}

// StaleLookups counts look-up rows that another version of the normaliser made; more than none asks for Reindex.
func (s *Store) StaleLookups(ctx context.Context) (int64, error) {
	return one(ctx, s.readers, number, `SELECT (SELECT count(*) FROM lookup WHERE version <> ?1) + (SELECT count(*) FROM patient_lookup WHERE version <> ?1)`, lookupVersion)
}
