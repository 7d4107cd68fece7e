package direct

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"refloop/ccda/xdm"
	"refloop/channels"
	"refloop/direct"
)

// A 360X package goes from north to lake over SMTP, and the notifications come back.
func TestThereAndBack(t *testing.T) {
	w := newWorld(t)
	lakeServer, northServer := serve(t, w.lake, 1<<20, nil), serve(t, w.north, 1<<20, nil)
	ship := shipment()
	packed, got := roundTrip(t, w.north.sender(lakeServer, RailConfig{}), lakeServer, ship)
	if packed.Type != Type360X || packed.ControlID != "<c1@direct.northside.example>" || packed.Recipient != lake {
		t.Errorf("packed: %s %s %s", packed.Type, packed.ControlID, packed.Recipient)
	}
	if !bytes.Equal(got.Body, packed.Body) || got.ControlID != packed.ControlID || got.Sender != north || got.Recipient != lake {
		t.Errorf("archived: other bytes or envelope: %s %s %s", got.ControlID, got.Sender, got.Recipient)
	}
	a, o := judgeAndOpen(t, w.lake, got)
	if o.Refused != "" || o.Type != Type360X || o.Sender != north || o.ControlID != packed.ControlID || o.Recipient != lake || len(o.Warnings) != 0 {
		t.Fatalf("opened: %+v", o)
	}
	checkParts(t, o, ship)

	// Notices, processed first.
	notices := w.lake.agent.Notices(a, o, channels.Outcome{State: "processed"})
	if len(notices) != 2 || notices[0].Event != "mdn.processed" || notices[1].Event != "mdn.dispatched" {
		t.Fatalf("notices: %+v", notices)
	}
	for i, level := range []string{channels.LevelTransport, channels.LevelDelivered} {
		n := notices[i]
		back := w.lake.sender(northServer, RailConfig{})
		_, raw := roundTrip(t, back, northServer, channels.Shipment{DeliveryID: n.Event, Address: n.Address, ControlID: n.Event, At: time.Now(), Notice: &n})
		ma, mo := judgeAndOpen(t, w.north, raw)
		if mo.Type != "direct/"+n.Event || len(mo.Receipts) != 1 || len(mo.Parts) != 0 || mo.Refused != "" {
			t.Fatalf("notification: %+v", mo)
		}
		if r := mo.Receipts[0]; r.ControlID != packed.ControlID || r.Recipient != lake || r.Level != level {
			t.Errorf("receipt: %+v", r)
		}
		if more := w.north.agent.Notices(ma, mo, channels.Outcome{State: "processed"}); more != nil {
			t.Errorf("a notification was answered: %+v", more)
		}
	}
}

func checkParts(t *testing.T, o channels.Opened, ship channels.Shipment) {
	t.Helper()
	byKind := map[string]channels.Part{}
	for _, p := range o.Parts {
		byKind[p.Kind] = p
	}
	for _, want := range ship.Parts {
		p := byKind[want.Kind]
		if !bytes.Equal(p.Body, want.Body) {
			t.Errorf("%s: other bytes", want.Kind)
		}
		if p.Attrs["referral_id"] != "R1" || p.Attrs["referral_authority"] != ship.Authority {
			t.Errorf("%s: attributes %v", want.Kind, p.Attrs)
		}
	}
	if len(o.Parts) != len(ship.Parts) {
		t.Errorf("got %d parts, want %d: the text of the mail is none", len(o.Parts), len(ship.Parts))
	}
	if o.Parts[0].Kind != channels.KindHL7 || o.Parts[0].FormatCode != xdm.FormatRequest {
		t.Errorf("first part: %s %s", o.Parts[0].Kind, o.Parts[0].FormatCode)
	}
}

func TestNotices(t *testing.T) {
	w := newWorld(t)
	srv := serve(t, w.lake, 1<<20, nil)
	_, got := roundTrip(t, w.north.sender(srv, RailConfig{}), srv, shipment())
	a, o := judgeAndOpen(t, w.lake, got)
	for state, want := range map[string]string{
		"processed": "mdn.processed mdn.dispatched", "held": "mdn.processed mdn.dispatched", "ignored": "mdn.processed mdn.dispatched",
		"failed": "mdn.processed mdn.failed",
	} {
		var events []string
		for _, n := range w.lake.agent.Notices(a, o, channels.Outcome{State: state}) {
			events = append(events, n.Event)
			if n.Address != north || n.From != lake || n.About != "<c1@direct.northside.example>" || len(n.Evidence) == 0 {
				t.Errorf("%s: %+v", state, n)
			}
		}
		if got := strings.Join(events, " "); got != want {
			t.Errorf("%s: got %s, want %s", state, got, want)
		}
	}
	// Without a configured certificate the signer's own does, because it may encipher.
	must(t, os.Remove(filepath.Join(w.lake.dir, "peer.crt")))
	w.lake.load(t)
	n := w.lake.agent.Notices(a, o, channels.Outcome{State: "failed"})[1]
	p, err := w.lake.sender(srv, RailConfig{}).Pack(context.Background(), channels.Shipment{DeliveryID: "x", At: time.Now(), Notice: &n})
	if err != nil || p.Type != TypeFailed {
		t.Errorf("notice to the signer: %v", err)
	}
	n.Evidence = nil
	if _, err := w.lake.sender(srv, RailConfig{}).Pack(context.Background(), channels.Shipment{DeliveryID: "x", At: time.Now(), Notice: &n}); !errors.Is(err, ErrNoCertificate) {
		t.Errorf("notice to nobody known: got %v", err)
	}
}

// What must end refused, with its reason, and cause nothing to be sent.
func TestRefused(t *testing.T) {
	w := newWorld(t)
	srv := serve(t, w.north, 1<<20, nil)
	ship := shipment()
	ship.Address = north
	good, err := w.lake.sender(srv, RailConfig{}).Pack(context.Background(), ship)
	must(t, err)
	// evil trusts north, so it can write to north; north does not trust evil.
	bad, err := w.evil.sender(srv, RailConfig{}).Pack(context.Background(), ship)
	must(t, err)
	in := func(body []byte, from string) channels.Archived {
		return channels.Archived{Sender: from, Recipient: north, ReceivedAt: time.Now(), Peer: "192.0.2.1:25", Body: body}
	}
	late := in(good.Body, lake)
	late.ReceivedAt = time.Now().Add(2 * 365 * 24 * time.Hour)
	other := in(good.Body, lake)
	other.Recipient = "other@direct.northside.example"
	for _, tc := range []struct {
		name string
		a    channels.Archived
		want string
	}{
		{"unknown anchor", in(bad.Body, evil), "untrusted: " + direct.ReasonChain},
		{"borrowed sender", in(bad.Body, lake), reasonTampered},
		{"other sender", in(good.Body, evil), reasonTampered},
		{"no sender", in(good.Body, ""), reasonTampered},
		{"other recipient", other, reasonTampered},
		{"plain", in([]byte("From: <"+lake+">\r\nTo: <"+north+">\r\n\r\nhello\r\n"), lake), reasonPlain},
		{"garbage", in([]byte{0, 1, 2, 3}, lake), reasonMalformed},
		{"cut short", in(good.Body[:len(good.Body)/2], lake), ""},
		{"expired", late, "untrusted: " + direct.ReasonExpired},
		{"nested BER", in(append([]byte("From: <"+lake+">\r\nContent-Type: application/pkcs7-mime\r\nContent-Transfer-Encoding: binary\r\n\r\n"), bytes.Repeat([]byte{0x30, 0x80}, 1<<20)...), lake), reasonLimit},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a, o := judgeAndOpen(t, w.north, tc.a)
			if o.Refused == "" || tc.want != "" && o.Refused != tc.want || len(o.Parts)+len(o.Receipts) != 0 {
				t.Fatalf("got %+v, want refused %q", o, tc.want)
			}
			if n := w.north.agent.Notices(a, o, channels.Outcome{State: "refused"}); n != nil {
				t.Errorf("something would be sent back: %+v", n)
			}
		})
	}
	if _, o := judgeAndOpen(t, w.north, in(good.Body, lake)); o.Refused != "" {
		t.Errorf("the good one: %s", o.Refused)
	}
	if _, err := w.north.agent.Open(in(good.Body, lake)); err == nil {
		t.Error("open without evidence: got no error")
	}
}

func TestPlainAttachments(t *testing.T) {
	w := newWorld(t)
	srv := serve(t, w.lake, 1<<20, nil)
	ship := shipment()
	ship.Parts = append(ship.Parts, channels.Part{Kind: channels.KindText, ContentType: "text/plain", Body: []byte("The appointment is booked.\n")})
	_, got := roundTrip(t, w.north.sender(srv, RailConfig{Dialect: "plain"}), srv, ship)
	_, o := judgeAndOpen(t, w.lake, got)
	if o.Type != TypeMail {
		t.Errorf("type: %s", o.Type)
	}
	var kinds []string
	for _, p := range o.Parts {
		kinds = append(kinds, p.Kind)
	}
	if got := strings.Join(kinds, " "); got != "text cda pdf" || !strings.Contains(string(o.Parts[0].Body), "The appointment is booked.") {
		t.Errorf("parts: %s", got)
	}
}

// A notification counts only when its signer speaks for the recipient it reports on.
func TestNotificationOfOthers(t *testing.T) {
	w := newWorld(t)
	srv := serve(t, w.north, 1<<20, nil)
	n := channels.Notice{Event: "mdn.dispatched", Address: north, From: lake, About: "<c1@direct.northside.example>", Final: true}
	forge := *w.lake.agent
	packed, err := (&Sender{agent: &forge, lane: "x"}).seal(context.Background(), direct.Draft{
		From: lake, To: []string{north}, Date: time.Now(), MessageID: "<f@direct.lakeside.example>", InReplyTo: n.About,
		Report: &direct.Notification{Disposition: direct.Dispatched, Recipient: "somebody@direct.third.example", OriginalMessageID: n.About, Final: true},
	}, TypeDispatched, nil)
	must(t, err)
	_, o := judgeAndOpen(t, w.north, channels.Archived{Sender: lake, Recipient: north, ReceivedAt: time.Now(), Body: packed.Body})
	if len(o.Receipts) != 0 || len(o.Warnings) == 0 {
		t.Errorf("got %+v", o)
	}
	srv.stop()
}

func TestStatusOfOurRelay(t *testing.T) {
	w := newWorld(t)
	a := *w.north.agent
	a.Settings.Relay = "smtp://127.0.0.1:1025"
	body := []byte(strings.ReplaceAll(`From: <mailer-daemon@relay.example>
To: <referrals@direct.northside.example>
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; relay.example
X-Original-Message-ID: <c1@direct.northside.example>

Final-Recipient: rfc822; Referrals@Direct.Lakeside.example
Action: failed
Status: 5.1.1
--b--
`, "\n", "\r\n"))
	open := func(peer, from string) channels.Opened {
		in := channels.Archived{Sender: from, Recipient: north, Peer: peer, ReceivedAt: time.Now(), Body: body}
		ev, err := a.Prepare(context.Background(), in)
		must(t, err)
		in.Evidence = ev
		o, err := a.Open(in)
		must(t, err)
		return o
	}
	o := open("127.0.0.1:4000", "")
	if o.Type != TypeDSN || len(o.Receipts) != 1 || o.Receipts[0].Recipient != lake || o.Receipts[0].Level != channels.LevelFailed || !o.Receipts[0].Permanent {
		t.Errorf("from our relay: %+v", o)
	}
	if o := open("192.0.2.7:4000", ""); o.Refused != reasonPlain {
		t.Errorf("from elsewhere: %+v", o)
	}
	if o := open("127.0.0.1:4000", lake); o.Refused != reasonPlain {
		t.Errorf("with a sender: %+v", o)
	}
}

// A signed delivery status counts for recipients of the signer alone.
func TestSignedStatus(t *testing.T) {
	w := newWorld(t)
	status := func(recipient string) string {
		return innerHead + strings.ReplaceAll("Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\n"+
			"X-Original-Message-ID: <c1@direct.northside.example>\n\nFinal-Recipient: rfc822; "+recipient+"\nAction: failed\nStatus: 5.1.1\n--b--\n", "\n", "\r\n")
	}
	if _, o := judgeAndOpen(t, w.north, sealed(t, w, status(lake))); o.Type != TypeDSN || len(o.Receipts) != 1 {
		t.Errorf("own recipient: %+v", o)
	}
	if _, o := judgeAndOpen(t, w.north, sealed(t, w, status(evil))); o.Type != TypeDSN || len(o.Receipts) != 0 || len(o.Warnings) == 0 {
		t.Errorf("recipient of others: %+v", o)
	}
}

// Independent tools decrypt, verify and unzip what travels.
func TestOpenSSLReadsWhatWeSend(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("needs the openssl command; install the package openssl")
	}
	w := newWorld(t)
	srv := serve(t, w.lake, 1<<20, nil)
	_, got := roundTrip(t, w.north.sender(srv, RailConfig{}), srv, shipment())
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	must(t, os.WriteFile(at("mail"), got.Body, 0o600))
	for _, args := range [][]string{
		{"cms", "-decrypt", "-in", at("mail"), "-recip", filepath.Join(w.lake.dir, "direct.crt"), "-inkey", filepath.Join(w.lake.dir, "direct.key"), "-out", at("signed")},
		{"cms", "-verify", "-in", at("signed"), "-CAfile", filepath.Join(w.north.dir, "direct-anchor.crt"), "-purpose", "smimesign", "-out", at("inner")},
	} {
		if out, err := exec.Command("openssl", args...).CombinedOutput(); err != nil {
			t.Fatalf("openssl %v: %v\n%s", args, err, out)
		}
	}
	inner, err := os.ReadFile(at("inner"))
	must(t, err)
	_, message, _ := bytes.Cut(inner, []byte("\r\n\r\n"))
	m, err := direct.ReadMail(message, direct.Limits{})
	must(t, err)
	if m.Header.Value("Subject") != direct.XDMSubject || !m.WantsFinal() || len(m.Parts) != 2 || !strings.HasSuffix(m.Parts[1].Name, ".zip") {
		t.Fatalf("inside: %v", m.Header)
	}
	if pkg, warnings, err := xdm.Read(m.Parts[1].Body, xdm.Limits{}); err != nil || len(warnings) != 0 || len(pkg.Sets) != 1 {
		t.Errorf("package: %v %v", err, warnings)
	}
	outer, _, _ := bytes.Cut(got.Body, []byte("\r\n\r\n"))
	if bytes.Contains(outer, []byte("Subject")) {
		t.Error("the subject is outside")
	}
	if c := firstCert(t, filepath.Join(w.north.dir, "direct.crt")); !strings.Contains(c.Subject.String(), "DEMO") {
		t.Errorf("the demo certificate is not marked: %s", c.Subject)
	}
}

// A ZIP bomb and a broken package stay one opaque part with a warning; a person must look.
func TestBadPackage(t *testing.T) {
	w := newWorld(t)
	for name, body := range map[string][]byte{"broken": []byte("PK\x03\x04 not a zip at all"), "no package": zipOf(t, "notes.txt", []byte("hello"))} {
		packed, err := (&Sender{agent: w.lake.agent, lane: "x"}).seal(context.Background(), direct.Draft{
			From: lake, To: []string{north}, Date: time.Now(), MessageID: "<z@direct.lakeside.example>", Subject: "x", Files: []direct.File{{Name: "x.zip", Body: body}},
		}, TypeMail, nil)
		must(t, err)
		_, o := judgeAndOpen(t, w.north, channels.Archived{Sender: lake, Recipient: north, ReceivedAt: time.Now(), Body: packed.Body})
		if o.Refused != "" || o.Type != TypeMail || len(o.Parts) != 1 || o.Parts[0].Kind != channels.KindOther {
			t.Errorf("%s: %+v", name, o)
		}
	}
}
