package console_test

import (
	"context"
	"slices"
	"testing"

	"refloop/console"
	"refloop/referral"
)

// manifested is a daemon whose outbound messages have a reason.
type manifested struct {
	*fake
	reason string
	err    error
}

func (m manifested) Message(context.Context, string) (referral.Message, error) {
	return referral.Message{Reason: m.reason}, m.err
}

// TestLeftOut: a delivery lists what its payload kept back, and nothing when nothing was, or its message is gone.
func TestLeftOut(t *testing.T) {
	for name, c := range map[string]struct {
		r    manifested
		id   string
		want []string
	}{
		"two kinds":     {manifested{reason: referral.LeftOut + "2 results: older; 1 section: not agreed"}, "M1", []string{"2 results: older", "1 section: not agreed"}},
		"nothing":       {manifested{}, "M1", nil},
		"other reason":  {manifested{reason: "the next rail takes over"}, "M1", nil},
		"not yet":       {manifested{reason: referral.LeftOut + "x"}, "", nil},
		"purged by now": {manifested{err: referral.ErrNotFound}, "M1", nil},
	} {
		c.r.fake = &fake{}
		v, err := console.ViewDelivery(t.Context(), c.r, referral.Delivery{ID: "D1", MessageID: c.id})
		if err != nil || !slices.Equal(v.LeftOut, c.want) || v.LeftOut == nil {
			t.Errorf("%s: got %q, %v, want %q", name, v.LeftOut, err, c.want)
		}
	}
}
