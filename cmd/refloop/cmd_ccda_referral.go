package main

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"refloop/ccda"
	"refloop/channels"
	"refloop/config"
	"refloop/console"
	"refloop/referral"
	"refloop/transform"
)

// ownSide is who we are by the configuration; the rails are not looked at.
func ownSide(cmd *cobra.Command) (transform.Organization, error) {
	cfg, _, err := settingsOf(cmd)
	if err != nil {
		return transform.Organization{}, err
	}
	p := new(config.Problems)
	d := planDirect(cfg, p)
	o := cfg.Organization
	return transform.Organization{Name: o.Name, OID: o.OID, NPI: o.NPI, Phone: o.Phone, Fax: o.Fax, Direct: d.address()}, p.Err()
}

// shipmentOf renders an event of a referral as a rail of the type would carry it. The request is written of the record as it is now.
func shipmentOf(cmd *cobra.Command, id string, report bool, rail transform.Rail) (channels.Shipment, error) {
	s, err := oneOf[console.Story](cmd, console.Query{Name: "story", ID: id})
	if err != nil {
		return channels.Shipment{}, err
	}
	own, err := ownSide(cmd)
	if err != nil {
		return channels.Shipment{}, err
	}
	r := s.Record
	ev := referral.Event{Type: referral.EventRequest, EventTime: r.Requested}
	if report {
		if ev, err = newestReport(s); err != nil {
			return channels.Shipment{}, err
		}
	}
	docs, err := papers(cmd, r, ev)
	if err != nil {
		return channels.Shipment{}, err
	}
	name := fmt.Sprintf("build %s %d %t", r.ID, r.Version, report)
	return transform.Render(r, ev, transform.Target{
		Rail: rail, Own: own, DeliveryID: ccda.Derive(ccda.ID{Root: own.OID}, name), ControlID: fmt.Sprintf("%s-%d", r.ID, r.Version), At: r.Updated,
		Partner: transform.Partner{ID: r.Recipient.Partner, Name: r.Recipient.Organization, OID: r.Recipient.OrgOID, NPI: r.Recipient.OrgNPI},
	}, docs)
}

// newestReport is the last report or interim note.
func newestReport(s console.Story) (referral.Event, error) {
	for i := len(s.Events) - 1; i >= 0; i-- {
		if t := s.Events[i].Type; t == referral.EventReport || t == referral.EventInterim {
			return s.Events[i], nil
		}
	}
	return referral.Event{}, fmt.Errorf("referral %s: got no report yet, want one for a consultation note", s.Record.ID)
}

// papers fetches the bytes of the documents of a record and an event.
func papers(cmd *cobra.Command, r referral.Referral, ev referral.Event) (map[string][]byte, error) {
	docs := map[string][]byte{}
	for _, d := range append(append([]referral.Document{}, r.Documents...), ev.Payload.Documents...) {
		if docs[d.ID] != nil {
			continue
		}
		var buf bytes.Buffer
		if err := askQuery(cmd, console.Query{Name: "document", ID: d.ID}, &buf); err != nil {
			return nil, fmt.Errorf("document %s: %w", d.ID, err)
		}
		docs[d.ID] = buf.Bytes()
	}
	return docs, nil
}

// referralDocument makes the document of a referral.
func referralDocument(cmd *cobra.Command, kind ccda.Type, id string) (ccda.Document, error) {
	report := kind == ccda.TypeConsult
	ship, err := shipmentOf(cmd, id, report, transform.Rail{Type: channels.Direct, Dialect: transform.Dialect{Style: "plain"}})
	if err != nil {
		return ccda.Document{}, err
	}
	note, ok := partOf(ship, channels.KindCDA)
	if !ok {
		return ccda.Document{}, errors.New("ccda build: got a referral that no document can be made of")
	}
	d, err := ccda.Read(note.Body, ccda.Limits{})
	if err != nil {
		return d, err
	}
	switch kind {
	case ccda.TypeCCD:
		d = transform.SummaryOfCare(d)
	case ccda.TypeUnstructured:
		d.Code, d.Title, d.Sections = ccda.Code{Code: "57133-1", System: ccda.LOINC, Display: "Referral note"}, "Referral", nil
		ship, err := shipmentOf(cmd, id, false, transform.Rail{Type: channels.File, Dialect: transform.Dialect{Body: []string{"pdf"}}})
		if err != nil {
			return d, err
		}
		pdf, ok := partOf(ship, channels.KindPDF)
		if !ok {
			return d, errors.New("ccda build: got a referral without a paper, want one for an unstructured document")
		}
		d.Body = &ccda.Body{MediaType: "application/pdf", Data: pdf.Body, Description: pdf.Title}
	}
	d.Type = kind
	d.ID, d.SetID = ccda.ID{Root: ccda.Derive(d.ID, string(kind))}, ccda.ID{}
	return d, nil
}

func partOf(ship channels.Shipment, kind string) (channels.Part, bool) {
	for _, p := range ship.Parts {
		if p.Kind == kind {
			return p, true
		}
	}
	return channels.Part{}, false
}
