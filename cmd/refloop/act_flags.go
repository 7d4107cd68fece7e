package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"refloop/config"
	"refloop/console"
	"refloop/referral"
)

// flagsOfVerb names the flags that a verb looks at, beside --json and --config.
func flagsOfVerb(verb string) []string {
	flags := map[string]string{
		"accept": "at note", "decline": "reason note", "no-capacity": "reason note", "schedule": "at until location late reason note",
		"reschedule": "at until location late reason note", "no-show": "reason note", "cancel-appointment": "reason note", "seen": "at note",
		"interim": "document author name signed note", "report": "document author name signed note", "confirm-cancel": "reason note",
		"refuse-cancel": "reason note", "cancel": "reason note", "ask": "note", "answer": "note document author name", "verify": "set patient reason note",
		"release": "hold reason note", "take": "note", "split": "pages to note", "not-ours": "note", acceptAs: "kind", "resend": "set reason note", "fax-sent": "reason note", "end": "reason note",
	}
	return strings.Fields(flags[verb])
}

// endReasons are the reasons of end that a person may give; the last one only while a cancellation is not confirmed.
func endReasons() []referral.EndReason {
	return []referral.EndReason{referral.EndAdviceAnswered, referral.EndPatientDeclined, referral.EndUnreachable, referral.EndCompletedNoReport,
		referral.EndExpired, referral.EndDuplicate, referral.EndEnteredInError, referral.EndCancelUnconfirmed}
}

// checkFlags refuses flags that the verb would ignore.
func checkFlags(cmd *cobra.Command, verb string) error {
	uses := flagsOfVerb(verb)
	var wrong []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if f.Changed && f.Name != "json" && f.Name != "config" && !slices.Contains(uses, f.Name) {
			wrong = append(wrong, "--"+f.Name)
		}
	})
	if len(wrong) > 0 {
		return usageError{fmt.Errorf("act %s: got %s, which it does not use; want only --%s", verb, strings.Join(wrong, ", "), strings.Join(uses, ", --"))}
	}
	return nil
}

// checkAct refuses what can be seen to be wrong before the daemon is asked.
func checkAct(in console.Act) error {
	books := in.Verb == "schedule" || in.Verb == "reschedule"
	switch {
	case books && in.At.IsZero():
		return usageError{errors.New("act: --at: got nothing, want the appointment's start such as 2026-12-01T09:30:00-06:00")}
	case books && !in.Until.IsZero() && !in.Until.After(in.At):
		return usageError{errors.New("act: --until: got a time that is not after --at, want the appointment's end")}
	case in.Author != "" && !referral.ValidNPI(in.Author):
		return usageError{fmt.Errorf("act: --author: got %d characters, want an NPI: 10 digits with a right check digit", len(in.Author))}
	case in.Verb == "release":
		if in.Hold == "" {
			return usageError{fmt.Errorf("act: --hold: got nothing, want one of %s", list(referral.HoldKinds()))}
		}
		return checkWord("hold", in.Hold, referral.HoldKinds())
	case in.Verb == "end":
		if in.Reason == "" {
			return usageError{fmt.Errorf("act: --reason: got nothing, want one of %s", list(endReasons()))}
		}
		return checkWord("reason", in.Reason, endReasons())
	}
	return nil
}

// checkSet refuses unknown keys and values of a wrong shape, and warns of codes that look wrong. Values are never quoted.
func checkSet(cmd *cobra.Command, set map[string]string) error {
	for _, k := range slices.Sorted(maps.Keys(set)) {
		if _, ok := referral.FieldKey(k); ok || k == "hold" {
			continue
		}
		near := ""
		if n := config.Nearest(k, referral.FieldKeys()); n != "" {
			near = fmt.Sprintf("; did you mean %q?", n)
		}
		return usageError{fmt.Errorf("--set: got the unknown key %q%s; want some of %s, or extra.<name>", k, near, strings.Join(referral.FieldKeys(), ", "))}
	}
	if err := referral.CheckFields(set); err != nil {
		return usageError{err}
	}
	for _, k := range referral.DoubtfulFields(set) {
		fmt.Fprintf(cmd.ErrOrStderr(), "warning: %s: not every code has the shape of ICD-10-CM, such as I25.10; it is taken as it is\n", k)
	}
	return nil
}

func list[T ~string](words []T) string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = string(w)
	}
	return strings.Join(out, ", ")
}
