package transform

import (
	"encoding/json"

	"refloop/channels"
	"refloop/referral"
)

// renderFiles writes what a folder is given: the C-CDA, the record as JSON, and the papers as PDF, as `body:` of the rail asks (absent:
// all three). A C-CDA is made for requests and outcomes; what else happened is in the JSON and the letter.
func renderFiles(ship *channels.Shipment, r referral.Referral, ev referral.Event, t Target, docs map[string][]byte) error {
	w := newWriter(r, ev, t)
	if len(t.Rail.Dialect.Body) == 0 {
		w.t.Rail.Dialect.Body = []string{"cda", "pdf", "json"}
	}
	if w.wants("cda") && clinical(ev.Type) {
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
		parts, err := pdfParts(r, ev, t, docs)
		if err != nil {
			return err
		}
		ship.Parts = append(ship.Parts, parts...)
	}
	if w.wants("text") {
		ship.Parts = append(ship.Parts, textPart(ship.ReferralID, r, ev, t, docs))
	}
	return nil
}
