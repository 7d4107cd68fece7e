package engine

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"refloop/referral"
)

// clockSkew is how far ahead of our clock a visit may be said to have taken place.
const clockSkew = 5 * time.Minute

// InputError says that what a person gave with an act cannot be taken; nothing was stored. It never quotes values about a patient.
type InputError struct{ Text string }

// Error says which flag or key, what came and what is wanted.
func (i *InputError) Error() string { return "act: " + i.Text }

func wrongInput(format string, args ...any) error {
	return &InputError{Text: fmt.Sprintf(format, args...)}
}

// check looks at what came with an act before anything is stored.
func (in ActInput) check(kind referral.EventType, now time.Time) error {
	booking := kind == referral.EventSchedule || kind == referral.EventReschedule
	switch {
	case booking && in.At.IsZero():
		return wrongInput("--at: got nothing, want the appointment's start such as 2026-12-01T09:30:00-06:00")
	case booking && !in.Late && in.At.Before(now):
		return wrongInput("--at: got a time in the past, want one to come; --late records an appointment that was made in time and told late")
	case booking && !in.Until.IsZero() && !in.Until.After(in.At):
		return wrongInput("--until: got a time that is not after --at, want the appointment's end")
	case kind == referral.EventSeen && in.At.After(now.Add(clockSkew)):
		return wrongInput("--at: got a time to come, want when the visit took place")
	case in.Author != "" && !referral.ValidNPI(in.Author):
		return wrongInput("--author: got %d characters, want an NPI: 10 digits with a right check digit", len(in.Author))
	}
	if kind == referral.EventRelease || in.Hold != "" {
		if !slices.Contains(referral.HoldKinds(), referral.HoldKind(in.Hold)) {
			return wrongInput("--hold: got %q, want one of %s", in.Hold, join(referral.HoldKinds()))
		}
	}
	return in.checkSet()
}

// checkSet refuses keys that the record does not know, and values that have not the shape of theirs.
func (in ActInput) checkSet() error {
	for _, k := range slices.Sorted(maps.Keys(in.Set)) {
		if _, ok := referral.FieldKey(k); !ok && k != "hold" {
			return wrongInput("--set: got an unknown key of %d characters, want one of %s, or extra.<name>", len(k), strings.Join(referral.FieldKeys(), ", "))
		}
	}
	if err := referral.CheckFields(in.Set); err != nil {
		return &InputError{Text: strings.ReplaceAll(err.Error(), "\n", "; ")}
	}
	return nil
}

// verifyNote says which fields a person put right or confirmed: their keys, never their values.
func verifyNote(r referral.Referral, fields []referral.Field) string {
	if len(fields) == 0 {
		if unread := r.Unread(); len(unread) > 0 {
			return "confirmed as read: " + strings.Join(unread, ", ")
		}
		return "confirmed as read"
	}
	var keys []string
	for _, f := range fields {
		if strings.HasPrefix(f.Key, "extra.") {
			f.Key = "extra"
		}
		keys = append(keys, f.Key)
	}
	return "set by a person: " + strings.Join(slices.Compact(keys), ", ")
}

func join[T ~string](list []T) string {
	words := make([]string, len(list))
	for i, v := range list {
		words[i] = string(v)
	}
	return strings.Join(words, ", ")
}
