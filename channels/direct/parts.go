package direct

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"path"
	"slices"
	"strings"

	"refloop/ccda/xdm"
	"refloop/channels"
	"refloop/direct"
)

// openParts lists the content of a message. An XDM package is recognised by its bytes, whatever
// its name or type; what lies beside it and is inside it too is left out.
func (g *Agent) openParts(out *channels.Opened, m *direct.Mail) {
	inside := map[[32]byte]bool{}
	var beside []direct.Part
	for _, p := range m.Parts {
		if !bytes.HasPrefix(p.Body, []byte("PK\x03\x04")) {
			beside = append(beside, p)
			continue
		}
		if !g.openPackage(out, p, inside) {
			beside = append(beside, p)
		}
	}
	for _, p := range beside {
		if len(bytes.TrimSpace(p.Body)) == 0 || inside[sha256.Sum256(p.Body)] || out.Type == Type360X && cover(p) {
			continue
		}
		out.Parts = append(out.Parts, channels.Part{
			Kind: kindOf(p.Type, p.Name, p.Body), Name: path.Base(strings.ReplaceAll(p.Name, `\`, "/")), ContentType: p.Type, Body: p.Body,
		})
	}
}

// cover reports the text of the mail itself, as against an attached one. Beside a 360X package it only says that there is one.
func cover(p direct.Part) bool {
	return strings.HasPrefix(p.Type, "text/") && p.Name == "" && p.Disposition != "attachment"
}

// openPackage adds the documents of an XDM package; false when the ZIP is none, or a bad one, and travels on as it is. A bad one holds
// the whole message: what is wrong goes to a person, and back to the sender.
func (g *Agent) openPackage(out *channels.Opened, p direct.Part, inside map[[32]byte]bool) bool {
	o := xdm.Options{Strict: g.Strict != nil && g.Strict(out.Sender)}
	if !strings.Contains(out.Recipient, ",") { // of several recipients the package may be meant for either
		o.Recipient = out.Recipient
	}
	pkg, warnings, err := xdm.ReadWith(p.Body, o)
	switch {
	case err != nil && !bytes.Contains(bytes.ToUpper(p.Body), []byte("IHE_XDM")): // names stand plain in a ZIP
		out.Warnings = append(out.Warnings, "part "+p.Path+" is a ZIP that cannot be read, and no XDM package")
		return false
	case err != nil:
		out.Hold = "the package cannot be taken: " + strings.TrimPrefix(err.Error(), "xdm: reading: ")
		if errors.Is(err, xdm.ErrStrict) {
			out.Hold = broken(warnings)
		}
		out.Warnings = append(out.Warnings, "part "+p.Path+": "+out.Hold)
		return false
	case len(pkg.Sets) == 0:
		return false
	}
	for _, w := range warnings {
		if w.Rule == xdm.RulePatient {
			out.Doubts = append(out.Doubts, "in its package "+w.Text)
			continue
		}
		out.Warnings = append(out.Warnings, "part "+p.Path+": "+w.Text)
	}
	for _, set := range pkg.Sets {
		for _, d := range set.Documents {
			inside[sha256.Sum256(d.Data)] = true
			part := documentPart(d, set)
			if part.Kind == channels.KindHL7 {
				out.Type = Type360X
			}
			out.Parts = append(out.Parts, part)
		}
	}
	for _, d := range pkg.Loose {
		inside[sha256.Sum256(d.Data)] = true
		out.Parts = append(out.Parts, channels.Part{Kind: kindOf(d.MimeType, d.Name, d.Data), Name: d.Name, ContentType: d.MimeType, Body: d.Data})
	}
	return true
}

// broken names the rules that a package breaks, each once.
func broken(warnings []xdm.Warning) string {
	var rules []string
	for _, w := range warnings {
		if w.Rule != "" && !slices.Contains(rules, w.Text) {
			rules = append(rules, w.Text)
		}
	}
	return "the package breaks rules that this partner must keep: " + strings.Join(rules, "; ")
}

// documentPart is one document of a package with what its metadata says.
func documentPart(d xdm.Document, set xdm.SubmissionSet) channels.Part {
	attrs := map[string]string{}
	put := func(key, value string) {
		if value != "" {
			attrs[key] = value
		}
	}
	for _, r := range d.References {
		switch r.Type {
		case xdm.RefReferral:
			put("referral_id", r.ID.Value)
			put("referral_authority", r.ID.Authority)
		case xdm.RefOrder:
			put("order_id", r.ID.Value)
			put("order_authority", r.ID.Authority)
		}
	}
	put("unique_id", d.UniqueID)
	put("type_code", d.Type.Code)
	put("created", d.Created)
	put("set_id", set.UniqueID)
	put("source_id", set.SourceID)
	if len(d.Privacy) > 0 {
		put("confidentiality", d.Privacy[0].Code)
	}
	for _, a := range set.Authors {
		put("author_direct", a.Direct())
	}
	who := d.Patient()
	put("patient_family", who.Family)
	put("patient_given", who.Given)
	put("patient_birth", who.Birth)
	put("patient_sex", who.Sex)
	var ids []string
	for _, id := range append(who.IDs, d.SourceID) {
		if line := id.Value + "|" + id.Authority; id.Value != "" && !slices.Contains(ids, line) {
			ids = append(ids, line)
		}
	}
	put("patient_ids", strings.Join(ids, "\n"))
	kind := kindOf(d.MimeType, d.Name, d.Data)
	if strings.HasPrefix(d.Format.Code, "urn:ihe:pcc:360x:hl7:") {
		kind = channels.KindHL7
	}
	return channels.Part{Kind: kind, Name: d.Name, ContentType: d.MimeType, FormatCode: d.Format.Code, Title: d.Title, Body: d.Data, Attrs: attrs}
}

// kindOf decides what a part is: its bytes say more than its media type, which senders get wrong.
func kindOf(contentType, name string, body []byte) string {
	head := bytes.TrimLeft(bytes.TrimPrefix(body[:min(len(body), 4096)], []byte("\xef\xbb\xbf")), " \t\r\n")
	contentType = strings.ToLower(contentType)
	switch {
	case bytes.HasPrefix(head, []byte("MSH")) && len(head) > 8:
		return channels.KindHL7
	case bytes.HasPrefix(head, []byte("%PDF-")):
		return channels.KindPDF
	case bytes.HasPrefix(head, []byte("II*\x00")), bytes.HasPrefix(head, []byte("MM\x00*")), bytes.HasPrefix(head, []byte("\x89PNG")), bytes.HasPrefix(head, []byte("\xff\xd8\xff")):
		return channels.KindImage
	case bytes.Contains(head, []byte("ClinicalDocument")):
		return channels.KindCDA
	case contentType == "text/plain" || contentType == "text/html":
		return channels.KindText
	case strings.HasSuffix(strings.ToLower(name), ".txt"):
		return channels.KindText
	}
	return channels.KindOther
}
