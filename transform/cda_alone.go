package transform

import (
	"fmt"
	"maps"
	"strings"

	"refloop/ccda"
	"refloop/channels"
	"refloop/referral"
)

// Styles of a Direct rail (Dialect.Style). The empty one is Style360X.
const (
	Style360X  = "360x"     // an XDM package with the HL7 v2 message, the C-CDA and the papers
	StyleBoth  = "360x+cda" // the package, and the C-CDA as a plain attachment beside it
	StylePlain = "plain"    // the C-CDA and the papers as attachments
	StyleCDA   = "cda"      // the C-CDA alone
	StylePDF   = "pdf-cda"  // each paper, or a letter, inside an Unstructured Document
)

// renderAlone writes the documents of the styles that send nothing else; what no document says goes as words.
func renderAlone(ship *channels.Shipment, r referral.Referral, ev referral.Event, t Target, docs map[string][]byte) error {
	if !clinical(ev.Type) {
		ship.Parts = []channels.Part{textPart(ship.ReferralID, r, ev, t, docs)}
		return nil
	}
	if t.Rail.Dialect.Style == StyleCDA {
		part, err := clinicalDocument(r, ev, t, docs)
		ship.Parts = []channels.Part{part}
		return err
	}
	papers, err := pdfParts(r, ev, t, docs)
	if err != nil {
		return err
	}
	for i, p := range papers {
		part, err := unstructured(r, ev, t, p, i)
		if err != nil {
			return err
		}
		ship.Parts = append(ship.Parts, part)
	}
	return nil
}

// unstructured puts a paper into an Unstructured Document. The n-th (from 0) of a delivery has an id of its own.
func unstructured(r referral.Referral, ev referral.Event, t Target, paper channels.Part, n int) (channels.Part, error) {
	d := header(r, t)
	d.Type = ccda.TypeUnstructured
	if n > 0 {
		d.ID = ccda.ID{Root: ccda.Derive(d.ID, fmt.Sprint("paper ", n+1))}
	}
	part := channels.Part{Kind: channels.KindCDA, ContentType: "text/xml", FormatCode: "urn:hl7-org:sdwg:ccda-nonXMLBody:2.1", Title: firstOf(paper.Title, "Document")}
	to := r.Recipient
	d.Authors = []ccda.Author{authorOf(r, t)}
	d.Code = ccda.Code{Code: "57133-1", System: ccda.LOINC, Display: "Referral note"}
	if ev.Type == referral.EventReport || ev.Type == referral.EventInterim {
		to = r.Initiator
		d.Authors = []ccda.Author{{Time: ccda.Time(ev.EventTime), Party: cdaParty(r.Recipient, t.Own.OID)}}
		d.Code = ccda.Code{Code: "11488-4", System: ccda.LOINC, Display: "Consult note"}
	}
	part.Attrs = map[string]string{"type_code": d.Code.Code, "type_display": d.Code.Display}
	d.Title = part.Title
	d.Recipients = []ccda.Recipient{{Kind: "PRCP", Party: cdaParty(to, t.Own.OID)}}
	media, _, _ := strings.Cut(paper.ContentType, ";")
	d.Body = &ccda.Body{MediaType: strings.TrimSpace(media), Data: paper.Body, Description: paper.Title}
	var err error
	part.Body, err = ccda.Marshal(d)
	return part, err
}

// leftOutSection tells the reader of a note what the payload agreed with them leaves out, so that nothing is missing silently.
func leftOutSection(left []string) []ccda.Section {
	if len(left) == 0 {
		return nil
	}
	lines := append([]string{"Not in this document; ask the sender for it:"}, left...)
	return []ccda.Section{{LOINC: "48767-8", Title: "Not included", Text: strings.Join(lines, "\n")}}
}

// inWords adds what a C-CDA says as a page of text and of XHTML (attributes words and page), for the human-readable index of a package. A document that cannot
// be read stays without.
func inWords(p channels.Part) channels.Part {
	d, err := ccda.Read(p.Body, ccda.Limits{})
	if err != nil {
		return p
	}
	var b, page strings.Builder
	if ccda.WriteText(&b, d) != nil || ccda.WriteHTML(&page, d, "d-") != nil {
		return p
	}
	attrs := maps.Clone(p.Attrs)
	if attrs == nil {
		attrs = map[string]string{}
	}
	attrs["words"], attrs["page"] = b.String(), page.String()
	p.Attrs = attrs
	return p
}
