package direct

import (
	"bytes"
	"slices"
	"strings"
)

// Dispositions (RFC 8098 section 3.2.6, and those Direct uses).
const (
	Processed  = "processed"  // trusted and decrypted by the receiving agent
	Dispatched = "dispatched" // at its final destination
	Displayed  = "displayed"
	Deleted    = "deleted"
	Failed     = "failed"
	Denied     = "denied"
)

// Notification is a message disposition notification (RFC 8098).
type Notification struct {
	Disposition       string // one of the constants; of an incoming one any word, lower case; empty when it was missing
	Modifier          string // error, failure, warning; empty: none
	Recipient         string // Final-Recipient, canonical address
	OriginalMessageID string // with angle brackets; empty: the message has none
	ReportingUA       string // "host; product"; empty writes none
	Final             bool   // carries X-DIRECT-FINAL-DESTINATION-DELIVERY
	Reason            string // Failure or Error field, for people; no patient data
}

// Positive reports that nothing went wrong: neither the disposition nor its modifier says so.
func (n Notification) Positive() bool {
	switch n.Disposition {
	case Processed, Dispatched, Displayed:
		return n.Modifier == "" || !strings.Contains(n.Modifier, "error") && !strings.Contains(n.Modifier, "fail")
	case Deleted:
		return n.Modifier == ""
	}
	return false
}

// WantsFinal reports whether a message asks for reliable delivery: a well-formed
// Disposition-Notification-Options with X-DIRECT-FINAL-DESTINATION-DELIVERY=optional,true.
// Anything malformed is as if it were not there (ETT MT 40).
func (m *Mail) WantsFinal() bool {
	if m.Header.count("Disposition-Notification-Options") != 1 {
		return false
	}
	for option := range strings.SplitSeq(m.Header.Value("Disposition-Notification-Options"), ";") {
		name, value, found := strings.Cut(option, "=")
		if !found || !strings.EqualFold(strings.TrimSpace(name), FinalDelivery) {
			continue
		}
		words := strings.Split(value, ",")
		for i := range words {
			words[i] = strings.ToLower(strings.TrimSpace(words[i]))
		}
		return len(words) >= 2 && (words[0] == "optional" || words[0] == "required") && slices.Contains(words[1:], "true")
	}
	return false
}

// NotifyTo is where notifications about the message go: the one address of
// Disposition-Notification-To, else From. Empty when there is neither.
func (m *Mail) NotifyTo() string {
	if list := m.Header.Addresses("Disposition-Notification-To"); len(list) == 1 {
		return list[0]
	}
	from, _ := m.From()
	return from
}

// IsReport reports whether the message is itself a notification (MDN or DSN); those are never answered.
func (m *Mail) IsReport() bool {
	if m.Type == "multipart/report" {
		return true
	}
	return slices.ContainsFunc(m.Parts, func(p Part) bool {
		return p.Type == "message/disposition-notification" || p.Type == "message/delivery-status"
	})
}

// writeReport writes a multipart/report with a text for people and the notification.
func writeReport(b *bytes.Buffer, d Draft) {
	n := *d.Report
	mark := boundary(d.seed(), "report", []byte(d.Text))
	field(b, "Content-Type", "multipart/report; report-type=disposition-notification;\r\n boundary=\""+mark+"\"")
	b.WriteString("\r\n--" + mark + "\r\n")
	b.Write(textBody(d.Text))
	b.WriteString("--" + mark + "\r\n")
	field(b, "Content-Type", "message/disposition-notification")
	field(b, "Content-Transfer-Encoding", "7bit")
	b.WriteString("\r\n")
	if ua := oneLine(n.ReportingUA); ua != "" {
		field(b, "Reporting-UA", ua)
	}
	field(b, "Final-Recipient", "rfc822; "+oneLine(n.Recipient))
	if n.OriginalMessageID != "" { // RFC 8098 section 3.2.5: only when the message has one
		field(b, "Original-Message-ID", oneLine(n.OriginalMessageID))
	}
	disposition := "automatic-action/MDN-sent-automatically; " + n.Disposition
	if n.Modifier != "" {
		disposition += "/" + oneLine(n.Modifier)
	}
	field(b, "Disposition", disposition)
	if n.Reason != "" {
		field(b, "Failure", oneLine(n.Reason))
	}
	if n.Final {
		b.WriteString(FinalDelivery + ":\r\n")
	}
	b.WriteString("\r\n--" + mark + "--\r\n")
}

// oneLine keeps printable ASCII, at most 500 characters.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, s)
	return s[:min(len(s), 500)]
}
