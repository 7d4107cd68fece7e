package transform

import (
	"fmt"

	"refloop/channels"
	"refloop/referral"
)

// Render turns one event of a referral into the parts that a partner's rail carries. r is the record as of the event; docs holds the
// bytes of its documents by id. It is an error to ask for what a rail or a dialect cannot say.
func Render(r referral.Referral, ev referral.Event, t Target, docs map[string][]byte) (channels.Shipment, error) {
	id := wireID(r)
	ship := channels.Shipment{
		DeliveryID: t.DeliveryID, ReferralID: id.Value, Authority: id.Authority, Event: string(ev.Type), Partner: t.Partner.ID, Address: t.Rail.Address,
		Recipient: t.Partner.Name, ControlID: t.ControlID, At: t.At, CopyOf: t.CopyOf,
		Restricted: r.Confidentiality.Part2 || r.Confidentiality.Code == "R" || r.Confidentiality.Code == "V",
		PatientID:  patientCX(r.Patient), Patient: sourcePatientInfo(r.Patient),
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
	return ship, err
}

// renderLine writes one HL7 v2 message for a system on a line.
func renderLine(ship *channels.Shipment, r referral.Referral, ev referral.Event, t Target, docs map[string][]byte) error {
	var body []byte
	var kind string
	var err error
	switch ev.Type {
	case referral.EventReport, referral.EventInterim:
		body, kind, err = writeReport(r, ev, t, docs)
	case referral.EventRequest, referral.EventChange, referral.EventCancel, referral.EventResend:
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

// renderDirect writes a 360X package, or for receivers without 360X the documents alone.
func renderDirect(ship *channels.Shipment, r referral.Referral, ev referral.Event, t Target, docs map[string][]byte) error {
	clinical := false
	switch ev.Type {
	case referral.EventRequest, referral.EventChange, referral.EventResend, referral.EventReport, referral.EventInterim:
		clinical = true
	}
	if t.Rail.Dialect.Style != "plain" {
		body, kind, format, err := write360X(r, ev, t)
		if err != nil {
			return err
		}
		ship.Parts = append(ship.Parts, channels.Part{Kind: channels.KindHL7, ContentType: "x-application/hl7-v2+er7", FormatCode: format, Title: kind, Body: body})
	}
	if !clinical {
		if len(ship.Parts) == 0 {
			ship.Parts = []channels.Part{{Kind: channels.KindText, ContentType: "text/plain; charset=utf-8", Title: "Referral " + ship.ReferralID, Body: []byte(statusText(r, ev, t))}}
		}
		return nil
	}
	cda, err := clinicalDocument(r, ev, t, docs)
	if err != nil {
		return err
	}
	ship.Parts = append(ship.Parts, cda)
	ship.Parts = append(ship.Parts, filesOf(r, ev, docs, "pdf", "image")...)
	return nil
}

// clinicalDocument is the C-CDA of an event: a Referral Note for requests, a Consultation Note around the clinician's own note for
// outcomes; a consult C-CDA that came in is passed on byte for byte.
func clinicalDocument(r referral.Referral, ev referral.Event, t Target, docs map[string][]byte) (channels.Part, error) {
	part := channels.Part{Kind: channels.KindCDA, ContentType: "text/xml", FormatCode: "urn:hl7-org:sdwg:ccda-structuredBody:2.1"}
	var err error
	switch ev.Type {
	case referral.EventReport, referral.EventInterim:
		for _, d := range ev.Payload.Documents {
			if bodyKind(d.ContentType) == "cda" && len(docs[d.ID]) > 0 {
				part.Title, part.Body = firstOf(d.Title, "Consultation Note"), docs[d.ID]
				return part, nil
			}
		}
		part.Title = "Consultation Note"
		part.Body, err = consultNote(r, ev, t, docs)
	default:
		part.Title = "Referral Note"
		part.Body, err = referralNote(r, ev, t)
	}
	return part, err
}

// filesOf returns the documents of an event (or for a request of the record) of the wanted kinds as parts.
func filesOf(r referral.Referral, ev referral.Event, docs map[string][]byte, kinds ...string) []channels.Part {
	list := ev.Payload.Documents
	if ev.Type == referral.EventRequest || ev.Type == referral.EventChange || ev.Type == referral.EventResend {
		list = r.Documents
	}
	var out []channels.Part
	for _, d := range list {
		kind := partKind(d.ContentType)
		for _, k := range kinds {
			if kind == k && len(docs[d.ID]) > 0 {
				out = append(out, channels.Part{Kind: kind, Name: d.Name, ContentType: d.ContentType, Title: d.Title, Body: docs[d.ID], FormatCode: "urn:ihe:iti:xds:2017:mimeTypeSufficient"})
			}
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

// statusText says in words what happened, for a receiver without 360X. It names no patient.
func statusText(r referral.Referral, ev referral.Event, t Target) string {
	w := newWriter(r, ev, t)
	text := "Referral " + wireID(r).Value + "\n"
	for _, line := range w.words() {
		text += line + "\n"
	}
	return text
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
