package direct

import (
	"bytes"
	"strings"
)

// Notification reads the disposition notification of a message. It forgives what
// peers write: other letter case, extra spaces and lines, folded fields, a missing
// Disposition. Original-Message-ID falls back to In-Reply-To. ok is false when the message is none.
func (m *Mail) Notification() (n Notification, ok bool) {
	for _, p := range m.Parts {
		if p.Type != "message/disposition-notification" {
			continue
		}
		groups := fieldGroups(p.Body)
		if len(groups) == 0 {
			return Notification{OriginalMessageID: m.inReplyTo()}, true
		}
		var all Header // some peers put empty lines between the fields
		for _, g := range groups {
			all = append(all, g...)
		}
		n.Recipient, _ = typedAddress(all.Value("Final-Recipient"))
		n.OriginalMessageID = bracketed(all.Value("Original-Message-ID"))
		if n.OriginalMessageID == "" {
			n.OriginalMessageID = m.inReplyTo()
		}
		n.ReportingUA = all.Value("Reporting-UA")
		n.Final = all.Has(FinalDelivery)
		n.Disposition, n.Modifier = disposition(all.Value("Disposition"))
		for _, name := range []string{"Failure", "Error", "Warning"} {
			if n.Reason == "" {
				n.Reason = oneLine(all.Value(name))
			}
		}
		return n, true
	}
	return Notification{}, false
}

// disposition reads "mode/mode; type/modifier" and keeps type and modifier.
func disposition(v string) (word, modifier string) {
	_, after, found := strings.Cut(v, ";")
	if !found {
		after = v
	}
	word, modifier, _ = strings.Cut(after, "/")
	return strings.ToLower(strings.TrimSpace(word)), strings.ToLower(strings.TrimSpace(modifier))
}

// inReplyTo is the first message id of In-Reply-To.
func (m *Mail) inReplyTo() string { return bracketed(m.Header.Value("In-Reply-To")) }

// bracketed returns the first <...> of a value, or the value in brackets when it has none.
func bracketed(v string) string {
	v = strings.TrimSpace(v)
	if v == "" {
		return ""
	}
	if i := strings.IndexByte(v, '<'); i >= 0 {
		if j := strings.IndexByte(v[i:], '>'); j > 0 {
			v = v[i : i+j+1]
		}
	} else {
		v = "<" + v + ">"
	}
	if !messageID(v) {
		return ""
	}
	return v
}

// typedAddress reads "rfc822; address", with or without the type.
func typedAddress(v string) (string, bool) {
	if _, after, found := strings.Cut(v, ";"); found {
		v = after
	}
	return Canonical(v)
}

// DeliveryStatus is a delivery status notification (RFC 3464).
type DeliveryStatus struct {
	OriginalMessageID string // X-Original-Message-ID, the returned header's Message-ID, or In-Reply-To; empty: unknown
	ReportingMTA      string
	Recipients        []RecipientStatus
}

// RecipientStatus is one per-recipient group.
type RecipientStatus struct {
	Recipient string // canonical address
	Action    string // failed, delayed, delivered, relayed, expanded; lower case
	Status    string // 5.1.1
	Reason    string // Diagnostic-Code, for people
}

// maxStatusGroups bounds the recipients of one delivery status.
const maxStatusGroups = 1000

// DeliveryStatus reads the delivery status of a message; ok is false when it is none.
func (m *Mail) DeliveryStatus() (d DeliveryStatus, ok bool) {
	for _, p := range m.Parts {
		switch p.Type {
		case "message/delivery-status", "message/global-delivery-status":
			ok = true
			for i, g := range fieldGroups(p.Body) {
				if d.OriginalMessageID == "" {
					d.OriginalMessageID = bracketed(g.Value("X-Original-Message-ID"))
				}
				if i == 0 && g.Has("Reporting-MTA") {
					d.ReportingMTA = oneLine(g.Value("Reporting-MTA"))
				}
				if r, found := recipientStatus(g); found && len(d.Recipients) < maxStatusGroups {
					d.Recipients = append(d.Recipients, r)
				}
			}
		case "message/rfc822", "text/rfc822-headers":
			if h, _, err := splitHeader(p.Body, Limits{}.withDefaults()); err == nil && ok && d.OriginalMessageID == "" {
				d.OriginalMessageID = bracketed(h.Value("Message-ID"))
			}
		}
	}
	if !ok {
		return DeliveryStatus{}, false
	}
	if d.OriginalMessageID == "" {
		d.OriginalMessageID = m.inReplyTo()
	}
	return d, true
}

func recipientStatus(g Header) (r RecipientStatus, ok bool) {
	r.Recipient, ok = typedAddress(g.Value("Final-Recipient"))
	if !ok {
		r.Recipient, ok = typedAddress(g.Value("Original-Recipient"))
	}
	r.Action = strings.ToLower(strings.TrimSpace(g.Value("Action")))
	r.Status = oneLine(g.Value("Status"))
	r.Reason = oneLine(g.Value("Diagnostic-Code"))
	return r, ok && r.Action != ""
}

// fieldGroups reads runs of fields separated by empty lines. Lines that are no
// fields are passed over, and so is everything behind the first DefaultHeaderBytes.
func fieldGroups(b []byte) (groups []Header) {
	b = b[:min(len(b), DefaultHeaderBytes)]
	var group folded
	flush := func() {
		if len(group.names) > 0 {
			groups = append(groups, group.header())
		}
		group = folded{}
	}
	for line := range bytes.SplitSeq(b, []byte{'\n'}) {
		line = bytes.TrimRight(line, "\r")
		trimmed := bytes.TrimSpace(line)
		if len(trimmed) == 0 {
			flush()
			continue
		}
		if (line[0] == ' ' || line[0] == '\t') && group.more(line) {
			continue
		}
		name, value, found := bytes.Cut(trimmed, []byte{':'})
		if name = bytes.TrimRight(name, " \t"); found && fieldName(name) {
			group.add(name, value)
		}
	}
	flush()
	return groups
}
