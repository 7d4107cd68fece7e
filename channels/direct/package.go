package direct

import (
	"crypto/sha256"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"refloop/ccda/xdm"
	"refloop/channels"
	"refloop/direct"
)

// packXDM makes the XDM package of a shipment: the HL7 v2 message first, then the documents.
// Equal shipments give equal bytes.
func (g *Agent) packXDM(s channels.Shipment, messageID string) (direct.File, error) {
	parts := slices.Clone(s.Parts)
	slices.SortStableFunc(parts, func(a, b channels.Part) int { return order(a.Kind) - order(b.Kind) })
	set := xdm.SubmissionSet{
		UniqueID: oidOf(messageID), SourceID: g.Organization.OID, Time: s.At, Title: "Referral " + s.Event,
		PatientID:  xdm.ParseID(s.PatientID),
		Authors:    []xdm.Author{g.author()},
		Recipients: []xdm.Recipient{{Telecom: xdm.Internet(s.Address)}},
	}
	if s.Recipient != "" {
		set.Recipients[0].Organization = xdm.Organization(s.Recipient, xdm.ID{})
	}
	for _, p := range parts {
		d := xdm.Document{
			Data: p.Body, MimeType: mimeOf(p), Title: p.Title, UniqueID: p.Attrs["unique_id"], Created: p.Attrs["created"], Language: "en-US",
			Authors: set.Authors, PatientInfo: patientInfo(s.Patient), SourceID: set.PatientID, Words: p.Attrs["words"], Page: p.Attrs["page"],
		}
		if code := formatOf(p); code != "" {
			d.Format = xdm.Format(code)
		}
		if code := p.Attrs["type_code"]; code != "" {
			d.Type = xdm.LOINC(code, orDefault(p.Attrs["type_display"], p.Title))
		}
		d.Privacy = []xdm.Code{xdm.Privacy(confidentiality(s, p))}
		if s.ReferralID != "" {
			d.References = []xdm.Reference{{ID: xdm.ID{Value: s.ReferralID, Authority: s.Authority}, Type: xdm.RefReferral}}
		}
		set.Documents = append(set.Documents, d)
	}
	body, err := xdm.Build(xdm.Package{
		Institution: g.Organization.Name, Contact: g.contact(), Application: "refloop", Version: g.Organization.Version,
		VendorContact: "see the documentation of refloop", Patient: patientName(s.Patient), Notice: notice(s), Sets: []xdm.SubmissionSet{set},
	})
	if err != nil {
		return direct.File{}, fmt.Errorf("direct: packing %s: %w", s.Event, err)
	}
	return direct.File{Name: orDefault(s.ControlID, s.DeliveryID) + ".zip", ContentType: "application/zip", Body: body}, nil
}

// XDM gives the package of a shipment as Pack puts it into a mail: its bytes alone, neither signed nor encrypted. id makes the
// submission set's uniqueId: another package needs another one. Of the agent it needs Settings.Address and Organization.
func (g *Agent) XDM(s channels.Shipment, id string) ([]byte, error) {
	f, err := g.packXDM(s, id)
	return f.Body, err
}

func (g *Agent) author() xdm.Author {
	return xdm.Author{
		Institutions: []string{xdm.Organization(g.Organization.Name, xdm.ID{Value: g.Organization.OID})},
		Telecoms:     []string{xdm.Internet(g.Settings.Address)},
	}
}

func (g *Agent) contact() string {
	return strings.TrimSpace(g.Settings.Address + " " + g.Organization.Phone)
}

// Redisclosure is the notice that travels with 42 CFR Part 2 records in the mail and in the index of the package: Statement 1 of
// 42 CFR 2.32(a)(1) (2024 rule), word for word. Statement 2 is for places where space forbids it, which a mail is not.
const Redisclosure = `This record which has been disclosed to you is protected by Federal confidentiality rules (42 CFR part 2). These rules prohibit you from using or disclosing this record, or testimony that describes the information contained in this record, in any civil, criminal, administrative, or legislative proceedings by any Federal, State, or local authority, against the patient, unless authorized by the consent of the patient, except as provided at 42 CFR 2.12(c)(5) or as authorized by a court in accordance with 42 CFR 2.64 or 2.65. In addition, the Federal rules prohibit you from making any other use or disclosure of this record unless at least one of the following applies: (i) Further use or disclosure is expressly permitted by the written consent of the individual whose information is being disclosed in this record or as otherwise permitted by 42 CFR part 2. (ii) You are a covered entity or business associate and have received the record for treatment, payment, or health care operations, or (iii) You have received the record from a covered entity or business associate as permitted by 45 CFR part 164, subparts A and E. A general authorization for the release of medical or other information is NOT sufficient to meet the required elements of written consent to further use or redisclose the record (see 42 CFR 2.31).`

func notice(s channels.Shipment) string {
	if s.Restricted {
		return Redisclosure
	}
	return ""
}

func confidentiality(s channels.Shipment, p channels.Part) string {
	if c := p.Attrs["confidentiality"]; c != "" {
		return c
	}
	if s.Restricted {
		return "R"
	}
	return "N"
}

func order(kind string) int {
	switch kind {
	case channels.KindHL7:
		return 0
	case channels.KindCDA:
		return 1
	}
	return 2
}

func mimeOf(p channels.Part) string {
	switch p.Kind {
	case channels.KindHL7:
		return xdm.MimeV2
	case channels.KindCDA:
		return xdm.MimeXML
	case channels.KindPDF:
		return xdm.MimePDF
	}
	if typ, _, _ := strings.Cut(p.ContentType, ";"); typ != "" {
		return strings.TrimSpace(typ)
	}
	return "application/octet-stream"
}

func formatOf(p channels.Part) string {
	switch {
	case p.FormatCode != "":
		return p.FormatCode
	case p.Kind == channels.KindCDA:
		return xdm.FormatCCDA
	case p.Kind == channels.KindHL7:
		return xdm.Format360X(trigger(p.Body)).Code
	}
	return xdm.FormatByMime
}

// trigger is MSH-9.2 of an HL7 v2 message of ours, which writes the usual delimiters.
func trigger(body []byte) string {
	line, _, _ := strings.Cut(string(body[:min(len(body), 1024)]), "\r")
	fields := strings.Split(line, "|")
	if len(fields) < 9 {
		return ""
	}
	parts := strings.Split(fields[8], "^")
	if len(parts) < 2 {
		return ""
	}
	return parts[1]
}

// patientInfo are the sourcePatientInfo values: HL7 v2 text by field, in the order of the fields.
func patientInfo(p map[string]string) []string {
	var out []string
	for _, field := range []string{"PID-3", "PID-5", "PID-7", "PID-8", "PID-11", "PID-13"} {
		if v := p[field]; v != "" {
			out = append(out, field+"|"+v)
		}
	}
	return out
}

// patientName is who it is about, for INDEX.HTM: given name, family name, birth date.
func patientName(p map[string]string) string {
	parts := append(strings.Split(p["PID-5"], "^"), "")
	name := strings.TrimSpace(parts[1] + " " + parts[0])
	if d := p["PID-7"]; len(d) == 8 && name != "" {
		name += ", born " + d[:4] + "-" + d[4:6] + "-" + d[6:]
	}
	return name
}

// oidOf derives an OID below 2.25 (UUID-based) from a text that is unique.
func oidOf(s string) string {
	sum := sha256.Sum256([]byte(s))
	sum[6] = sum[6]&0x0f | 0x80 // version 8: made from other data
	sum[8] = sum[8]&0x3f | 0x80
	return "2.25." + new(big.Int).SetBytes(sum[:16]).String()
}
