package fax

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"refloop/config"
)

// load reads a configuration and decodes its first channel and the first rail of its first partner.
func load(t *testing.T, text string) (Config, RailConfig, string) {
	t.Helper()
	t.Setenv("FAX_TEST_SEAL_KEY", strings.Repeat("k", 44))
	file := filepath.Join(t.TempDir(), "refloop.yaml")
	base := "organization: {name: N, oid: 1.2.3}\nstore: {seal_key: {env: FAX_TEST_SEAL_KEY}}\n"
	if err := os.WriteFile(file, []byte(base+text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, p := config.Load(file)
	var ch Config
	var rail RailConfig
	for _, x := range c.Channels {
		ch = DecodeChannel(x, p)
	}
	for _, x := range c.Partners {
		for _, r := range x.Rails {
			rail = DecodeRail(r, p)
		}
	}
	var lines []string
	for _, x := range p.All() {
		lines = append(lines, strings.TrimPrefix(x.String(), filepath.Dir(file)+string(filepath.Separator)))
	}
	return ch, rail, strings.Join(lines, "\n")
}

func TestConfig(t *testing.T) {
	ch, rail, problems := load(t, `channels:
  - {name: fax-inbox, type: fax, folder: var/fax-inbox, review_below: 0.9}
partners:
  - {id: lakeside, rails: [{type: fax, address: "+15550100", verified: 2026-11-01, folder: var/fax-outbox}]}
`)
	if problems != "" {
		t.Fatal(problems)
	}
	if filepath.Base(string(ch.Folder)) != "fax-inbox" || !filepath.IsAbs(string(ch.Folder)) || ch.Scan.D() != 5*time.Second || ch.Settle.D() != 2*time.Second || ch.Pages != 500 {
		t.Errorf("channel: %+v", ch)
	}
	if filepath.Base(string(rail.Folder)) != "fax-outbox" || rail.Verified.String() != "2026-11-01" || rail.Pages != 60 {
		t.Errorf("rail: %+v", rail)
	}
}

func TestConfigMistakes(t *testing.T) {
	_, _, problems := load(t, `channels:
  - {name: fax-inbox, type: fax, foldr: var/fax-inbox}
partners:
  - id: lakeside
    rails:
      - {type: fax, address: "call us", verified: yesterday, folder: out}
`)
	want := `refloop.yaml:4:5: channels[fax-inbox]: got 0 sources of faxes, want one of folder, hylafax, smtp, mailbox and webhook
refloop.yaml:4:34: channels[fax-inbox].foldr: got an unknown key, want one of ...; did you mean "folder"?
refloop.yaml:8:30: partners[lakeside].rails[0].address: got "call us", want a fax number such as +15550100
refloop.yaml:8:51: partners[lakeside].rails[0].verified: got "yesterday", want a day such as 2026-11-01`
	problems = regexp.MustCompile(`one of folder, [a-z_, ]*; did`).ReplaceAllString(problems, "one of ...; did") // the house adds keys of its own
	if d := cmp.Diff(want, problems); d != "" {
		t.Errorf("problems (-want +got):\n%s", d)
	}
}

func TestSourcesAndWays(t *testing.T) {
	ch, rail, problems := load(t, `channels:
  - name: web
    type: fax
    reply_expires: 60d
    webhook: {listen: "127.0.0.1:8443", secret: {env: FAX_TEST_SEAL_KEY}, fetch: {hosts: [media.gw.example]}}
  - name: box
    type: fax
    mailbox: {url: "imaps://mail.gw.example", username: fax, password: {env: FAX_TEST_SEAL_KEY}, after: "move:Done"}
    mail: {senders: ["@gw.example"], caller: ["from ([0-9]+)"]}
  - {name: modem, type: fax, hylafax: {taken: keep}}
partners:
  - id: lakeside
    rails:
      - {type: fax, address: "+15550100", verified: 2026-11-01, hylafax: &server {user: refloop}}
      - {type: fax, address: "+15550101", verified: 2026-11-01, mail: {relay: "smtps://mail.gw.example", from: a@n.example, to: "{number}@gw.example", user: a, password: {env: FAX_TEST_SEAL_KEY}}}
      - {type: fax, address: "+15550102", verified: 2026-11-01, processing: T, http: {url: "https://gw.example/faxes", token: {env: FAX_TEST_SEAL_KEY}, status_url: "https://gw.example/faxes/{id}"}}
`)
	if problems != "" {
		t.Fatal(problems)
	}
	if ch.Hyla == nil || string(ch.Hyla.Spool) != "/var/spool/hylafax" || ch.Hyla.Taken != "keep" {
		t.Errorf("channel: %+v", ch.Hyla)
	}
	if rail.HTTP == nil || !rail.HTTP.Idempotent || rail.Processing != "T" || rail.HTTP.Shape != "multipart" {
		t.Errorf("rail: %+v", rail)
	}
}

func TestSourceAndWayMistakes(t *testing.T) {
	_, _, problems := load(t, `channels:
  - {name: two, type: fax, folder: a, hylafax: {taken: never}}
  - {name: mail, type: fax, smtp: {listen: "0.0.0.0:25"}, mail: {senders: [gw.example], caller: ["("]}}
  - {name: rules, type: fax, folder: a, mail: {senders: [a@b.example]}}
  - {name: box, type: fax, mailbox: {url: "ftp://x", username: a, password: {env: FAX_TEST_SEAL_KEY}}}
  - {name: web, type: fax, webhook: {listen: "0.0.0.0:443", path: fax, secret: short, fetch: {hosts: ["https://x"]}}}
  - {name: signed, type: fax, webhook: {listen: "127.0.0.1:1", scheme: ed25519, public_key: abc}}
partners:
  - id: lakeside
    rails:
      - {type: fax, address: "+15550100", verified: 2026-11-01}
      - {type: fax, address: "+15550100", verified: 2026-11-01, hylafax: {server: "10.0.0.1:4559"}}
      - {type: fax, address: "+15550100", verified: 2026-11-01, mail: {relay: "http://x", from: me, to: fax@gw.example, subject: fax, user: a}}
      - {type: fax, address: "+15550100", verified: 2026-11-01, http: {url: "http://gw.example", status_url: "https://gw.example/"}}
      - {type: fax, address: "+15550100", verified: 2026-11-01, processing: X, folder: a, http: {url: "https://gw.example", secret: short, ca: none.pem}}
`)
	problems = regexp.MustCompile(`open \S+none.pem: [a-z ]*`).ReplaceAllString(problems, "open none.pem: ...")
	want := `refloop.yaml:4:5: channels[two]: got 2 sources of faxes, want one of folder, hylafax, smtp, mailbox and webhook
refloop.yaml:4:56: channels[two].hylafax.taken: got "never", want one of remove, keep
refloop.yaml:5:44: channels[mail].smtp.listen: got an address outside of this machine without tls, want tls: {certificate, key} beside it
refloop.yaml:5:44: channels[mail].smtp.listen: got an address outside of this machine without allow, want the address ranges of the gateway
refloop.yaml:5:76: channels[mail].mail.senders[0]: got "gw.example", want an address, or a domain as @gw.example
refloop.yaml:5:98: channels[mail].mail.caller[0]: got a pattern that cannot be used, want a regular expression (RE2) of at most 1000 characters
refloop.yaml:6:47: channels[rules].mail: got rules for mail without smtp or mailbox, want one of them beside it
refloop.yaml:7:43: channels[box].mailbox.url: got an address that is none, want imaps://host, imap://host, pop3s://host or pop3://host, with :port when it is another
refloop.yaml:8:46: channels[web].webhook.listen: got an address outside of this machine without tls, want tls: {certificate, key} beside it
refloop.yaml:8:67: channels[web].webhook.path: got "fax", want a path such as /fax
refloop.yaml:8:80: channels[web].webhook.secret: got none or a short one, want a secret of at least 16 characters, as {file: path} or {env: NAME}
refloop.yaml:8:103: channels[web].webhook.fetch.hosts[0]: got "https://x", want a host name such as media.gw.example
refloop.yaml:9:93: channels[signed].webhook.public_key: got something else, want the gateway's public key: 32 bytes in base64
refloop.yaml:13:9: partners[lakeside].rails[0]: got 0 ways for faxes to go, want one of folder, hylafax, mail and http
refloop.yaml:14:83: partners[lakeside].rails[1].hylafax.server: got a server outside of this machine, want a tunnel to it, or plain: true: its protocol has no TLS
refloop.yaml:15:71: partners[lakeside].rails[2].mail: got one of user and password, want both or none
refloop.yaml:15:79: partners[lakeside].rails[2].mail.relay: got "http://x", want smtp://host:port or smtps://host:port
refloop.yaml:15:97: partners[lakeside].rails[2].mail.from: got "me", want a mail address
refloop.yaml:15:105: partners[lakeside].rails[2].mail.to: got "fax@gw.example", want an address such as {number}@fax.gw.example
refloop.yaml:15:130: partners[lakeside].rails[2].mail.subject: got one without {reference}, want it: confirmations are known by it
refloop.yaml:16:71: partners[lakeside].rails[3].http: got neither token nor secret, want one: the gateway must know who sends
refloop.yaml:16:77: partners[lakeside].rails[3].http.url: got an address that is not https, want https://host/path; http:// is for this machine alone
refloop.yaml:16:110: partners[lakeside].rails[3].http.status_url: got one without {id}, want the place of the gateway's number in it
refloop.yaml:17:9: partners[lakeside].rails[4]: got 2 ways for faxes to go, want one of folder, hylafax, mail and http
refloop.yaml:17:77: partners[lakeside].rails[4].processing: got "X", want one of P, T, D; did you mean "P"?
refloop.yaml:17:133: partners[lakeside].rails[4].http.secret: got a short one, want a secret of at least 16 characters
refloop.yaml:17:144: partners[lakeside].rails[4].http.ca: got a file that cannot be used (open none.pem: ...), want certificates in PEM`
	if d := cmp.Diff(want, problems); d != "" {
		t.Errorf("problems (-want +got):\n%s", d)
	}
}
