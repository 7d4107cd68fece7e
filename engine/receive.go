package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"refloop/audit"
	"refloop/channels"
	"refloop/referral"
)

// contentWindow is how long the content hash alone makes a duplicate of a fax or a mail.
const contentWindow = 24 * time.Hour

// Receive archives in and, unless in.Later, decodes and applies it in the same commit; see channels.Handler. What can be done
// before the writer (hashing, sealing, decoding, rules) is done before it.
func (e *Engine) Receive(ctx context.Context, in channels.Inbound) (channels.Outcome, error) {
	e.intake.Add(1)
	defer e.intake.Add(-1)
	set := e.setup.Load()
	row, err := e.rowOf(in, set.Hash)
	a := arrival{in: in, row: row}
	if err == nil {
		err = e.prepareArrival(ctx, set, &a)
	}
	var out channels.Outcome
	if err == nil {
		err = e.write(ctx, func(tx Tx) (err error) { out, err = e.archive(tx, a); return err })
	}
	if err != nil {
		return channels.Outcome{}, fmt.Errorf("%w: %w", channels.ErrStorage, err)
	}
	e.afterReceive(out, in)
	return out, nil
}

// afterReceive starts what the commit made possible.
func (e *Engine) afterReceive(out channels.Outcome, in channels.Inbound) {
	if out.State == string(referral.MessageReceived) {
		e.enqueue(out.MessageID)
	}
	e.log.Info("received", "message", out.MessageID, "channel", in.Channel, "type", in.Type, "state", out.State, "bytes", len(in.Body))
}

// rowOf makes the message row of an inbound message.
func (e *Engine) rowOf(in channels.Inbound, hash string) (referral.Message, error) {
	id, err := e.newID()
	if err != nil {
		return referral.Message{}, err
	}
	sum := sha256.Sum256(in.Body)
	return referral.Message{
		ID: id, Direction: referral.Inbound, Channel: in.Channel, Partner: in.Partner, Peer: in.Peer, Type: in.Type,
		ContentType: in.ContentType, ControlID: in.ControlID, Sender: in.Sender, Recipient: in.Recipient,
		ReceivedAt: e.now().UTC().Truncate(time.Microsecond), State: referral.MessageReceived,
		Bytes: int64(len(in.Body)), SHA256: hex.EncodeToString(sum[:]), ConfigHash: hash,
	}, nil
}

// arrival is a message on its way to the writer: all that can be done before it is done.
type arrival struct {
	in             channels.Inbound
	row            referral.Message
	body, evidence referral.Blob
	w              *work // nil: refused, or opened later
}

// prepareArrival seals a message that has its row, and decodes it unless that is for later.
func (e *Engine) prepareArrival(ctx context.Context, set *Setup, a *arrival) (err error) {
	if a.body, err = e.store.Stow(ctx, a.in.Body); err != nil {
		return err
	}
	if a.in.Evidence != nil {
		if a.evidence, err = e.store.Stow(ctx, a.in.Evidence); err != nil {
			return err
		}
	}
	if a.in.Refused == "" && !a.in.Later {
		a.w = e.decode(set, a.row, a.in.Body, a.in.Evidence)
	}
	return nil
}

// archive keeps the message, and its effect when it was decoded, and returns the outcome.
func (e *Engine) archive(tx Tx, a arrival) (channels.Outcome, error) {
	row := a.row
	dup, reused, err := duplicateOf(tx, row, a.in.Later)
	if err != nil {
		return channels.Outcome{}, err
	}
	if err := tx.AddMessage(row, a.body); err != nil {
		return channels.Outcome{}, err
	}
	if a.evidence.ID != "" {
		if err := tx.SetEvidence(row.ID, a.evidence); err != nil {
			return channels.Outcome{}, err
		}
	}
	if err := tx.Audit(audit.Entry{At: row.ReceivedAt, Actor: actorOf(row), Action: "message.received", Object: row.ID, Detail: row.Type}); err != nil {
		return channels.Outcome{}, err
	}
	return e.settle(tx, row, a.in, dup, reused, a.w)
}

// settle gives the message its state and its answer.
func (e *Engine) settle(tx Tx, m referral.Message, in channels.Inbound, dup *referral.PriorMessage, reused bool, w *work) (channels.Outcome, error) {
	switch {
	case in.Refused != "":
		m.State, m.Reason = referral.MessageRefused, in.Refused
	case dup != nil:
		return e.settleDuplicate(tx, m, *dup, w)
	case in.Later:
		return outcomeOf(m, channels.Taken, nil), nil
	default:
		if reused {
			if err := e.reusedControlID(tx, m); err != nil {
				return channels.Outcome{}, err
			}
		}
		e.applyWork(tx, &m, w)
	}
	out := outcomeOf(m, channels.Taken, nil)
	if w != nil {
		out.Verdict, out.Problems = w.decoded.Verdict, w.decoded.Problems
	}
	m.Code = codeOf(out.Verdict)
	if in.Answer != nil {
		out.Answer = in.Answer(out)
		if err := tx.SetAnswer(m.ID, out.Answer); err != nil {
			return channels.Outcome{}, err
		}
	}
	if in.Says != nil {
		m.Code = in.Says(out.Answer)
	}
	if w != nil && len(out.Answer) == 0 {
		if err := e.untold(tx, m, w); err != nil {
			return channels.Outcome{}, err
		}
	}
	return out, tx.SetMessage(m)
}

// untold opens an item for a refused message whose sender learns nothing of it: it asked for no answer to a refusal (MSH-15 and MSH-16), or the
// rail has none.
func (e *Engine) untold(tx Tx, m referral.Message, w *work) error {
	if w.decoded.Verdict == channels.Taken || w.listed {
		return nil
	}
	return e.openIncident(tx, referral.Incident{Kind: "message_failed", Key: m.ID, MessageID: m.ID, Note: referral.NoteUntold + m.Reason}, m.ReceivedAt)
}

// settleDuplicate answers as the first time, without a second effect. w is nil of a message that is opened later.
func (e *Engine) settleDuplicate(tx Tx, m referral.Message, prior referral.PriorMessage, w *work) (channels.Outcome, error) {
	m.State, m.RelatedTo, m.Code = referral.MessageDuplicate, prior.ID, prior.Code
	m.Reason = "same sender, control ID and bytes as an earlier message"
	out := outcomeOf(m, channels.Taken, nil)
	out.Answer = prior.Answer
	if w != nil {
		if err := e.queueNoticesOf(tx, m, w, out); err != nil {
			return channels.Outcome{}, err
		}
	}
	return out, tx.SetMessage(m)
}

// duplicateOf looks for an earlier message with the same identity that was answered positively. reused: the control ID is known with
// other bytes. Faxes and mail (later) are also compared by content alone within contentWindow.
func duplicateOf(tx Tx, m referral.Message, later bool) (dup *referral.PriorMessage, reused bool, err error) {
	if m.ControlID != "" {
		priors, err := tx.Prior(m.Sender, m.ControlID)
		if err != nil {
			return nil, false, err
		}
		for _, p := range priors {
			if p.SHA256 == m.SHA256 && answeredWell(p) {
				return &p, false, nil
			}
			reused = reused || p.SHA256 != m.SHA256 && answeredWell(p)
		}
	}
	if later {
		p, ok, err := tx.PriorContent(m.Channel, m.SHA256, m.ReceivedAt.Add(-contentWindow))
		if err != nil {
			return nil, false, err
		}
		if ok && answeredWell(p) {
			return &p, false, nil
		}
	}
	return nil, reused, nil
}

// answeredWell reports whether the sender was told that we have the message; after a refusal it is processed afresh.
func answeredWell(p referral.PriorMessage) bool {
	for _, code := range []string{"AE", "AR", "CE", "CR"} {
		if strings.Contains(p.Code, code) {
			return false
		}
	}
	return p.State != referral.MessageFailed && p.State != referral.MessageRefused && p.State != referral.MessageDuplicate
}

func codeOf(v channels.Verdict) string {
	switch v {
	case channels.Repair:
		return "AE"
	case channels.Reject:
		return "AR"
	}
	return "AA"
}

func outcomeOf(m referral.Message, v channels.Verdict, problems []channels.Problem) channels.Outcome {
	return channels.Outcome{
		MessageID: m.ID, ReceivedAt: m.ReceivedAt, State: string(m.State), Reason: m.Reason, Verdict: v, Problems: problems, ReferralIDs: m.ReferralIDs,
	}
}

func actorOf(m referral.Message) string {
	if m.Partner != "" {
		return "partner:" + m.Partner
	}
	return "channel:" + m.Channel
}
