package transform

import (
	"fmt"

	"refloop/channels"
	"refloop/fax"
	"refloop/referral"
)

// paperPDF makes a PDF of a fax or scan (TIFF, PNG, JPEG), page by page as it was received.
func paperPDF(b []byte) ([]byte, error) {
	doc, err := fax.Open(b, fax.Limits{})
	if err != nil {
		return nil, fmt.Errorf("transform: a paper of %d bytes as PDF: %w", len(b), err)
	}
	var pages []*fax.Bitmap
	for p, err := range doc.Pages() {
		switch {
		case err != nil:
			return nil, fmt.Errorf("transform: a paper of %d bytes as PDF: %w", len(b), err)
		case p.Bits != nil:
			pages = append(pages, p.Square().Bits)
		case p.Tones != nil:
			pages = append(pages, fax.Threshold(p.Square().Gray(), 128))
		default:
			return nil, fmt.Errorf("transform: a paper of %d bytes as PDF: got a page that must be drawn, want images", len(b))
		}
	}
	return fax.EncodePDF(pages)
}

// letterPDF draws a letter as a PDF.
func letterPDF(l fax.Letter) ([]byte, error) {
	pages, err := l.Draw()
	if err != nil {
		return nil, err
	}
	return fax.EncodePDF(pages)
}

// paperOf are the papers that an event brings or, for a request, the record's: never an outcome's with a request.
func paperOf(r referral.Referral, ev referral.Event) []referral.Document {
	switch ev.Type {
	case referral.EventRequest, referral.EventChange:
	default:
		return ev.Payload.Documents
	}
	var out []referral.Document
	for _, d := range r.Documents {
		if d.Kind != "report" && d.Kind != "interim" {
			out = append(out, d)
		}
	}
	return out
}

// pdfParts are the papers of an event as PDF: a PDF as it came, a fax or scan page by page (as it came when it cannot be read), and
// when nothing came on paper a letter with what the event says.
func pdfParts(r referral.Referral, ev referral.Event, t Target, docs map[string][]byte) ([]channels.Part, error) {
	var out []channels.Part
	for _, d := range paperOf(r, ev) {
		data := docs[d.ID]
		if len(data) == 0 {
			continue
		}
		switch partKind(d.ContentType) {
		case channels.KindPDF:
			out = append(out, filePart(d, channels.KindPDF, d.ContentType, data))
		case channels.KindImage:
			pdf, err := paperPDF(data)
			if err != nil {
				out = append(out, filePart(d, channels.KindImage, d.ContentType, data))
				continue
			}
			part := filePart(d, channels.KindPDF, "application/pdf", pdf)
			part.Name = "" // the name was the image's
			out = append(out, part)
		}
	}
	if len(out) > 0 {
		return out, nil
	}
	l := letterOf(r, ev, t, docs)
	l.Reply = false
	pdf, err := letterPDF(l)
	if err != nil {
		return nil, err
	}
	return []channels.Part{{Kind: channels.KindPDF, ContentType: "application/pdf", Title: l.Title, Body: pdf}}, nil
}

// filePart is a document as a part.
func filePart(d referral.Document, kind, media string, data []byte) channels.Part {
	return channels.Part{Kind: kind, Name: d.Name, ContentType: media, Title: d.Title, Body: data, FormatCode: "urn:ihe:iti:xds:2017:mimeTypeSufficient"}
}
