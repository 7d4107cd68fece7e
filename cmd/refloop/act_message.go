package main

import (
	"context"
	"strings"

	"refloop/console"
	"refloop/engine"
)

// acceptAs is the verb by which a person says what a held fax is; it is for messages alone.
const acceptAs = "accept-as"

// actMessage does split, not-ours or accept-as with a fax that became no referral; none is what to say when there is no such message either.
func (a answers) actMessage(ctx context.Context, actor, id, verb string, in engine.ActInput, none error) (console.Listed, error) {
	whole, err := a.whole(ctx, "message", id)
	if err != nil {
		return console.Listed{}, none
	}
	if err := a.d.engine.ActMessage(ctx, actor, whole, verb, in); err != nil {
		return console.Listed{}, allowed(err)
	}
	m, err := a.Message(ctx, whole)
	if err != nil {
		return console.Listed{}, err
	}
	notices := []string{words("message", whole, "is", string(m.State), brackets(m.Reason))}
	if verb == "split" && in.To == "" {
		notices = append(notices, "the pages are new faxes; their referrals appear on the worklist when they are read")
	}
	if verb == acceptAs {
		notices = append(notices, "its referral waits for review: refloop show "+strings.Join(m.ReferralIDs, ", "))
	}
	return console.Listed{Notices: notices}, nil
}
