package engine_test

import (
	"testing"
	"testing/synctest"

	"go.uber.org/goleak"

	"refloop/channels"
	"refloop/engine"
	"refloop/internal/enginetest"
	"refloop/referral"
	"refloop/transform"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// inWorld runs f on a fresh world whose clock is virtual.
func inWorld(t *testing.T, f func(t *testing.T, w *enginetest.World)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { f(t, enginetest.New(t)) })
}

// ask takes one request and returns its referral.
func ask(t *testing.T, w *enginetest.World) referral.Referral {
	t.Helper()
	out := w.Take(enginetest.FromEHR, enginetest.Request("C1", "RF-1"))
	if out.State != "processed" || len(out.ReferralIDs) != 1 {
		t.Fatalf("request: got %s (%s) with %d referrals, want processed with 1", out.State, out.Reason, len(out.ReferralIDs))
	}
	return w.Referral(out.ReferralIDs[0])
}

func wantState(t *testing.T, w *enginetest.World, id string, want referral.State) {
	t.Helper()
	if r := w.Referral(id); r.State != want {
		t.Fatalf("referral: got state %s, want %s", r.State, want)
	}
}

// engineChannel is a channel that speaks for Lakeside.
func engineChannel(rail channels.Channel) engine.Channel {
	return engine.Channel{Rail: rail, Rules: transform.Channel{Name: enginetest.FromLakeside, Type: channels.MLLP, Partner: enginetest.Lakeside}}
}
