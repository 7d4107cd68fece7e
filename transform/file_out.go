package transform

import (
	"encoding/json"

	"refloop/channels"
	"refloop/referral"
)

// renderFiles writes what a folder is given: the C-CDA, the record as JSON, and the papers, as `body:` of the rail asks (absent: all).
func renderFiles(ship *channels.Shipment, r referral.Referral, ev referral.Event, t Target, docs map[string][]byte) error {
	w := newWriter(r, ev, t)
	if len(t.Rail.Dialect.Body) == 0 {
		w.t.Rail.Dialect.Body = []string{"cda", "pdf", "json"}
	}
	if w.wants("cda") {
		part, err := clinicalDocument(r, ev, t, docs)
		if err != nil {
			return err
		}
		ship.Parts = append(ship.Parts, part)
	}
	if w.wants("json") {
		b, err := json.MarshalIndent(struct {
			Event    referral.Event    `json:"event"`
			Referral referral.Referral `json:"referral"`
		}{ev, r}, "", "  ")
		if err != nil {
			return err
		}
		ship.Parts = append(ship.Parts, channels.Part{Kind: channels.KindJSON, ContentType: "application/json", Title: "Referral", Body: append(b, '\n')})
	}
	if w.wants("pdf") {
		ship.Parts = append(ship.Parts, filesOf(r, ev, docs, "pdf", "image")...)
	}
	return nil
}
