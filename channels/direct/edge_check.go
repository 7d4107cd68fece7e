package direct

import (
	"context"
	"fmt"
	"time"

	"refloop/channels/mailbox"
	"refloop/direct"
)

// NamedEdge is a channel in edge mode with its name.
type NamedEdge struct {
	Name   string
	Config EdgeConfig
}

// edgeWarn is how long before its end the certificate of a HISP's server is spoken of.
const edgeWarn = 30 * 24 * time.Hour

// CheckEdge looks at the way to the HISP as sending and reading would go: connection, certificate, login, mailbox. It submits nothing and
// changes nothing.
func (g *Agent) CheckEdge(ctx context.Context, boxes []NamedEdge) (out []Finding) {
	out = append(out, g.checkSubmission(ctx))
	for _, b := range boxes {
		if b.Config.Mailbox == nil {
			continue
		}
		what := "mailbox of channel " + b.Name
		r, err := mailbox.Probe(ctx, *b.Config.Mailbox)
		if err != nil {
			out = append(out, Finding{FindingBad, what, err.Error(), "ask the HISP for server, name and password of the mailbox; see mailbox under the channel"})
			continue
		}
		out = append(out, g.edgeFinding(what, r.Via, fmt.Sprintf("logged in, %d mails there", r.Mails)))
	}
	if len(boxes) == 0 {
		out = append(out, Finding{FindingWarn, "mailbox", "no channel of type direct: mail for us and notifications about ours are not read", "a channel of type direct with mailbox"})
	}
	return out
}

func (g *Agent) checkSubmission(ctx context.Context) Finding {
	const what = "submission"
	ctx, cancel := context.WithTimeout(ctx, g.Settings.HISP.Timeout.D()+time.Second)
	defer cancel()
	c, err := g.submission(ctx)
	if err != nil {
		return Finding{FindingBad, what, err.Error(), "ask the HISP for server, name and password of submission; see direct.hisp"}
	}
	defer c.end()
	_ = c.Quit()
	return g.edgeFinding(what, c.seen, "logged in")
}

// edgeFinding says that a connection works, and how long its certificate is good for.
func (g *Agent) edgeFinding(what string, v mailbox.Via, text string) Finding {
	f := Finding{FindingOK, what, v.Server + ": " + text, ""}
	if v.TLS == "" {
		f.Text += ", without TLS on this machine"
		return f
	}
	left := v.NotAfter.Sub(g.Now())
	f.Text += fmt.Sprintf(", %s, certificate of %s until %s (%d days)", v.TLS, v.Name, v.NotAfter.Format(time.DateOnly), int(left/(24*time.Hour)))
	if left < edgeWarn {
		f.Level, f.Remedy = FindingWarn, "ask the HISP for its next certificate; nothing goes in or out once this one has ended"
	}
	return f
}

// inspectEdge says what is in a mail as the HISP delivers it.
func (g *Agent) inspectEdge(raw []byte) Inspection {
	in := Inspection{Verdict: "accepted", Why: "mode edge: the HISP vouches for what is in the mailbox"}
	m, err := direct.ReadMail(raw, g.Limits)
	if err != nil {
		return Inspection{Verdict: "refused", Reason: reasonOf(err), Why: err.Error()}
	}
	in.MessageID, in.Warnings = m.MessageID(), m.Warnings
	in.Sender, _ = m.From()
	if encrypted(m.Type) {
		in.Verdict, in.Reason, in.Why = "refused", "still_encrypted", "the HISP should decrypt mail for this mailbox"
	}
	for _, p := range m.Parts {
		in.Parts = append(in.Parts, PartView{p.Path, p.Type, len(p.Body)})
	}
	return in
}
