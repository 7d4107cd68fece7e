package transform

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"refloop/ccda"
	"refloop/channels"
	"refloop/referral"
)

// Render turns one event of a referral into the parts that a partner's rail carries. r is the record as of the event; docs holds the
// bytes of its documents by id. It is an error to ask for what a rail or a dialect cannot say.
func Render(r referral.Referral, ev referral.Event, t Target, docs map[string][]byte) (channels.Shipment, error) {
	id := wireID(r)
	r = marked(r, ev, docs)
	ship := channels.Shipment{
		DeliveryID: t.DeliveryID, ReferralID: id.Value, Authority: id.Authority, Event: string(ev.Type), Partner: t.Partner.ID, Address: t.Rail.Address,
		Recipient: t.Partner.Name, ControlID: t.ControlID, At: t.At, CopyOf: t.CopyOf,
		Restricted: r.Confidentiality.Part2, // a rail says with it that 42 CFR Part 2 applies; R and V alone travel as labels of the parts
		PatientID:  patientCX(r.Patient), Patient: sourcePatientInfo(r.Patient),
	}
	ev = spoken(r, ev)
	if ev.Type == referral.EventRequest || ev.Type == referral.EventChange {
		r, t.left = t.Rail.Profile.Apply(r, t.At)
		ship.LeftOut = t.left
	}
	var err error
	switch t.Rail.Type {
	case channels.MLLP:
		err = renderLine(&ship, r, ev, t, docs)
	case channels.Direct:
		err = renderDirect(&ship, r, ev, t, docs)
	case channels.Fax:
		err = renderFax(&ship, r, ev, t, docs)
	case channels.File:
		err = renderFiles(&ship, r, ev, t, docs)
	default:
		err = fmt.Errorf("transform: rail: got type %q, want mllp, direct, fax or file", t.Rail.Type)
	}
	if err != nil {
		return channels.Shipment{}, err
	}
	label(&ship, r)
	return ship, nil
}

// label puts the record's confidentiality on every part of a restricted shipment.
func label(ship *channels.Shipment, r referral.Referral) {
	if confidentialityRank(r.Confidentiality.Code) == 0 {
		return
	}
	for i := range ship.Parts {
		attrs := maps.Clone(ship.Parts[i].Attrs)
		if attrs == nil {
			attrs = map[string]string{}
		}
		attrs["confidentiality"] = r.Confidentiality.Code
		ship.Parts[i].Attrs = attrs
	}
}

// clinical reports whether a C-CDA goes with the event.
func clinical(ev referral.EventType) bool {
	switch ev {
	case referral.EventRequest, referral.EventChange, referral.EventReport, referral.EventInterim:
		return true
	}
	return false
}

// renderLine writes one HL7 v2 message for a system on a line.
func renderLine(ship *channels.Shipment, r referral.Referral, ev referral.Event, t Target, docs map[string][]byte) error {
	var body []byte
	var kind string
	var err error
	switch ev.Type {
	case referral.EventReport, referral.EventInterim:
		body, kind, err = writeReport(r, ev, t, docs)
	case referral.EventRequest, referral.EventChange, referral.EventCancel, referral.EventAnswer:
		body, kind, err = writeREF(r, ev, t, docs)
	default:
		body, kind, err = writeStatus(r, ev, t)
	}
	if err != nil {
		return err
	}
	ship.Parts = []channels.Part{{Kind: channels.KindHL7, ContentType: "x-application/hl7-v2+er7", Title: kind, Body: body}}
	return nil
}

// renderDirect writes the parts of a 360X package, or for receivers without 360X the documents, with words where there are none.
func renderDirect(ship *channels.Shipment, r referral.Referral, ev referral.Event, t Target, docs map[string][]byte) error {
	switch t.Rail.Dialect.Style {
	case StyleCDA, StylePDF:
		return renderAlone(ship, r, ev, t, docs)
	case StylePlain:
	default:
		body, kind, format, err := write360X(r, ev, t)
		if err != nil {
			return err
		}
		ship.Parts = append(ship.Parts, channels.Part{Kind: channels.KindHL7, ContentType: "x-application/hl7-v2+er7", FormatCode: format, Title: kind, Body: body})
	}
	if clinical(ev.Type) {
		cda, err := clinicalDocument(r, ev, t, docs)
		if err != nil {
			return err
		}
		ship.Parts = append(ship.Parts, inWords(cda))
	}
	if len(ship.Parts) == 0 {
		ship.Parts = []channels.Part{textPart(ship.ReferralID, r, ev, t, docs)}
	}
	kinds := []string{channels.KindPDF, channels.KindImage}
	if !clinical(ev.Type) { // an answer travels with whatever was attached to it
		kinds = append(kinds, channels.KindCDA, channels.KindText, channels.KindOther)
	}
	ship.Parts = append(ship.Parts, filesOf(r, ev, docs, kinds...)...)
	return nil
}

// clinicalDocument is the C-CDA of an event: a Referral Note for requests, a Consultation Note around the clinician's own note for
// outcomes; a consult C-CDA that came in is passed on byte for byte.
func clinicalDocument(r referral.Referral, ev referral.Event, t Target, docs map[string][]byte) (channels.Part, error) {
	part := channels.Part{Kind: channels.KindCDA, ContentType: "text/xml", FormatCode: "urn:hl7-org:sdwg:ccda-structuredBody:2.1"}
	var err error
	switch ev.Type {
	case referral.EventReport, referral.EventInterim:
		part.Title, part.Attrs = "Consultation Note", map[string]string{"type_code": "11488-4", "type_display": "Consult note"}
		for _, d := range ev.Payload.Documents {
			if bodyKind(d.ContentType) != "cda" {
				continue
			}
			if _, bad := ccda.Read(docs[d.ID], ccda.Limits{}); bad == nil {
				part.Title, part.Body = firstOf(d.Title, part.Title), docs[d.ID]
				return part, nil
			}
		}
		part.Body, err = consultNote(r, ev, t, docs)
	default:
		part.Title, part.Attrs = "Referral Note", map[string]string{"type_code": "57133-1", "type_display": "Referral note"}
		part.Body, err = referralNote(r, t)
	}
	return part, err
}

// filesOf returns the papers of an event of the wanted kinds as parts.
func filesOf(r referral.Referral, ev referral.Event, docs map[string][]byte, kinds ...string) []channels.Part {
	var out []channels.Part
	for _, d := range paperOf(r, ev) {
		if kind := partKind(d.ContentType); slices.Contains(kinds, kind) && len(docs[d.ID]) > 0 {
			out = append(out, filePart(d, kind, d.ContentType, docs[d.ID]))
		}
	}
	return out
}

// partKind maps a content type to the kind of a part.
func partKind(contentType string) string {
	switch k := bodyKind(contentType); {
	case k != "":
		return map[string]string{"pdf": channels.KindPDF, "cda": channels.KindCDA, "text": channels.KindText}[k]
	case len(contentType) > 6 && contentType[:6] == "image/":
		return channels.KindImage
	}
	return channels.KindOther
}

// textPart says in words what happened, for a receiver without 360X. It names no patient but in what a person wrote.
func textPart(id string, r referral.Referral, ev referral.Event, t Target, docs map[string][]byte) channels.Part {
	w := newWriter(r, ev, t)
	lines := append([]string{"Referral " + id}, w.words()...)
	lines = append(lines, noteLines(ev.Payload.Documents, docs)...)
	text := strings.Join(append(lines, w.notices()...), "\n") + "\n"
	return channels.Part{Kind: channels.KindText, ContentType: "text/plain; charset=utf-8", Title: "Referral " + id, Body: []byte(text)}
}

// patientCX is the patient's first number as XDM metadata writes it: id^^^&OID&ISO; empty without an OID.
func patientCX(p referral.Patient) string {
	for _, id := range p.IDs {
		if isOID(id.Authority) {
			return id.Value + "^^^&" + id.Authority + "&ISO"
		}
	}
	return ""
}

// sourcePatientInfo is PID-3, 5, 7, 8 and 11 for XDM metadata.
func sourcePatientInfo(p referral.Patient) map[string]string {
	info := map[string]string{}
	put := func(key, value string) {
		if value != "" {
			info[key] = value
		}
	}
	put("PID-3", patientCX(p))
	if p.Name != (referral.Name{}) {
		n := xpnFor(p.Name)
		put("PID-5", n.Family+"^"+n.Given+"^"+n.Middle)
	}
	put("PID-7", date8(p.BirthDate))
	put("PID-8", p.Sex)
	if a := p.Address; a != (referral.Address{}) {
		put("PID-11", a.Line1+"^"+a.Line2+"^"+a.City+"^"+a.State+"^"+a.Zip)
	}
	return info
}
