package transform

import (
	"fmt"
	"strings"
	"testing"

	"refloop/ccda"
	"refloop/channels"
	"refloop/referral"
)

// TestDirectStyles: which parts each style of a Direct rail carries, and that every C-CDA among them is sound.
func TestDirectStyles(t *testing.T) {
	for _, c := range []struct {
		style string
		event referral.EventType
		want  string
	}{
		{Style360X, referral.EventRequest, "hl7v2 cda"}, {StyleBoth, referral.EventRequest, "hl7v2 cda"}, {StylePlain, referral.EventRequest, "cda"},
		{StyleCDA, referral.EventRequest, "cda"}, {StylePDF, referral.EventRequest, "cda"}, {StylePDF, referral.EventReport, "cda"}, {StyleCDA, referral.EventReport, "cda"},
		{StyleCDA, referral.EventAccept, "text"}, {StylePDF, referral.EventAccept, "text"}, {StyleBoth, referral.EventAccept, "hl7v2"},
	} {
		r := taken(t, "ref-i12.hl7", referral.RoleInitiator)
		ev, docs := happened(c.event, r)
		ship, err := Render(r, ev, target(channels.Direct, false, func(d *Dialect) { d.Style = c.style }), docs)
		if err != nil {
			t.Errorf("%s %s: %v", c.style, c.event, err)
			continue
		}
		var kinds []string
		for _, p := range ship.Parts {
			kinds = append(kinds, p.Kind)
			if p.Kind != channels.KindCDA {
				continue
			}
			for _, f := range ccda.Check(p.Body) {
				if f.Severity == "error" {
					t.Errorf("%s %s: %v", c.style, c.event, f)
				}
			}
			d, err := ccda.Read(p.Body, ccda.Limits{})
			if err != nil || (c.style == StylePDF) != (d.Type == ccda.TypeUnstructured) {
				t.Errorf("%s %s: got %q, %v", c.style, c.event, d.Type, err)
			}
			if d.Type == ccda.TypeUnstructured && (d.Body == nil || d.Body.MediaType != "application/pdf" || !strings.HasPrefix(string(d.Body.Data), "%PDF") || d.ReferralID.Extension != wireID(r).Value) {
				t.Errorf("%s %s: got %+v of %s", c.style, c.event, d.ReferralID, fmt.Sprint(d.Body != nil))
			}
		}
		if got := strings.Join(kinds, " "); !strings.HasPrefix(got, c.want) || (c.style == StyleCDA || c.style == StylePDF) && strings.Contains(got, "pdf") {
			t.Errorf("%s %s: got parts %s, want %s", c.style, c.event, got, c.want)
		}
	}
}

// TestLeftOutIsSaid: what a profile leaves out stands in the document, and in the shipment for the one who keeps it.
func TestLeftOutIsSaid(t *testing.T) {
	r := taken(t, "ref-i12.hl7", referral.RoleInitiator)
	r.Sections = append(r.Sections, referral.Section{LOINC: "29762-2", Title: "Social History", Text: "Lives alone."})
	ev, docs := happened(referral.EventRequest, r)
	to := target(channels.Direct, false, nil)
	to.Rail.Profile = Profile{Sections: []string{"results"}}
	ship, err := Render(r, ev, to, docs)
	if err != nil || len(ship.LeftOut) == 0 {
		t.Fatalf("got %q, %v", ship.LeftOut, err)
	}
	for _, p := range ship.Parts {
		if p.Kind != channels.KindCDA {
			continue
		}
		if s := string(p.Body); strings.Contains(s, "Lives alone") || !strings.Contains(s, "Not included") || !strings.Contains(s, ship.LeftOut[0]) {
			t.Error("the document does not say what was left out, or holds it")
		}
	}
	ev.Type = referral.EventAccept
	if ship, err = Render(r, ev, to, nil); err != nil || len(ship.LeftOut) > 0 {
		t.Errorf("an answer: got %q, %v", ship.LeftOut, err)
	}
}

// TestSeveralPatients: a document about several patients waits for a person.
func TestSeveralPatients(t *testing.T) {
	r := taken(t, "ref-i12.hl7", referral.RoleInitiator)
	ev, docs := happened(referral.EventRequest, r)
	ship, err := Render(r, ev, target(channels.Direct, false, func(d *Dialect) { d.Style = StyleCDA }), docs)
	if err != nil {
		t.Fatal(err)
	}
	body := string(ship.Parts[0].Body)
	from, to := strings.Index(body, "<recordTarget>"), strings.Index(body, "</recordTarget>")+len("</recordTarget>")
	if from < 0 {
		t.Fatal("no recordTarget")
	}
	ship.Parts[0].Body = []byte(body[:to] + body[from:to] + body[to:])
	if d := Decode(arrived(ship)); !strings.Contains(d.Hold, "several patients") || len(d.Facts) != 0 {
		t.Errorf("got hold %q, %d facts", d.Hold, len(d.Facts))
	}
}
