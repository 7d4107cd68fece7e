package file

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"path/filepath"
	"time"

	"refloop/channels"
	"refloop/channels/folder"
	"refloop/hl7"
	"refloop/mllp"
)

// contentHL7 is the media type of archived messages.
const contentHL7 = "x-application/hl7-v2+er7"

// messagesOf takes a file of HL7 v2 apart: the messages of a batch (FHS, BHS), several without wrappers, or MLLP frames. It is nil for a file that
// is one message, or none that can be taken apart: that one is archived as it is.
func messagesOf(b []byte, l hl7.Limits) ([][]byte, hl7.Batch) {
	if len(b) > 0 && b[0] == mllp.StartBlock {
		return framesOf(b), hl7.Batch{}
	}
	batch, err := hl7.Split(b, l)
	if err != nil || len(batch.Messages) == 1 && batch.File == nil && len(batch.Batches) == 0 {
		return nil, hl7.Batch{}
	}
	var out [][]byte
	for _, p := range batch.Messages {
		out = append(out, p.Bytes)
	}
	return out, batch
}

func framesOf(b []byte) [][]byte {
	var out [][]byte
	for len(b) > 0 {
		m, n, err := mllp.Unwrap(b)
		if err != nil {
			if len(out) > 0 && errors.Is(err, mllp.ErrNoStart) {
				break // what follows the last frame is white space at most
			}
			return nil
		}
		out, b = append(out, m), b[n:]
	}
	return out
}

// takeMessages hands over each message of a file, and leaves the answers in the folder for them. When one could not be stored the file stays and
// is taken again: what was stored before is known again by its content or its control ID.
func (c *Channel) takeMessages(ctx context.Context, name string, messages [][]byte, batch hl7.Batch) error {
	var answers []hl7.Part
	var last channels.Outcome
	for i, b := range messages {
		out, err := c.d.Handler.Receive(ctx, c.inbound(b))
		if err != nil {
			return err
		}
		if last = out; out.Answer != nil {
			answers = append(answers, hl7.Part{Bytes: out.Answer, Batch: batchOf(batch, i)})
		}
	}
	if why := batch.Incomplete(); why != "" {
		c.d.Log.Warn("a batch file may lack messages; those that are there were taken", "channel", c.d.Name, "messages", len(messages), "why", why)
		if err := channels.TellIncomplete(ctx, c.d.Handler, c.d.Name, bytes.Join(messages, nil), len(messages), why, time.Now()); err != nil {
			return err
		}
	}
	c.d.Log.Info("file archived", "channel", c.d.Name, "messages", len(messages), "answers", len(answers))
	if c.cfg.Answers == "" || len(answers) == 0 {
		return nil
	}
	var body []byte
	for _, a := range answers {
		body = append(body, a.Bytes...)
	}
	if len(batch.Batches) > 0 || batch.File != nil {
		body = batch.Wrap(answers, shortID(last.MessageID+"/batch"), last.ReceivedAt)
	}
	if err := folder.Write(string(c.cfg.Answers), filepath.Base(name)+".ack", body); err != nil {
		c.d.Log.Error("the answers to a file could not be written; its messages are archived", "channel", c.d.Name, "error", err)
	}
	return nil
}

// batchOf is the batch of a file's ith message, -1 outside of any.
func batchOf(b hl7.Batch, i int) int {
	if i < len(b.Messages) {
		return b.Messages[i].Batch
	}
	return -1
}

// inbound is one HL7 message of a file. With a folder for answers it is taken up at once, as over a line; without one in the background.
func (c *Channel) inbound(b []byte) channels.Inbound {
	in := channels.Inbound{
		Channel: c.d.Name, Partner: c.d.Partner, Peer: string(c.cfg.Folder), Type: channels.File, ContentType: contentHL7, Body: b, Later: true,
	}
	if c.cfg.Answers == "" {
		return in
	}
	m, err := hl7.Parse(b, hl7.Limits{Bytes: c.d.Max})
	if err != nil || m.IsAck() {
		return in
	}
	in.Later, in.Type, in.ControlID = false, m.Type(), m.ControlID()
	in.Sender = partyOf(m, 3) + "|" + partyOf(m, 4)
	in.Answer = func(o channels.Outcome) []byte { return answerTo(m, o) }
	return in
}

func partyOf(m *hl7.Message, field int) string {
	hd := m.Field("MSH", field).HD()
	if hd.Namespace != "" {
		return hd.Namespace
	}
	return hd.ID
}

// answerTo renders the application acknowledgement.
func answerTo(m *hl7.Message, o channels.Outcome) []byte {
	code := map[channels.Verdict]string{channels.Taken: "AA", channels.Repair: "AE", channels.Reject: "AR"}[o.Verdict]
	var problems []hl7.Problem
	for _, p := range o.Problems {
		h := hl7.ParseLocation(p.Location)
		h.Code, h.Severity, h.Text = p.Code, p.Severity, p.Text
		problems = append(problems, h)
	}
	return hl7.Ack{Code: code, ControlID: shortID(o.MessageID), Time: o.ReceivedAt.UTC(), Problems: problems}.Bytes(m)
}

// shortID is an MSH-10 of at most 20 characters.
func shortID(id string) string {
	if id != "" && len(id) <= 20 {
		return id
	}
	sum := sha256.Sum256([]byte(id))
	return base32.StdEncoding.EncodeToString(sum[:])[:20]
}
