package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"refloop/referral"
)

// digestOf is the content digest of an event, by which an echo is known: type, origin and payload, without times and message ids.
func digestOf(ev referral.Event) (string, error) {
	p := ev.Payload
	p.Digest = ""
	p.Documents = withoutIDs(p.Documents)
	p.Identifiers = slices.DeleteFunc(slices.Clone(p.Identifiers), func(id referral.Identifier) bool {
		return id.Kind == referral.KindControlID || id.Kind == referral.KindMessageID || id.Kind == referral.KindXDM
	})
	if p.Record != nil {
		rec := *p.Record
		rec.Documents = withoutIDs(rec.Documents)
		rec.Holds = withoutTimes(rec.Holds)
		if ev.Type == referral.EventRequest {
			rec.Requested = time.Time{} // often the time of the message, which differs in a repeat
		}
		rec.Identifiers = slices.DeleteFunc(slices.Clone(rec.Identifiers), func(id referral.Identifier) bool {
			return id.Kind == referral.KindControlID || id.Kind == referral.KindMessageID || id.Kind == referral.KindXDM
		})
		p.Record = &rec
	}
	b, err := json.Marshal(struct {
		Type   referral.EventType
		Origin string
		Reason string
		Note   string
		P      referral.Payload
	}{ev.Type, ev.Origin, ev.Reason, ev.Note, p})
	if err != nil {
		return "", fmt.Errorf("engine: digest of an event: %w", err)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), nil
}

// isEcho reports whether a request, a change or an answer was recorded with the same content before, or this very message was; what
// is said of the state is judged by Apply, because it may truly be said twice: booked, moved, moved back.
func (e *Engine) isEcho(tx Tx, w *work, r referral.Referral, ev referral.Event) (bool, error) {
	if r.Version == 0 {
		return false, nil
	}
	if w.again.said[r.ID+"/"+ev.Payload.Digest] {
		return true, nil
	}
	switch ev.Type {
	case referral.EventRequest, referral.EventChange, referral.EventAnswer:
		return tx.HasDigest(r.ID, ev.Payload.Digest)
	}
	return false, nil
}

// withoutIDs keeps of documents what makes them the same content.
func withoutIDs(docs []referral.Document) []referral.Document {
	out := slices.Clone(docs)
	for i := range out {
		out[i].ID, out[i].MessageID = "", ""
	}
	return out
}

// withoutTimes keeps of holds what makes them the same content.
func withoutTimes(holds []referral.Hold) []referral.Hold {
	out := slices.Clone(holds)
	for i := range out {
		out[i].Since, out[i].Expires = time.Time{}, time.Time{}
	}
	return out
}
