package store_test

import (
	"errors"
	"testing"

	"refloop/referral"
	"refloop/store"
)

func TestResolve(t *testing.T) {
	s := fresh(t)
	write(t, s, func(tx *store.Tx) error {
		var errs []error
		for _, id := range []string{"K018AAAA", "K018AAAB", "K019CCCC"} {
			errs = append(errs, tx.PutReferral(record(id, 1), referral.Clock{}))
		}
		return errors.Join(errs...)
	})
	for given, want := range map[string]string{"K018AAAA": "K018AAAA", "K019": "K019CCCC", "k019c": "K019CCCC", "K018": "", "K01": "", "K020": "", "": ""} {
		got, err := s.Resolve(t.Context(), "referral", given)
		if got != want || (want == "") != errors.Is(err, referral.ErrNotFound) {
			t.Errorf("%q: got %q, %v, want %q", given, got, err, want)
		}
	}
	if _, err := s.Resolve(t.Context(), "nothing", "K019"); err == nil {
		t.Error("an unknown kind: want an error")
	}
}
