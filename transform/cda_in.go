package transform

import (
	"bytes"
	"errors"
	"strings"

	"refloop/ccda"
	"refloop/channels"
	"refloop/hl7"
	"refloop/referral"
)

// fromCDA files a C-CDA that came with fact f and takes what it says into the fact: for a request into the record, for an outcome
// author and signature of the document. body is the part as a document. A file inside it (nonXMLBody, a clinician's note) becomes a
// document of its own. What cannot be read as C-CDA is filed all the same, with a warning.
func fromCDA(p channels.Part, body Body, f *Fact, out *Decoded) {
	d, err := ccda.Read(p.Body, ccda.Limits{})
	if err != nil {
		out.file(body)
		out.Problems = append(out.Problems, channels.Problem{Code: hl7.CodeDataType, Severity: "W", Text: "attached document: " + unreadableCDA(err) + "; it was filed as it came"})
		return
	}
	describe(&body.Document, d)
	out.file(body)
	fileInside(d, body.Document, out)
	about := patientFrom(d.Patient)
	if !f.agree(about, "the message and its document") {
		return
	}
	f.sameNumbers(loopIDs(d), "the document", nobodys)
	switch rec := f.Event.Payload.Record; {
	case rec != nil:
		mergeDocument(rec, d, about)
		f.Event.Payload.Patient = &rec.Patient
	case f.Event.Payload.Patient == nil && len(about.IDs) > 0:
		f.Event.Payload.Patient = &about
	}
	for _, id := range loopIDs(d) {
		f.Ref = addNumber(f.Ref, id)
	}
}

// unreadableCDA says in plain words why a document could not be read.
func unreadableCDA(err error) string {
	switch {
	case errors.Is(err, ccda.ErrTooLarge):
		return "it is over a limit of the C-CDA reader"
	case errors.Is(err, ccda.ErrDoctype):
		return "it holds a DOCTYPE, which is not read"
	case errors.Is(err, ccda.ErrNotXML):
		return "it is not well-formed XML"
	case errors.Is(err, ccda.ErrNotCDA):
		return "it is XML but not a clinical document"
	}
	return "it cannot be read as C-CDA"
}

// file adds a document to the first fact unless the same bytes are there: senders put a file beside the note that holds it.
func (d *Decoded) file(b Body) {
	for i := range d.Documents {
		if have := &d.Documents[i]; have.Fact == b.Fact && bytes.Equal(have.Bytes, b.Bytes) {
			have.Document.Signed = have.Document.Signed || b.Document.Signed
			return
		}
	}
	d.Documents = append(d.Documents, b)
}

// describe fills a document's description from its header. A legal authenticator signed it.
func describe(doc *referral.Document, d ccda.Document) {
	doc.Title, doc.Code, doc.Time = firstOf(d.Title, doc.Title), codedFrom(d.Code), momentFrom(d.Time)
	if id := referralID(d.ID, referral.KindDocument); id.Value != "" {
		doc.Identifier = id.Value
	}
	for _, a := range d.Authors {
		if a.Device == nil {
			p := partyFrom(a.Party)
			doc.Author, doc.AuthorNPI = p.Clinician, p.NPI
			break
		}
	}
	if s := d.LegalAuthenticator; s != nil {
		p := partyFrom(s.Party)
		doc.Signed = true
		if doc.Author == (referral.Name{}) && doc.AuthorNPI == "" {
			doc.Author, doc.AuthorNPI = p.Clinician, p.NPI
		}
	}
}

// maxInside bounds the files that are taken out of one document.
const maxInside = 20

// fileInside files what a document holds as files of their own: a nonXMLBody and the files of notes, not the pictures of narrative.
func fileInside(d ccda.Document, of referral.Document, out *Decoded) {
	n := 0
	add := func(b *ccda.Body) {
		if b == nil || len(b.Data) == 0 || n == maxInside {
			return
		}
		n++
		doc := of
		doc.ContentType, doc.Name, doc.Title = firstOf(b.MediaType, "application/octet-stream"), "", firstOf(b.Description, of.Title)
		if strings.HasPrefix(doc.ContentType, "text/plain") {
			doc.ContentType = "text/plain; charset=utf-8"
		}
		out.file(Body{Bytes: b.Data, Document: doc})
	}
	add(d.Body)
	var walk func([]ccda.Section)
	walk = func(list []ccda.Section) {
		for _, s := range list {
			for _, e := range s.Entries {
				add(e.Media)
			}
			walk(s.Sections)
		}
	}
	walk(d.Sections)
}

// loopIDs are the numbers by which a document may name its referral: order or referral act, further orders.
func loopIDs(d ccda.Document) []referral.Identifier {
	ids := addID(nil, referralID(d.ReferralID, referral.KindPlacer))
	for _, o := range d.Orders {
		ids = addID(ids, referralID(o, referral.KindPlacer))
	}
	return ids
}

// addNumber appends id unless a number that is equal to it is there in whatever kind.
func addNumber(list []referral.Identifier, id referral.Identifier) []referral.Identifier {
	for _, have := range list {
		if have.Equal(id) {
			return list
		}
	}
	return addID(list, id)
}

// mergeDocument takes what a C-CDA says into the record of a request. What the order said stands; lists are joined.
func mergeDocument(rec *referral.Referral, d ccda.Document, about referral.Patient) {
	*rec = joinRecord(*rec, documentRecord(d))
	rec.Patient = fillPatient(rec.Patient, about)
}

// documentRecord is all that a C-CDA says of a referral but its patient.
func documentRecord(d ccda.Document) referral.Referral {
	r := clinicalRecord(d.Sections)
	if len(d.Authors) > 0 && d.Authors[0].Device == nil {
		r.Initiator = fillParty(partyFrom(d.Authors[0].Party), r.Initiator)
	}
	for _, p := range d.Participants {
		if p.Type == "CALLBCK" {
			r.Initiator = fillParty(r.Initiator, partyFrom(p.Party))
		}
	}
	for _, to := range d.Recipients {
		if to.Kind == "TRC" {
			r.CopiesTo = append(r.CopiesTo, partyFrom(to.Party))
		} else {
			r.Recipient = fillParty(partyFrom(to.Party), r.Recipient)
		}
	}
	restrict(&r.Confidentiality, d.Confidentiality, "label")
	for _, l := range d.Labels {
		switch c := strings.ToUpper(l.Code.Code); {
		case c == "R" || c == "V":
			restrict(&r.Confidentiality, c, "label")
		case c == "42CFRPART2" || c == "ETH":
			r.Confidentiality.Part2, r.Confidentiality.Source = true, "label"
			restrict(&r.Confidentiality, "R", "label")
		}
	}
	noticeFound(&r.Confidentiality, d.Notice)
	return r
}

// fillPatient completes the patient of an order with what its document says of the same person.
func fillPatient(have, more referral.Patient) referral.Patient {
	if len(have.IDs) == 0 {
		have.IDs = more.IDs
	}
	if have.Name == (referral.Name{}) {
		have.Name = more.Name
	}
	have.BirthDate, have.Sex, have.Phone, have.Email = firstOf(have.BirthDate, more.BirthDate), firstOf(have.Sex, more.Sex), firstOf(have.Phone, more.Phone), firstOf(have.Email, more.Email)
	have.Language = firstOf(have.Language, more.Language)
	if have.Address == (referral.Address{}) {
		have.Address = more.Address
	}
	if have.Race == (referral.Coded{}) {
		have.Race = more.Race
	}
	if have.Ethnicity == (referral.Coded{}) {
		have.Ethnicity = more.Ethnicity
	}
	return have
}
