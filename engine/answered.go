package engine

import (
	"context"
	"fmt"
	"runtime/debug"
	"strings"

	"refloop/channels"
	"refloop/referral"
	"refloop/transform"
)

// answered reads an answer that may say more than that a message arrived: of a synchronous RRI, RF1-1 A is an acceptance and R a refusal
// of the referral (360x.md section 10). nil: it says nothing more.
func (a *attempt) answered(ctx context.Context, rc channels.Receipt, row referral.Message) (w *work) {
	if !strings.HasPrefix(rc.Type, "RRI^") || rc.Level == channels.LevelFailed || row.ID == "" {
		return nil
	}
	defer func() {
		if p := recover(); p != nil {
			a.e.log.Error("panic while decoding an answer", "message", row.ID, "lane", a.d.Lane, "type", rc.Type, "stack", string(debug.Stack()))
			w = &work{set: a.set, fault: fmt.Errorf("engine: decoding an answer: got a panic, want facts; the bytes are kept, report message %s", row.ID)}
		}
	}()
	w = &work{set: a.set, source: archivedOf(row, rc.Raw, nil)}
	w.decoded = transform.Decode(transform.Source{
		Message: w.source, Directory: a.set.Directory,
		Opened:  channels.Opened{Parts: []channels.Part{{Kind: channels.KindHL7, ContentType: rc.RawType, Body: rc.Raw}}},
		Channel: transform.Channel{Name: row.Channel, Type: channels.MLLP, Partner: row.Partner, Validate: "off", Processing: []string{"P", "T", "D"}},
	})
	if w.decoded.Verdict != channels.Taken || w.decoded.Ignore != "" {
		return nil
	}
	for _, f := range w.decoded.Facts {
		digest, err := digestOf(f.Event)
		if err != nil {
			w.fault = err
		}
		w.digests = append(w.digests, digest)
	}
	return w
}

// answers applies the receipts in a message; false: there was none for us. An RRI with MSA says more than that, and may name a message by any
// number: it speaks for messages that its own partner got from us alone, and a refusal of anything else is an item.
func (e *Engine) answers(tx Tx, m *referral.Message, w *work) (bool, error) {
	heard := false
	for _, r := range w.opened.Receipts {
		if strings.HasPrefix(r.Type, "RRI^") {
			d, ok, err := findDelivery(tx, r)
			if err != nil {
				return heard, err
			}
			if !ok || d.Partner != m.Partner {
				if r.Level == channels.LevelFailed {
					err = e.unknownAnswer(tx, m, r)
				}
				if err != nil {
					return heard, err
				}
				continue
			}
		}
		heard = true
		if err := e.confirm(tx, r, m.ID); err != nil {
			return heard, err
		}
	}
	return heard, nil
}

// unknownAnswer opens an item for a refusal of a message that its partner never got from us.
func (e *Engine) unknownAnswer(tx Tx, m *referral.Message, r channels.Receipt) error {
	item := referral.Incident{Kind: "anomaly.unknown_delivery", Key: r.ControlID + "/" + m.Partner, MessageID: m.ID, Note: "a refusal (" + r.Code + ") of a message that this partner did not get from here"}
	return e.openIncident(tx, item, m.ReceivedAt)
}

// takeAnswer does what an answer says, as of any message of the partner.
func (e *Engine) takeAnswer(tx Tx, row referral.Message, w *work) error {
	if w == nil {
		return nil
	}
	e.applyWork(tx, &row, w)
	return tx.SetMessage(row)
}

// byAnswer finds the referral of a fact that names it by the control ID of our message alone: only the partner that got it may.
func byAnswer(tx Tx, f transform.Fact, partner string) ([]string, error) {
	if f.Answers == "" || partner == "" {
		return nil, nil
	}
	d, ok, err := tx.ByControl(f.Answers, "")
	if err != nil || !ok || d.Partner != partner || d.ReferralID == "" {
		return nil, err
	}
	return []string{d.ReferralID}, nil
}
