package engine

import (
	"context"
	"strings"

	"refloop/referral"
)

// basis is the consent, or other basis, on which a record under 42 CFR Part 2 leaves: the reason with which a person released the hold
// for consent, newest first, with its day. It travels beside the notice (42 CFR 2.32). Empty for other records, and when nobody wrote one.
func (a *attempt) basis(ctx context.Context, r referral.Referral) (string, error) {
	if !r.Confidentiality.Part2 {
		return "", nil
	}
	events, err := a.e.store.Events(ctx, r.ID)
	if err != nil {
		return "", err
	}
	for i := len(events) - 1; i >= 0; i-- {
		ev := events[i]
		if h := ev.Payload.Hold; ev.Type != referral.EventRelease || h == nil || h.Kind != referral.HoldConsent || ev.By == referral.SideDaemon || ev.Reason == "" {
			continue
		}
		return strings.ReplaceAll(ev.Reason, "_", " ") + " (recorded " + ev.EventTime.UTC().Format("2006-01-02") + ")", nil
	}
	return "", nil
}
