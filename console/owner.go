package console

import (
	"context"
	"errors"
	"strings"

	"refloop/referral"
)

// ownItems names who took the case that an item is about.
func ownItems(ctx context.Context, r Reader, items []WorkView) error {
	owners := map[string]string{}
	for i, v := range items {
		if v.ReferralID == "" || v.Resolved != nil {
			continue
		}
		owner, known := owners[v.ReferralID]
		if !known {
			l, err := r.Referral(ctx, v.ReferralID)
			if err != nil && !errors.Is(err, referral.ErrNotFound) {
				return err
			}
			owner = l.Referral.Assigned
			owners[v.ReferralID] = owner
		}
		items[i].Owner = owner
	}
	return nil
}

// ownedBy reports whether an item is this person's, by the name of the local user; none is nobody's.
func ownedBy(v WorkView, who string) bool {
	if who == "none" {
		return v.Owner == ""
	}
	return v.Owner == who || strings.TrimPrefix(v.Owner, "user:") == who
}
