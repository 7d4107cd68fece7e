package store

import "refloop/referral"

// FaxBlock returns the block of a partner's fax number, if there is one.
func (tx *Tx) FaxBlock(partner, number string) (referral.FaxBlock, bool, error) {
	found, err := many(tx.ctx(), tx, func(sc scan) (b referral.FaxBlock, err error) {
		var since, checked int64
		err = sc(&b.Partner, &b.Number, &b.BlockedBy, &b.Reason, &since, &b.CheckedBy, &checked)
		b.Since, b.CheckedAt = fromMicros(since), fromMicros(checked)
		return b, err
	}, `SELECT partner, number, blocked_by, reason, since, checked_by, checked_at FROM fax_number WHERE partner = ?1 AND number = ?2`, partner, number)
	if err != nil || len(found) == 0 {
		return referral.FaxBlock{}, false, err
	}
	return found[0], true, nil
}

// PutFaxBlock stores a block in place of the one that is there.
func (tx *Tx) PutFaxBlock(b referral.FaxBlock) error {
	_, err := tx.exec(`INSERT INTO fax_number (partner, number, blocked_by, reason, since, checked_by, checked_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
		ON CONFLICT (partner, number) DO UPDATE SET blocked_by = ?3, reason = ?4, since = ?5, checked_by = ?6, checked_at = ?7`,
		b.Partner, b.Number, b.BlockedBy, b.Reason, micros(b.Since), b.CheckedBy, micros(b.CheckedAt))
	return err
}

// DropFaxBlock lets faxes go to a number again.
func (tx *Tx) DropFaxBlock(partner, number string) error {
	_, err := tx.exec(`DELETE FROM fax_number WHERE partner = ?1 AND number = ?2`, partner, number)
	return err
}
