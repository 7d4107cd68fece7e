package console

import (
	"context"
	"errors"
	"strings"

	"refloop/referral"
)

// Part2Words is what staff are told of a referral that 42 CFR Part 2 protects.
const Part2Words = "42 CFR Part 2: records of treatment for substance use; not to be passed on without the patient's consent or another basis in law"

// restrict says on an item that its referral is protected by 42 CFR Part 2.
func restrict(v *WorkView, r referral.Referral) {
	if r.Confidentiality.Part2 {
		v.Part2, v.Note = true, Part2Words+". "+v.Note
	}
}

// ownItems names who took the case that an item is about, says when it is protected, and what kind of file its message is.
func ownItems(ctx context.Context, r Reader, items []WorkView) error {
	cases := map[string]referral.Referral{}
	for i, v := range items {
		if v.MessageID != "" && strings.Contains(v.Note, rawName) {
			m, err := r.Message(ctx, v.MessageID)
			if err != nil && !errors.Is(err, referral.ErrNotFound) {
				return err
			}
			items[i].Note = nameRaw(v.Note, m.ContentType)
		}
		if v.ReferralID == "" || v.Resolved != nil {
			continue
		}
		about, known := cases[v.ReferralID]
		if !known {
			l, err := r.Referral(ctx, v.ReferralID)
			if err != nil && !errors.Is(err, referral.ErrNotFound) {
				return err
			}
			about = l.Referral
			cases[v.ReferralID] = about
		}
		items[i].Owner = about.Assigned
		restrict(&items[i], about)
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
