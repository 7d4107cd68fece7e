package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"refloop/direct"
	"refloop/internal/mailtest"
)

// edgeYAML is a site whose HISP signs and encrypts for it.
const edgeYAML = `
socket: s.sock
organization: {name: %[1]s, oid: 2.16.840.1.113883.3.72.5.9.%[2]d, npi: "%[3]s"}
store: {url: "sqlite:refloop.db", seal_key: {file: seal.key}}
direct:
  mode: edge
  address: referrals@%[4]s
  hisp: {submission: "smtps://%[5]s", username: %[7]q, password: {file: password}, tls: {ca: ca.pem, server_name: edge.hisp.example}}
channels:
  - {name: direct-in, type: direct, mailbox: {url: "%[6]s", username: %[7]q, password: {file: password}, every: 1s, after: delete, tls: {ca: ca.pem, server_name: edge.hisp.example}}}
%[8]s`

const edgeNorth = `  - {name: ehr, type: mllp, listen: %q, partner: ehr, set: {specialty: '"cardiology"'}}
partners:
  - {id: ehr, name: EHR, application: NSEHR, facility: NORTHSIDE, own: true, rails: [{type: file, folder: chart, body: [pdf]}]}
  - {id: lakeside, name: Lakeside, npi: "1992999825", oid: 2.16.840.1.113883.3.72.5.9.2, specialties: [cardiology], rails: [{type: direct, address: referrals@direct.lakeside.example}]}
routes: [{when: 'referral.specialty == "cardiology"', to: lakeside}]
console: {listen: ""}
`

const edgeLake = `partners:
  - {id: northside, name: Northside, npi: "1234567893", oid: 2.16.840.1.113883.3.72.5.9.1, rails: [{type: direct, address: referrals@direct.northside.example}]}
console: {listen: ""}
`

// edgeDaemon is a running site.
type edgeDaemon struct {
	t   *testing.T
	dir string
	pid int
}

// newEdgeDaemon writes a site and starts it.
func newEdgeDaemon(t *testing.T, yaml, ca string) *edgeDaemon {
	t.Helper()
	d := &edgeDaemon{t: t, dir: t.TempDir()}
	authority, err := os.ReadFile(ca)
	if err != nil {
		t.Fatal(err)
	}
	key := bytes.Repeat([]byte("B"), 43)
	for name, body := range map[string][]byte{"refloop.yaml": []byte(yaml), "ca.pem": authority, "password": []byte(mailtest.Password), "seal.key": append(key, '=')} {
		if err := os.WriteFile(filepath.Join(d.dir, name), body, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("refloop", "serve")
	cmd.Dir = d.dir
	out, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	d.pid = cmd.Process.Pid
	var log strings.Builder
	ready, done := make(chan bool, 1), make(chan struct{})
	go func() {
		defer close(done)
		for s := bufio.NewScanner(out); s.Scan(); {
			if s.Text() == "ready" {
				ready <- true
			}
			log.WriteString(s.Text() + "\n")
		}
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		<-done
		if err := cmd.Wait(); err != nil {
			t.Errorf("the daemon ended with %v", err)
		}
		if strings.Contains(log.String(), mailtest.Password) {
			t.Error("the log has the password")
		}
		if t.Failed() {
			t.Log(log.String())
		}
	})
	select {
	case <-ready:
	case <-done:
		t.Fatalf("the daemon ended: %s", log.String())
	case <-time.After(patience):
		t.Fatal("the daemon was not ready")
	}
	return d
}

// refloop runs a command at the site; its standard output.
func (d *edgeDaemon) refloop(args ...string) string {
	d.t.Helper()
	cmd := exec.Command("refloop", args...)
	cmd.Dir = d.dir
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		d.t.Fatalf("refloop %s: %v: %s%s", strings.Join(args, " "), err, out, complaint.String())
	}
	return string(out)
}

// rows is the output of a command as JSON objects.
func (d *edgeDaemon) rows(args ...string) (out []map[string]any) {
	d.t.Helper()
	dec := json.NewDecoder(strings.NewReader(d.refloop(append(args, "--json")...)))
	for {
		var row map[string]any
		if err := dec.Decode(&row); err == io.EOF {
			return out
		} else if err != nil {
			d.t.Fatal(err)
		}
		out = append(out, row)
	}
}

// await waits until the only referral has a state, and returns its id.
func (d *edgeDaemon) await(state string) string {
	d.t.Helper()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(patience)
	for {
		rows := d.rows("referrals")
		if len(rows) == 1 && rows[0]["state"] == state {
			return fmt.Sprint(rows[0]["id"])
		}
		select {
		case <-tick.C:
		case <-deadline:
			d.t.Fatalf("no referral came to %s; %v\n%s%s", state, rows, d.refloop("messages"), d.refloop("deliveries"))
		}
	}
}

// awaitMessage waits for an inbound message in a state.
func (d *edgeDaemon) awaitMessage(state string) {
	d.t.Helper()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(patience)
	for len(d.rows("messages", "--direction", "in", "--state", state)) == 0 {
		select {
		case <-tick.C:
		case <-deadline:
			d.t.Fatalf("no message came to %s\n%s", state, d.refloop("messages"))
		}
	}
}

// hisp hands mail on between two mailboxes and does what a HISP does for its users: it sends processed and dispatched notifications.
type hisp struct {
	t     *testing.T
	boxes map[string]func([]byte) // by address
}

func (h *hisp) deliver(m mailtest.Submitted) error {
	for _, to := range m.To {
		put := h.boxes[to]
		if put == nil {
			return fmt.Errorf("no such address here")
		}
		mail, err := direct.ReadMail(m.Body, direct.Limits{})
		if err != nil {
			return err
		}
		put(m.Body)
		if mail.IsReport() {
			continue
		}
		for _, word := range []string{direct.Processed, direct.Dispatched} {
			report, err := direct.Compose(direct.Draft{
				From: to, To: []string{m.From}, Date: time.Now(), MessageID: "<" + word + strings.TrimPrefix(mail.MessageID(), "<"), Subject: word, Text: word,
				Report: &direct.Notification{Disposition: word, Recipient: to, OriginalMessageID: mail.MessageID(), Final: word == direct.Dispatched && mail.WantsFinal()},
			})
			if err != nil {
				return err
			}
			h.boxes[m.From](report)
		}
	}
	return nil
}

// TestEdgeLoop closes a loop between two daemons that each have a HISP: the referral goes out by submission and is read over IMAP, the answers
// come back and are read over POP3.
func TestEdgeLoop(t *testing.T) {
	const north, lake = "referrals@direct.northside.example", "referrals@direct.lakeside.example"
	ca := mailtest.NewAuthority(t)
	tlsConfig := ca.Server(t, "edge.hisp.example", time.Time{})
	imapBox, popBox := mailtest.NewIMAP(t, mailtest.IMAPOptions{TLS: tlsConfig}), mailtest.NewPOP3(t, mailtest.POP3Options{TLS: tlsConfig, StartTLS: true})
	count := 0
	h := &hisp{t, map[string]func([]byte){
		lake:  func(b []byte) { imapBox.Put("INBOX", b) },
		north: func(b []byte) { count++; popBox.Put(fmt.Sprint("u", count), b) },
	}}
	one := make(chan struct{}, 1) // mails are delivered one after the other
	deliver := func(m mailtest.Submitted) error {
		one <- struct{}{}
		defer func() { <-one }()
		return h.deliver(m)
	}
	submission := mailtest.NewSMTP(t, mailtest.SMTPOptions{TLS: tlsConfig, Deliver: deliver})
	ehr, err := freeAddress()
	if err != nil {
		t.Fatal(err)
	}
	n := newEdgeDaemon(t, fmt.Sprintf(edgeYAML, "Northside", 1, "1234567893", "direct.northside.example", submission.Addr, "pop3://"+popBox.Addr, mailtest.User, fmt.Sprintf(edgeNorth, ehr)), ca.File)
	l := newEdgeDaemon(t, fmt.Sprintf(edgeYAML, "Lakeside", 2, "1992999825", "direct.lakeside.example", submission.Addr, "imaps://"+imapBox.Addr, mailtest.User, edgeLake), ca.File)

	order, err := demoFiles.ReadFile("demo/ehr/1-ref.hl7")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(n.dir, "ref.hl7"), order, 0o600); err != nil {
		t.Fatal(err)
	}
	n.refloop("send", "ref.hl7", "--to", ehr)
	id := l.await("sent")
	l.refloop("act", id, "accept")
	n.await("accepted")
	if err := os.WriteFile(filepath.Join(l.dir, "note.txt"), []byte("Consultation note: stable, no change.\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	l.refloop("act", id, "report", "--author", "1245319599", "--name", "Ana Ruiz MD", "--signed", "--document", "note.txt")
	l.await("closed")
	n.await("closed")

	for _, d := range []*edgeDaemon{n, l} {
		seen := 0
		for _, row := range d.rows("deliveries") {
			if row["rail"] == "direct" {
				seen++
			}
			if rail := fmt.Sprint(row["rail"]); strings.Contains(rail, "direct") && row["state"] != "delivered" {
				t.Errorf("got %v of %v by %s, want delivered", row["state"], row["event"], rail)
			}
		}
		if seen == 0 {
			t.Error("nothing went by Direct")
		}
		for _, row := range d.rows("messages", "--direction", "in") {
			if row["state"] != "processed" {
				t.Errorf("got %v, a message that is %v: %v", row["type"], row["state"], row["reason"])
			}
		}
		if out := d.refloop("doctor"); !strings.Contains(out, "direct: submission") || !strings.Contains(out, "direct: mailbox of channel direct-in") || !strings.Contains(out, "certificate of edge.hisp.example until") {
			t.Errorf("doctor says nothing of the HISP:\n%s", out)
		}
	}
	imapBox.Put("INBOX", submission.Mails()[0].Body) // the same mail again, as after a lost position or another UIDVALIDITY
	l.awaitMessage("duplicate")
	if rows := l.rows("referrals"); len(rows) != 1 {
		t.Errorf("got %d referrals, want 1", len(rows))
	}
	for deadline := time.Now().Add(patience); len(imapBox.List("INBOX")) != 0; { // deleted after the commit
		if time.Now().After(deadline) {
			t.Fatal("mails are left in the mailbox, want them deleted")
		}
	}
}

// TestEdgeFailure: what the HISP takes and later reports as failed goes by the partner's next rail.
func TestEdgeFailure(t *testing.T) {
	box := mailtest.NewIMAP(t, mailtest.IMAPOptions{})
	ca := mailtest.NewAuthority(t)
	tlsConfig := ca.Server(t, "edge.hisp.example", time.Time{})
	submission := mailtest.NewSMTP(t, mailtest.SMTPOptions{TLS: tlsConfig, Deliver: func(m mailtest.Submitted) error {
		mail, err := direct.ReadMail(m.Body, direct.Limits{})
		if err != nil {
			return err
		}
		box.Put("INBOX", fmt.Appendf(nil, "From: <mailer-daemon@hisp.example>\r\nTo: <%s>\r\nMessage-ID: <dsn@hisp.example>\r\nMIME-Version: 1.0\r\n"+
			"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nnot delivered\r\n"+
			"--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; edge.hisp.example\r\nX-Original-Message-ID: %s\r\n\r\n"+
			"Final-Recipient: rfc822; %s\r\nAction: failed\r\nStatus: 5.7.1\r\n\r\n--b--\r\n", m.From, mail.MessageID(), m.To[0]))
		return nil
	}})
	ehr, err := freeAddress()
	if err != nil {
		t.Fatal(err)
	}
	yaml := fmt.Sprintf(edgeYAML, "Northside", 1, "1234567893", "direct.northside.example", submission.Addr, "imap+insecure://"+box.Addr, mailtest.User, fmt.Sprintf(edgeNorth, ehr))
	yaml = strings.Replace(yaml, "submission:", "domains: [hisp.example], submission:", 1)
	yaml = strings.Replace(yaml, "address: referrals@direct.lakeside.example}", "address: referrals@direct.lakeside.example}, {type: file, folder: lakeside, body: [pdf]}", 1)
	d := newEdgeDaemon(t, yaml, ca.File)
	order, err := demoFiles.ReadFile("demo/ehr/1-ref.hl7")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(d.dir, "ref.hl7"), order, 0o600); err != nil {
		t.Fatal(err)
	}
	d.refloop("send", "ref.hl7", "--to", ehr)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(patience)
	for {
		rows := d.rows("deliveries", "--partner", "lakeside")
		states := map[string]any{}
		for _, row := range rows {
			states[fmt.Sprint(row["rail"])] = row["state"]
		}
		if states["file"] == "sent" || states["file"] == "delivered" {
			if states["direct"] != "dead" && states["direct"] != "failed" && states["direct"] != "cancelled" {
				t.Errorf("got %v", states)
			}
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("got %v\n%s", states, d.refloop("messages"))
		}
	}
}
