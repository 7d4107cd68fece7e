package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"refloop/console"
	"refloop/referral"
)

func explainCommand() *cobra.Command {
	return &cobra.Command{
		Use: "explain ID", Short: "why a referral or a message is where it is, in plain words", Args: cobra.ExactArgs(1),
		Example: "  refloop explain 01JD",
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := oneOf[console.Story](cmd, console.Query{Name: "story", ID: args[0]})
			if errors.Is(err, referral.ErrNotFound) {
				m, merr := oneOf[console.MessageView](cmd, console.Query{Name: "message", ID: args[0]})
				if merr != nil {
					return err
				}
				return writeLines(cmd.OutOrStdout(), explainMessage(m))
			}
			if err != nil {
				return err
			}
			lines := explainState(s)
			lines = append(lines, explainArrival(s)...)
			lines = append(lines, explainRoute(cmd, s)...)
			lines = append(lines, explainHolds(s)...)
			lines = append(lines, explainDeliveries(s)...)
			lines = append(lines, explainWork(s)...)
			lines = append(lines, "What may be done now: "+nextLine(s.Referral.NextActions)+".")
			return writeLines(cmd.OutOrStdout(), lines)
		},
	}
}

func writeLines(w io.Writer, lines []string) error {
	for _, l := range lines {
		if _, err := fmt.Fprintln(w, plain(l)); err != nil {
			return err
		}
	}
	return nil
}

// stateWords says what a state means.
func stateWords(s referral.State) string {
	switch s {
	case referral.StateDraft:
		return "it is not sent yet"
	case referral.StateSent:
		return "it was asked for, and nobody has said yes or no"
	case referral.StateInfoRequested:
		return "the recipient asked something and waits for the answer"
	case referral.StateAccepted:
		return "the recipient takes the patient; there is no appointment yet"
	case referral.StateNoCapacity:
		return "the recipient takes the patient but has no place yet"
	case referral.StateScheduled:
		return "there is an appointment"
	case referral.StateNoShow:
		return "the patient did not come"
	case referral.StateApptCancelled:
		return "the appointment was cancelled, the referral was not"
	case referral.StateSeen:
		return "the patient was seen; the report is due"
	case referral.StateReportReceived:
		return "the report is here, but it is not proven to be in the initiator's workflow"
	case referral.StateClosed:
		return "the report is proven to be in the initiator's workflow: the loop is closed"
	case referral.StateCancelRequested:
		return "the initiator asked to cancel; the recipient has not confirmed"
	case referral.StateCancelled:
		return "it was cancelled"
	case referral.StateDeclined:
		return "the recipient declined; it must be sent elsewhere or ended"
	case referral.StateEnded:
		return "staff ended it without a report"
	}
	return "this state is not known to this version"
}

// explainState says where it stands, by whose word, and who owes the next step.
func explainState(s console.Story) []string {
	r := s.Referral
	lines := []string{fmt.Sprintf("Referral %s is %s: %s.", r.ID, stateLine(r), stateWords(referral.State(r.State)))}
	for i := len(s.Events) - 1; i >= 0; i-- {
		if e := s.Events[i]; e.From != e.To {
			lines = append(lines, fmt.Sprintf("It came to that state at %s UTC by %s of %s through %s: %s.", when(&e.EventTime), e.Type, orUnknown(e.Actor), e.Origin, words(gradeWords(e.Grade), brackets(labelled("grade", string(e.Grade))))))
			break
		}
	}
	switch {
	case r.Clock.Name == "":
		lines = append(lines, "Nobody owes anything.")
	case r.Clock.Due == nil:
		lines = append(lines, fmt.Sprintf("The next step (%s) is owed by %s.", r.Clock.Name, r.Clock.Debtor))
	default:
		lines = append(lines, fmt.Sprintf("The next step (%s) is owed by %s until %s UTC.", r.Clock.Name, r.Clock.Debtor, when(r.Clock.Due)))
	}
	return lines
}

// explainArrival says which message began it.
func explainArrival(s console.Story) []string {
	var lines []string
	for _, m := range s.Messages {
		if m.Direction == referral.Inbound {
			lines = append(lines, explainMessage(m)...)
			break
		}
	}
	if n := len(s.Messages); n > 1 {
		lines = append(lines, fmt.Sprintf("In all %d messages speak of it.", n))
	}
	return lines
}

// explainMessage says what became of a message, and by which rule.
func explainMessage(m console.MessageView) []string {
	way := "came in by channel " + m.Channel
	if m.Direction == referral.Outbound {
		way = "went out by " + m.Channel
	}
	line := fmt.Sprintf("Message %s (%s) %s at %s UTC", m.ID, m.Type, way, when(m.ReceivedAt))
	if m.Partner != "" {
		line += ", partner " + m.Partner
	}
	lines := []string{line + "."}
	what := "It is " + m.State
	if m.Reason != "" {
		what += ": " + m.Reason
	}
	if m.Code != "" {
		what += "; the answer was " + m.Code
	}
	lines = append(lines, what+".")
	if m.RelatedTo != "" {
		lines = append(lines, fmt.Sprintf("It answers or repeats message %s.", m.RelatedTo))
	}
	if len(m.ReferralIDs) > 0 {
		lines = append(lines, "It speaks of "+strings.Join(m.ReferralIDs, ", ")+".")
	}
	return lines
}

// explainRoute says where it goes, and which rule of today's configuration says so.
func explainRoute(cmd *cobra.Command, s console.Story) []string {
	r := s.Record
	if r.Role != referral.RoleInitiator {
		return []string{fmt.Sprintf("We are the recipient; answers go to %s.", orUnknown(otherSide(s.Referral)))}
	}
	lines := []string{fmt.Sprintf("We are the initiator; the recipient is %s.", orUnknown(otherSide(s.Referral)))}
	cfg, _, pl, err := readPlan(configPath(cmd), nil)
	if err != nil {
		return append(lines, "Its route cannot be looked up: the configuration has mistakes (refloop check).")
	}
	lines = append(lines, routeLine(pl, r))
	if n := len(s.Events); n > 0 && s.Events[n-1].ConfigHash != "" && s.Events[n-1].ConfigHash != cfg.Hash {
		lines = append(lines, "The configuration has changed since its last step.")
	}
	return lines
}

// routeLine evaluates the routes as the engine does.
func routeLine(pl *plan, r referral.Referral) string {
	for _, route := range pl.routes {
		hit, err := route.Match(r)
		if err != nil {
			return fmt.Sprintf("Route %s could not be evaluated.", route.Place)
		}
		if hit {
			return fmt.Sprintf("Route %s matches: to %s.", route.Place, route.To)
		}
	}
	if p, ok := pl.directory.Identify(r.Recipient); ok && !p.Own {
		return fmt.Sprintf("No route of %d matches; the referral itself names %s.", len(pl.routes), p.ID)
	}
	return fmt.Sprintf("No route of %d matches, and no partner has the recipient's NPI, Direct address or fax number.", len(pl.routes))
}

// explainHolds says what keeps it, and how to let it go.
func explainHolds(s console.Story) []string {
	var lines []string
	for _, h := range s.Referral.Holds {
		lines = append(lines, fmt.Sprintf("It is held since %s UTC (%s): %s. %s", when(&h.Since), h.Kind, orUnknown(h.Reason), holdRemedy(h.Kind)))
	}
	if n := len(unsureRows(s.Record)); n > 0 {
		lines = append(lines, fmt.Sprintf("%d fields read from paper are below the line and were not filled in; see refloop show %s.", n, s.Referral.ID))
	}
	return lines
}

func holdRemedy(k referral.HoldKind) string {
	switch k {
	case referral.HoldFaxReview:
		return "Look at the pages, then: act ID verify, act ID verify --set - with what is right, or act ID release --hold fax_review --reason CODE."
	case referral.HoldCompleteness:
		return "Give what is missing: act ID verify --set -."
	case referral.HoldCapacity:
		return "It goes on when there is a place: act ID schedule."
	}
	return fmt.Sprintf(`When it is cleared: act ID release --hold %s --reason CODE.`, k)
}

// explainDeliveries says what was sent to whom, and what the other side said.
func explainDeliveries(s console.Story) []string {
	var lines []string
	for _, d := range s.Deliveries {
		line := fmt.Sprintf("%s to %s by %s: %s", d.Event, orUnknown(d.Partner), d.Rail, d.State)
		if n := len(d.Attempts); n > 0 {
			line += fmt.Sprintf(" after %d tries", n)
			if n == 1 {
				line = strings.TrimSuffix(line, "tries") + "try"
			}
		}
		line += explainReceipt(d)
		if d.ProvenAt != nil {
			line += fmt.Sprintf("; proven at %s UTC", when(d.ProvenAt))
			if d.Grade != "" {
				line += " (grade " + d.Grade + ")"
			}
		}
		if d.Reason != "" && d.Receipt != notPacked {
			line += "; " + d.Reason
		}
		if d.NextAttempt != nil && d.State != string(referral.DeliverySending) {
			line += "; next try at " + when(d.NextAttempt) + " UTC"
		}
		if d.Replaces != "" {
			line += "; it stands in for " + d.Replaces
		}
		lines = append(lines, "Delivery "+d.ID+": "+line+".")
	}
	return lines
}

// notPacked is the receipt of a delivery that never left: no message could be made of it.
const notPacked = "not packed"

// explainReceipt says what came back, or why nothing could.
func explainReceipt(d console.DeliveryView) string {
	switch d.Receipt {
	case "":
		return ""
	case notPacked:
		return "; not packed: " + orUnknown(d.Reason)
	case "unreachable":
		if d.Reason != "" {
			return "; no answer to it came: " + d.Reason
		}
		return "; the other side could not be reached"
	}
	return "; the other side said: " + d.Receipt
}

func explainWork(s console.Story) []string {
	var lines []string
	for _, v := range s.Work {
		end := "still open"
		if v.Resolved != nil {
			end = "done at " + when(v.Resolved) + " UTC"
		}
		lines = append(lines, fmt.Sprintf("Item %s since %s UTC, %s: %s.", v.Kind, when(v.Opened), end, strings.TrimSuffix(v.Note, ".")))
	}
	return lines
}
