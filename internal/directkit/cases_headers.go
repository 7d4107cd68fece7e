package directkit

import (
	"crypto/x509"
	"strings"
)

// headers are the cases of section 4 about the envelope and the protected header.
func (k *Kit) headers() {
	const row = "4 tamper check"
	const tampered, malformed = "envelope_and_headers_disagree", "malformed"
	good := func(name string, change func(*Mail), more ...func(*Case)) {
		k.good(name, row, k.changed(name, change), more...)
	}
	bad := func(name, reason string, change func(*Mail), more ...func(*Case)) {
		k.bad(name, row, reason, k.changed(name, change), more...)
	}
	from := func(envelope string) func(*Case) { return func(c *Case) { c.EnvFrom = envelope } }
	outside := func(fields string) func(*Mail) { return func(m *Mail) { m.Outer = fields } }

	good("recipient in Cc", func(m *Mail) { m.To, m.Cc = "<other@direct.other.example>", "<"+North+">" })
	good("addresses in capitals", func(m *Mail) { m.From, m.To = strings.ToUpper(m.From), strings.ToUpper(m.To) })
	good("envelope in capitals", func(*Mail) {}, func(c *Case) { c.EnvFrom, c.EnvTo = strings.ToUpper(c.EnvFrom), []string{strings.ToUpper(North)} })
	good("display names", func(m *Mail) { m.From, m.To = "\"Clinic, Front desk\" "+m.From, "Referrals (north) "+m.To })
	good("display names that are not ASCII", func(m *Mail) { m.From, m.To = "=?utf-8?Q?Gr=C3=BC=C3=9Fe?= "+m.From, "Grüße "+m.To })
	good("folded recipients", func(m *Mail) { m.To = "<a@direct.other.example>,\r\n\t<b@direct.other.example>,\r\n " + m.To })
	good("a group of recipients", func(m *Mail) { m.To = "clinic: <a@direct.other.example>, " + m.To + ";" })
	good("another recipient of ours is not addressed", func(m *Mail) { m.To += ", <other@direct.northside.example>" })
	good("sent by an assistant", func(m *Mail) { m.Fields = "Sender: <assistant@" + domain("sent by an assistant") + ">\r\n" }, from("assistant@"+domain("sent by an assistant")))
	good("other addresses outside", outside("From: <nobody@direct.elsewhere.example>\r\nTo: <nobody@direct.elsewhere.example>\r\nMessage-ID: <other@direct.elsewhere.example>\r\nMIME-Version: 1.0\r\n"))
	good("no addresses outside", outside("MIME-Version: 1.0\r\n"))
	good("two senders outside", outside("From: <a@direct.elsewhere.example>\r\nFrom: <b@direct.elsewhere.example>\r\nMIME-Version: 1.0\r\n"))
	good("a subject outside", func(m *Mail) { m.Outer = m.header() + "Subject: Encrypted message\r\n" })
	good("folded subject inside", func(m *Mail) { m.Fields = "Subject: one\r\n two\r\n\tthree\r\n" })
	good("non-ASCII subject inside", func(m *Mail) { m.Fields = "Subject: Überweisung 検査\r\n" })
	good("Bcc field inside", func(m *Mail) { m.Fields = "Bcc: <x@direct.other.example>\r\n" })

	two := k.plain("two recipients")
	two.To += ", <second@direct.northside.example>"
	k.good("two recipients", "5 one notification each", two, recipients(North, "second@direct.northside.example"), func(c *Case) { c.Processed = 2 })
	blind := k.plain("one of two is blind")
	k.good("one of two is blind", "2 per recipient", blind, recipients(North, "second@direct.northside.example"))
	for name, to := range map[string][]string{"trusted by one of two": {North, South}, "trusted by the second of two": {South, North}} {
		m := k.plain(name)
		m.To = "<" + strings.Join(to, ">, <") + ">"
		m.Recipients = []*x509.Certificate{k.Ours[North].Certificate, k.Ours[South].Certificate}
		k.good(name, "2 per recipient", m, recipients(to...))
	}
	south := k.mail("anchor of the other domain", Leaf(k.t, domain("anchor of the other domain"), "rsa2048b", &k.SouthOnly, nil))
	south.To, south.Recipients = "<"+South+">", []*x509.Certificate{k.Ours[South].Certificate}
	k.good("anchor of the other domain", "2 anchors per domain", south, recipients(South))
	m := k.plain("anchor of one domain, mail to the other")
	m.To, m.Recipients = "<"+South+">", []*x509.Certificate{k.Ours[South].Certificate}
	k.bad("anchor of one domain, mail to the other", "2 anchors per domain", "untrusted: no_path_to_anchor", m, recipients(South))

	good("no Message-ID", func(m *Mail) { m.ID = "" })
	good("Message-ID outside alone", func(m *Mail) { m.Outer = m.header(); m.ID = "" })
	good("Message-ID without brackets", func(m *Mail) { m.ID = "no-brackets@direct.example" })
	good("Message-ID with spaces around", func(m *Mail) { m.ID = "  <spaces-around@direct.example>  " })

	bad("another sender", tampered, func(*Mail) {}, from("mallory@direct.elsewhere.example"))
	bad("another sender of the same domain", tampered, func(*Mail) {}, from("other@"+domain("another sender of the same domain")))
	bad("no envelope sender", tampered, func(*Mail) {}, from(""))
	bad("blind recipient", tampered, func(m *Mail) { m.To = "<other@direct.other.example>" })
	bad("recipient in Bcc", tampered, func(m *Mail) { m.To, m.Fields = "<other@direct.other.example>", "Bcc: <"+North+">\r\n" })
	bad("recipient outside alone", tampered, func(m *Mail) { m.Outer, m.To = m.header(), "<other@direct.other.example>" })
	bad("no recipient inside", tampered, func(m *Mail) { m.Outer, m.To = m.header(), "" })
	bad("no sender inside", malformed, func(m *Mail) { m.Outer, m.From = m.header(), "" })
	bad("two senders inside", malformed, func(m *Mail) { m.From += ", <mallory@direct.elsewhere.example>" })
	bad("two From fields inside", malformed, func(m *Mail) { m.Fields = "From: <mallory@direct.elsewhere.example>\r\n" })
	bad("sender inside whom the signer does not speak for", "untrusted: certificate_not_for_address", func(m *Mail) { m.From = "<mallory@direct.elsewhere.example>" }, from("mallory@direct.elsewhere.example"))
	bad("sender inside of another domain", tampered, func(m *Mail) { m.Outer, m.From = m.header(), "<mallory@direct.elsewhere.example>" })
	bad("assistant as sender of another", "untrusted: certificate_not_for_address", func(m *Mail) {
		m.From, m.Fields = "<doctor@direct.elsewhere.example>", "Sender: <"+sender("assistant as sender of another")+">\r\n"
	})
	bad("not wrapped, sender outside changed", "untrusted: certificate_not_for_address", func(m *Mail) {
		m.NoWrap, m.From = true, "<mallory@direct.elsewhere.example>"
	}, from("mallory@direct.elsewhere.example"))
	bad("not wrapped, recipient outside changed", tampered, func(m *Mail) { m.NoWrap, m.To = true, "<other@direct.other.example>" })
}

// notifications are the cases of section 5.
func (k *Kit) notifications() {
	const row = "5 notifications"
	report := func(kind, fields string) string {
		return "Content-Type: multipart/report; report-type=" + kind + "; boundary=r\r\n\r\n--r\r\n\r\nwords\r\n--r\r\nContent-Type: message/" + kind + "\r\n\r\n" + fields + "--r--\r\n"
	}
	none := func(c *Case) { c.Processed = 0 }
	final := func(name string) string { return "Final-Recipient: rfc822; " + sender(name) + "\r\n" }
	about := "Original-Message-ID: <nothing@direct.northside.example>\r\n"
	silent := func(name, body string, more ...func(*Case)) {
		k.good(name, row, k.changed(name, func(m *Mail) { m.Body = body }), append([]func(*Case){none}, more...)...)
	}
	const disposition = "disposition-notification"
	silent("processed notification", report(disposition, final("processed notification")+about+"Disposition: automatic-action/MDN-sent-automatically; processed\r\n"))
	silent("dispatched notification", report(disposition, final("dispatched notification")+about+"Disposition: automatic-action/MDN-sent-automatically; dispatched\r\nX-DIRECT-FINAL-DESTINATION-DELIVERY:\r\n"))
	silent("failed notification", report(disposition, final("failed notification")+about+"Disposition: automatic-action/MDN-sent-automatically; failed\r\nFailure: words\r\n"))
	silent("notification in capitals", strings.ToUpper(report(disposition, final("notification in capitals")+about+"Disposition: automatic-action/MDN-sent-automatically; processed\r\n")))
	silent("notification with more lines", report(disposition, final("notification with more lines")+"\r\n"+about+"\r\nDisposition:\r\n automatic-action/MDN-sent-automatically;\r\n  processed\r\n\r\n"))
	silent("notification without a disposition", report(disposition, final("notification without a disposition")+about))
	silent("notification from nobody", report(disposition, final("notification from nobody")+about+"Disposition: automatic-action/MDN-sent-automatically; processed\r\n"), func(c *Case) { c.EnvFrom = "" })
	silent("delivery status", report("delivery-status", "Reporting-MTA: dns; mx.example\r\nX-Original-Message-ID: <nothing@direct.northside.example>\r\n\r\nFinal-Recipient: rfc822; "+sender("delivery status")+"\r\nAction: failed\r\nStatus: 5.1.1\r\n"))
	k.bad("notification in the clear", row, "not_encrypted", k.changed("notification in the clear", func(m *Mail) {
		m.Signers, m.Recipients, m.NoWrap = nil, nil, true
		m.Body = report(disposition, final("notification in the clear")+about+"Disposition: automatic-action/MDN-sent-automatically; processed\r\n")
	}))
	wanted := func(name, options string) {
		k.good(name, row, k.changed(name, func(m *Mail) { m.Fields = "Disposition-Notification-To: " + m.From + "\r\n" + options }))
	}
	const field = "Disposition-Notification-Options: "
	wanted("asks for nothing special", "")
	wanted("asks for the dispatched notification", field+"X-DIRECT-FINAL-DESTINATION-DELIVERY=optional,true\r\n")
	wanted("asks in small letters", field+"x-direct-final-destination-delivery = OPTIONAL , TRUE\r\n")
	wanted("asks malformed", field+"X-DIRECT-FINAL-DESTINATION-DELIVERY\r\n")
	wanted("asks for false", field+"X-DIRECT-FINAL-DESTINATION-DELIVERY=optional,false\r\n")
	wanted("asks two times", field+"X-DIRECT-FINAL-DESTINATION-DELIVERY=optional,true\r\n"+field+"X-DIRECT-FINAL-DESTINATION-DELIVERY=optional,true\r\n")
	k.good("notify two addresses", row, k.changed("notify two addresses", func(m *Mail) {
		m.Fields = "Disposition-Notification-To: " + m.From + ", <x@direct.other.example>\r\n"
	}))
	k.good("notify nonsense", row, k.changed("notify nonsense", func(m *Mail) { m.Fields = "Disposition-Notification-To: nonsense\r\n" }))
	k.good("notify another of the domain", row, k.changed("notify another of the domain", func(m *Mail) {
		m.Fields = "Disposition-Notification-To: <receipts@" + domain("notify another of the domain") + ">\r\n"
	}), func(c *Case) { c.Sender = "receipts@" + domain("notify another of the domain") })
}
