package engine

import (
	"context"
	"fmt"
	"runtime/debug"

	"refloop/channels"
	"refloop/referral"
	"refloop/transform"
)

// work is one decoded message on its way to the writer, with everything sealed that its effect may need.
type work struct {
	set     *Setup
	opened  channels.Opened
	decoded transform.Decoded
	blobs   []referral.Blob // of decoded.Documents, same order
	digests []string        // of decoded.Facts, same order
	again   again           // reprocessing: what the message said before
	fault   error           // decoding failed; the message ends `failed`
	notices channels.Notifier
	listed  bool // its failure opened an item
	source  channels.Archived
}

// decode opens and decodes an archived message: pure but for sealing the documents it found. It never panics and never fails: what
// went wrong is in fault.
func (e *Engine) decode(set *Setup, m referral.Message, body, evidence []byte) (w *work) {
	return e.decodeAs(set, m, body, evidence, "")
}

// decodeAs does the same with what a person says that a paper is (transform.Source.SaidKind).
func (e *Engine) decodeAs(set *Setup, m referral.Message, body, evidence []byte, said string) (w *work) {
	w = &work{set: set, source: archivedOf(m, body, evidence)}
	defer func() {
		if p := recover(); p != nil {
			e.log.Error("panic while decoding", "message", m.ID, "channel", m.Channel, "type", m.Type, "stack", string(debug.Stack()))
			w.fault = fmt.Errorf("engine: decoding: got a panic, want facts; the bytes are kept, report message %s", m.ID)
		}
	}()
	ch, ok := set.Channels[m.Channel]
	if !ok {
		w.fault = fmt.Errorf("engine: channel %q: not in the configuration any more, want it back to process this message", m.Channel)
		return w
	}
	w.notices, _ = ch.Rail.(channels.Notifier)
	if w.opened, w.fault = ch.Rail.Open(w.source); w.fault != nil || w.opened.Refused != "" {
		return w
	}
	w.decoded = transform.Decode(transform.Source{Message: w.source, Opened: w.opened, Channel: ch.Rules, Directory: set.Directory, SaidKind: said})
	w.sealDocuments(e)
	for i := 0; i < len(w.decoded.Facts) && w.fault == nil; i++ {
		var digest string
		digest, w.fault = digestOf(w.decoded.Facts[i].Event)
		w.digests = append(w.digests, digest)
	}
	return w
}

// sealDocuments seals the bytes of documents and writes their ids into the facts, before the writer runs.
func (w *work) sealDocuments(e *Engine) {
	for i := range w.decoded.Documents {
		d := &w.decoded.Documents[i]
		blob, err := e.store.Stow(context.Background(), d.Bytes)
		if err != nil {
			w.fault = err
			return
		}
		d.Document.ID, d.Document.SHA256, d.Document.Bytes = blob.ID, blob.SHA256, blob.Bytes
		d.Document.MessageID = w.source.ID
		w.blobs = append(w.blobs, blob)
		f := &w.decoded.Facts[d.Fact].Event.Payload
		if f.Record != nil && w.decoded.Facts[d.Fact].Event.Type == referral.EventRequest {
			f.Record.Documents = append(f.Record.Documents, d.Document)
		} else {
			f.Documents = append(f.Documents, d.Document)
		}
	}
}

// process takes one `received` message through Prepare, Open, Decode and Apply.
func (e *Engine) process(ctx context.Context, id string) error {
	m, err := e.store.Message(ctx, id)
	if err != nil || m.State != referral.MessageReceived || m.Direction != referral.Inbound {
		return err
	}
	body, evidence, err := e.bytesOf(ctx, id)
	if err != nil {
		return err
	}
	set := e.setup.Load()
	if !prepared(set, m, evidence) {
		if evidence, err = e.prepare(ctx, set, m, body, evidence); err != nil {
			if ctx.Err() != nil {
				return err // shut down in the middle: the message stays `received` and is taken up again
			}
			if later, err := e.putOff(ctx, m, err); later || err != nil {
				return err
			}
			e.waits.forget(id)
			m.Reason = ""
			return e.finish(ctx, m, &work{set: set, source: archivedOf(m, body, nil), fault: err})
		}
	}
	e.waits.forget(id)
	m.Reason = "" // that it waited is over
	return e.finish(ctx, m, e.decode(set, m, body, evidence))
}

// prepared reports whether the rail's slow step has been: there is evidence, and when the rail makes it in two stages it is the second.
func prepared(set *Setup, m referral.Message, evidence []byte) bool {
	s, staged := set.Channels[m.Channel].Rail.(channels.Staged)
	return evidence != nil && (!staged || s.Prepared(evidence))
}

// prepare runs the rail's slow step and keeps what it found. first is what is there, which a rail with two stages goes on from.
func (e *Engine) prepare(ctx context.Context, set *Setup, m referral.Message, body, first []byte) (evidence []byte, err error) {
	rail := set.Channels[m.Channel].Rail
	p, ok := rail.(channels.Preparer)
	if !ok {
		return nil, nil
	}
	if _, staged := rail.(channels.Staged); !staged {
		first = nil
	}
	defer func() {
		if r := recover(); r != nil {
			e.log.Error("panic while preparing", "message", m.ID, "channel", m.Channel, "stack", string(debug.Stack()))
			err = fmt.Errorf("engine: preparing: got a panic; the bytes are kept, report message %s", m.ID)
		}
	}()
	evidence, err = p.Prepare(ctx, archivedOf(m, body, first))
	if err != nil {
		return nil, err
	}
	blob, err := e.store.Stow(ctx, evidence)
	if err != nil {
		return nil, err
	}
	return evidence, e.write(ctx, func(tx Tx) error { return tx.SetEvidence(m.ID, blob) })
}

// finish commits what a message that was answered earlier says.
func (e *Engine) finish(ctx context.Context, m referral.Message, w *work) error {
	return e.write(ctx, func(tx Tx) error {
		row := m
		row.ConfigHash = w.set.Hash
		e.applyWork(tx, &row, w)
		if w.notices == nil {
			if err := e.untold(tx, row, w); err != nil {
				return err
			}
		}
		return tx.SetMessage(row)
	})
}

func (e *Engine) bytesOf(ctx context.Context, id string) (body, evidence []byte, err error) {
	if body, err = e.store.Body(ctx, id); err != nil {
		return nil, nil, err
	}
	evidence, err = e.store.Evidence(ctx, id)
	return body, evidence, err
}

func archivedOf(m referral.Message, body, evidence []byte) channels.Archived {
	return channels.Archived{
		ID: m.ID, Channel: m.Channel, Partner: m.Partner, Peer: m.Peer, Type: m.Type, ContentType: m.ContentType, ControlID: m.ControlID,
		Sender: m.Sender, Recipient: m.Recipient, ReceivedAt: m.ReceivedAt, Body: body, Evidence: evidence,
	}
}
