package transform

import (
	"slices"
	"strconv"
	"strings"

	"refloop/channels"
	"refloop/hl7"
	"refloop/referral"
)

// writeReport hands the consultation note to the initiator's own system: MDM^T02 for a REF, ORU^R01 for an order (per partner).
func writeReport(r referral.Referral, ev referral.Event, t Target, docs map[string][]byte) (body []byte, kind string, err error) {
	w := newWriter(r, ev, t)
	style := t.Rail.Dialect.Report
	if style == "" {
		style = map[bool]string{true: "mdm", false: "oru"}[form(r) == "REF"]
	}
	if form(r) != "REF" && t.Rail.Dialect.Report == "mdm" {
		style = "oru" // an MDM does not complete an order
	}
	if style == "mdm" {
		w.mdm(docs)
	} else {
		w.oru(docs)
	}
	return w.message()
}

// final reports whether the event is the signed outcome.
func (w *writer) final() bool { return w.ev.Type == referral.EventReport }

// mdm writes MDM^T02 with EVN, PID, PV1, TXA and OBX.
func (w *writer) mdm(docs map[string][]byte) {
	w.local("MDM", "T02", "MDM_T02")
	w.b.Segment("EVN").Set(1, "T02").Set(2, dtm(w.t.At))
	w.pid()
	w.pv1()
	author := w.author()
	s := w.b.Segment("TXA").Set(1, "1").Add(2, hl7.Coded{Code: "CN", Text: "Consultation", System: "HL70270"}).Set(3, "TX").Set(4, dtm(w.ev.EventTime))
	s.Add(5, author).Set(6, dtm(w.ev.EventTime)).Add(9, author).Add(12, hl7.EI{ID: w.documentNumber(), Authority: hdOf(w.t.Own.OID)})
	s.Add(14, w.ehrNumber()).Add(15, w.placer()).Set(17, map[bool]string{true: "AU", false: "PA"}[w.final()])
	s.Set(18, map[string]string{"R": "R", "V": "V"}[w.r.Confidentiality.Code]).Set(19, "AV").Add(23, xcnFor(w.r.Initiator))
	w.body(docs)
}

// documentNumber is TXA-12: our own number of the first document of the event, unique under our OID.
func (w *writer) documentNumber() string {
	for _, d := range w.ev.Payload.Documents {
		return firstOf(d.ID, d.Identifier)
	}
	return w.t.ControlID
}

// author is who wrote the note, else the recipient clinician.
func (w *writer) author() hl7.XCN {
	for _, d := range w.ev.Payload.Documents {
		if d.AuthorNPI != "" || d.Author != (referral.Name{}) {
			return xcnFor(referral.Party{Clinician: d.Author, NPI: d.AuthorNPI})
		}
	}
	return xcnFor(w.r.Recipient)
}

// oru writes ORU^R01 with the order's own numbers; OBR-25 F completes it, P leaves it open.
func (w *writer) oru(docs map[string][]byte) {
	w.local("ORU", "R01", "ORU_R01")
	w.pid()
	w.notes(w.notices()...)
	w.pv1()
	status := map[bool]string{true: "F", false: "P"}[w.final()]
	w.restricted(w.b.Segment("ORC").Set(1, "RE").Add(2, w.ehrNumber()).Add(3, w.placer()).Set(5, map[bool]string{true: "CM", false: "A"}[w.final()]).Add(12, xcnFor(w.r.Initiator)))
	s := w.b.Segment("OBR").Set(1, "1").Add(2, w.ehrNumber()).Add(3, w.placer()).Add(4, w.service()).Set(7, dtm(w.ev.EventTime))
	s.Add(16, xcnFor(w.r.Initiator)).Set(22, dtm(w.ev.EventTime)).Set(25, status)
	w.body(docs)
}

// body writes the note as OBX: readable text, then the files that the partner asked for.
func (w *writer) body(docs map[string][]byte) {
	status := map[bool]string{true: "F", false: "P"}[w.final()]
	n := 0
	obx := func(kind string) *hl7.SegmentBuilder {
		n++
		return w.b.Segment("OBX").Set(1, strconv.Itoa(n)).Set(2, kind).Add(3, hl7.Coded{Code: "11488-4", Text: "Consult note", System: "LN"}).Set(4, strconv.Itoa(n)).Set(11, status).Set(14, dtm(w.ev.EventTime))
	}
	for _, line := range append(w.notices(), w.reportText(docs)...) {
		obx("TX").Set(5, line)
	}
	for _, d := range w.ev.Payload.Documents {
		data := docs[d.ID]
		switch kind := bodyKind(d.ContentType); {
		case len(data) == 0:
		case kind == "cda" && w.wants("cda"):
			obx("ED").Add(5, hl7.ED{Type: "text", Subtype: "XML", Encoding: "Base64", Data: data})
		case kind == "pdf" && w.wants("pdf"):
			obx("ED").Add(5, hl7.ED{Type: "application", Subtype: "pdf", Encoding: "Base64", Data: data})
		case partKind(d.ContentType) == channels.KindImage && w.wants("pdf"):
			if pdf, err := paperPDF(data); err == nil {
				obx("ED").Add(5, hl7.ED{Type: "application", Subtype: "pdf", Encoding: "Base64", Data: pdf})
			}
		}
	}
}

// wants reports whether the partner asked for this kind of body; pdf is the default.
func (w *writer) wants(kind string) bool {
	if len(w.t.Rail.Dialect.Body) == 0 {
		return kind == "pdf"
	}
	return slices.Contains(w.t.Rail.Dialect.Body, kind)
}

// bodyKind maps a content type to the words of `body:`.
func bodyKind(contentType string) string {
	media, _, _ := strings.Cut(contentType, ";")
	switch strings.TrimSpace(strings.ToLower(media)) {
	case "application/pdf":
		return "pdf"
	case "text/xml", "application/xml", "application/hl7-v3+xml", "text/x-cda-r2+xml":
		return "cda"
	case "text/plain":
		return "text"
	}
	return ""
}

// reportText is the note's readable lines: the clinician's own text where there is one, else the words of the C-CDA, else a pointer to
// the attached file. It never makes up clinical words, and no file is drawn of words: what has only text travels as text.
func (w *writer) reportText(docs map[string][]byte) []string {
	head := "Consultation note from " + firstOf(w.r.Recipient.Organization, "the consulting practice") + ", referral " + wireID(w.r).Value
	if !w.final() {
		head = "Interim consultation note from " + firstOf(w.r.Recipient.Organization, "the consulting practice") + ", referral " + wireID(w.r).Value
	}
	out := append([]string{head}, nonEmpty(w.ev.Note)...)
	if lines := noteLines(w.ev.Payload.Documents, docs); len(lines) > 0 {
		return append(out, lines...)
	}
	if len(w.ev.Payload.Documents) == 0 {
		return append(out, "No document came with it.")
	}
	return append(out, "See the attached file.")
}

// noteLines are the readable lines of the documents of an outcome: plain text as it is, else the narrative of the C-CDA.
func noteLines(list []referral.Document, docs map[string][]byte) []string {
	for _, d := range list {
		if bodyKind(d.ContentType) == "text" {
			if lines := textLines(string(docs[d.ID])); len(lines) > 0 {
				return lines
			}
		}
	}
	for _, d := range list {
		if bodyKind(d.ContentType) == "cda" {
			if lines := documentText(docs[d.ID]); len(lines) > 0 {
				return lines
			}
		}
	}
	return nil
}
