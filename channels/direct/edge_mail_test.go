package direct

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"refloop/channels"
	"refloop/channels/mailbox"
	"refloop/config"
	"refloop/internal/mailtest"
)

// mailboxMail is a mail as a puller hands it over.
func mailboxMail(body []byte) mailbox.Mail {
	return mailbox.Mail{Body: body, Size: int64(len(body)), ID: "1/1", Via: mailbox.Via{Protocol: "imap", Server: "edge.hisp.example:993", Name: "edge.hisp.example", User: mailtest.User}}
}

// TestEdgeMail: mail that is not as it should be is kept, with a reason that a person can act on.
func TestEdgeMail(t *testing.T) {
	s := newEdge(t, "smtp+insecure://127.0.0.1:25", "imap+insecure://127.0.0.1:143", "", "")
	const head = "From: <" + lake + ">\r\nTo: <" + north + ">\r\nMessage-ID: <m1@direct.lakeside.example>\r\nMIME-Version: 1.0\r\n"
	pdf := "Content-Type: application/pdf; name=a.pdf\r\n\r\n%PDF-1.4 synthetic\r\n"
	big := mailboxMail([]byte(head + "\r\n"))
	big.Why, big.Size = mailbox.WhyTooLarge, 99<<20
	gone := mailboxMail(nil)
	gone.Why = mailbox.WhyUnreadable
	for _, c := range []struct {
		name  string
		mail  mailbox.Mail
		hold  string // part of
		fault string // part of the error
		parts int
	}{
		{"plain mail with a document", mailboxMail([]byte(head + pdf)), "", "", 1},
		{"wrapping left", mailboxMail([]byte(head + "Content-Type: message/rfc822\r\n\r\n" + head + pdf)), "", "", 1},
		{"signature left", mailboxMail([]byte(head + "Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; boundary=b\r\n\r\n--b\r\n" + pdf +
			"--b\r\nContent-Type: application/pkcs7-signature; name=smime.p7s\r\n\r\nxx\r\n--b--\r\n")), "", "", 1},
		{"still encrypted", mailboxMail([]byte(head + "Content-Type: application/pkcs7-mime; smime-type=enveloped-data\r\n\r\nxx\r\n")), "still encrypted", "", 0},
		{"no sender", mailboxMail([]byte("To: <" + north + ">\r\n\r\ntext\r\n")), "who sent it", "", 0},
		{"malformed", mailboxMail([]byte(head + "no field\r\n\r\ntext\r\n")), "", "ask the sender", 0},
		{"too large", big, "103809024 bytes", "", 0},
		{"no content", gone, "does not give its content", "", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newHandler()
			must(t, (&EdgeChannel{Agent: s.agent, name: "direct-in", handler: h}).take(context.Background(), c.mail))
			in := h.last(t)
			if in.ControlID == "" || in.Recipient != north {
				t.Errorf("got control ID %q for %q", in.ControlID, in.Recipient)
			}
			_, o, err := opened(t, s.agent, in)
			if c.fault == "" != (err == nil) || err != nil && !strings.Contains(err.Error(), c.fault) {
				t.Fatalf("got %v, want %q", err, c.fault)
			}
			if !strings.Contains(o.Hold, c.hold) || c.hold == "" != (o.Hold == "") || len(o.Parts) != c.parts || o.Refused != "" {
				t.Errorf("got hold %q, refused %q, %d parts, want %q and %d", o.Hold, o.Refused, len(o.Parts), c.hold, c.parts)
			}
		})
	}
}

// TestEdgeSameBytes: a mail without Message-ID has a number that is the same whenever it comes.
func TestEdgeSameBytes(t *testing.T) {
	s := newEdge(t, "smtp+insecure://127.0.0.1:25", "imap+insecure://127.0.0.1:143", "", "")
	h := newHandler()
	ch := &EdgeChannel{Agent: s.agent, name: "direct-in", handler: h}
	var ids []string
	for _, body := range []string{"Subject: a\r\n\r\n", "Subject: a\r\n\r\n", "Subject: b\r\n\r\n"} {
		must(t, ch.take(context.Background(), mailboxMail([]byte(body))))
		ids = append(ids, h.last(t).ControlID)
	}
	if ids[0] != ids[1] || ids[1] == ids[2] {
		t.Errorf("got %q", ids)
	}
}

// TestCheckEdge is what doctor says.
func TestCheckEdge(t *testing.T) {
	ca := mailtest.NewAuthority(t)
	tlsConfig := ca.Server(t, "edge.hisp.example", time.Time{})
	trust := ", tls: {ca: " + ca.File + ", server_name: edge.hisp.example}"
	out, box := mailtest.NewSMTP(t, mailtest.SMTPOptions{TLS: tlsConfig}), mailtest.NewIMAP(t, mailtest.IMAPOptions{TLS: tlsConfig})
	s := newEdge(t, "smtps://"+out.Addr, "imaps://"+box.Addr, trust, trust)
	list := s.agent.CheckEdge(context.Background(), []NamedEdge{{"direct-in", s.edge}})
	if len(list) != 2 || list[0].Level != FindingWarn || list[1].Level != FindingWarn || !strings.Contains(list[1].Text, "(0 days)") {
		t.Errorf("got %+v, want two warnings of a certificate that ends tomorrow", list)
	}
	s.agent.Settings.HISP.Password = config.NewSecret("hunter2")
	list = s.agent.CheckEdge(context.Background(), nil)
	if len(list) != 2 || list[0].Level != FindingBad || !strings.Contains(list[0].Text, "refuses the login") || strings.Contains(list[0].Text, "hunter2") {
		t.Errorf("got %+v, want a refused login", list)
	}
}

// Every mistake of the keys of mode edge, each with its place.
func TestEdgeMistakes(t *testing.T) {
	const head = "organization: {name: N, oid: 2.16.840.1.113883.3.72.5.9.1}\nstore: {seal_key: x}\n"
	const hisp = "direct: {mode: edge, address: a@b.example, hisp: {submission: \"smtps://h.example\", username: u, password: p}"
	box := func(keys string) string {
		return hisp + "}\nchannels: [{name: d, type: direct, mailbox: {username: u, password: p, " + keys + "}}]"
	}
	for name, tc := range map[string]struct{ yaml, want string }{
		"no hisp":             {"direct: {mode: edge, address: a@b.example}", "3:9: direct: got mode edge without hisp, want hisp:"},
		"hisp in sta":         {"direct: {address: a@b.example, hisp: {submission: \"smtps://h.example\", username: u, password: p}}", "direct.hisp: got it in mode sta"},
		"no submission":       {"direct: {mode: edge, address: a@b.example, hisp: {username: u, password: p}}", "direct.hisp.submission: got nothing, want smtps://host"},
		"no password":         {"direct: {mode: edge, address: a@b.example, hisp: {submission: \"smtps://h.example\", username: u}}", "direct.hisp.password: got nothing, want the password"},
		"submission":          {"direct: {mode: edge, address: a@b.example, hisp: {submission: \"https://u:secret@h.example\", username: u, password: p}}", "3:63: direct.hisp.submission: got an address that is none"},
		"plain submission":    {"direct: {mode: edge, address: a@b.example, hisp: {submission: \"smtp+insecure://h.example\", username: u, password: p}}", "direct.hisp.submission: got a server outside of this machine without TLS"},
		"login":               {"direct: {mode: edge, address: a@b.example, hisp: {submission: \"smtps://h.example\", username: u, password: p, login: ntlm}}", "direct.hisp.login: got \"ntlm\""},
		"domains":             {"direct: {mode: edge, address: a@b.example, hisp: {submission: \"smtps://h.example\", username: u, password: p, domains: [\"not one\"]}}", "direct.hisp.domains: got \"not one\""},
		"ca":                  {"direct: {mode: edge, address: a@b.example, hisp: {submission: \"smtps://h.example\", username: u, password: p, tls: {ca: nowhere.pem}}}", "direct.hisp.tls.ca: got a file that cannot be used"},
		"identities":          {hisp + ", identities: []}", "direct.identities: got it in mode edge, want it left out"},
		"relay":               {hisp + ", relay: \"smtp://127.0.0.1\"}", "direct.relay: got it in mode edge"},
		"ldap":                {hisp + ", ldap: false}", "direct.ldap: got it in mode edge"},
		"no mailbox":          {hisp + "}\nchannels: [{name: d, type: direct}]", "got a channel without mailbox in mode edge"},
		"listen":              {hisp + "}\nchannels: [{name: d, type: direct, listen: \"127.0.0.1:25\", mailbox: {url: \"imaps://h.example\", username: u, password: p}}]", "channels[d].listen: got an unknown key"},
		"mailbox url":         {box(`url: "http://h.example"`), "4:77: channels[d].mailbox.url: got an address that is none"},
		"mailbox plain":       {box(`url: "imap+insecure://h.example"`), "channels[d].mailbox.url: got a server outside of this machine without TLS, want imaps:// or imap://"},
		"mailbox after":       {box(`url: "imaps://h.example", after: burn`), "channels[d].mailbox.after: got \"burn\", want keep, seen, move:FOLDER or delete"},
		"mailbox move":        {box(`url: "imaps://h.example", after: "move:"`), "channels[d].mailbox.after: got move: without a folder"},
		"mailbox same folder": {box(`url: "imaps://h.example", after: "move:inbox"`), "channels[d].mailbox.after: got the folder that is read"},
		"POP3 seen":           {box(`url: "pop3s://h.example", after: seen`), "channels[d].mailbox.after: got \"seen\", want keep or delete"},
		"POP3 folder":         {box(`url: "pop3s://h.example", folder: Archive`), "channels[d].mailbox.folder: got a folder, want none"},
		"mailbox ca":          {box(`url: "imaps://h.example", tls: {ca: nowhere.pem}`), "channels[d].mailbox.tls.ca: got a file that cannot be used"},
		"mailbox every":       {box(`url: "imaps://h.example", every: 1ms`), "channels[d].mailbox.every: got"},
		"mailbox start":       {box(`url: "imaps://h.example", start: never`), "channels[d].mailbox.start: got \"never\""},
		"rail certificate":    {hisp + "}\npartners: [{id: p, rails: [{type: direct, address: x@y.example, certificate: c.crt}]}]", "certificate: got it in mode edge"},
		"rail cipher":         {hisp + "}\npartners: [{id: p, rails: [{type: direct, address: x@y.example, cipher: aes-256-gcm}]}]", "cipher: got it in mode edge"},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "refloop.yaml")
			must(t, os.WriteFile(file, []byte(head+tc.yaml+"\n"), 0o600))
			cfg, p := config.Load(file)
			s := DecodeSettings(cfg.Direct, p)
			for _, c := range cfg.Channels {
				DecodeEdge(c, p)
			}
			for _, partner := range cfg.Partners {
				for _, r := range partner.Rails {
					rail := DecodeRail(r, p)
					rail.CheckEdge(p)
				}
			}
			Load(s, nil, p)
			if p.Err() == nil || !strings.Contains(p.Error(), tc.want) {
				t.Errorf("got %v, want %s", p.Err(), tc.want)
			}
			if p.Err() != nil && strings.Contains(p.Error(), "secret") {
				t.Errorf("got %v with a password", p.Err())
			}
		})
	}
}

var _ = []any{channels.Channel(&EdgeChannel{}), channels.Preparer(&EdgeChannel{}), channels.Notifier(&EdgeChannel{}), channels.Ready(&EdgeChannel{})}
