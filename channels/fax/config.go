// Package fax is the rail for faxes. They come in by a folder, a HylaFAX receive queue, mail (an SMTP listener, or a mailbox) or signed
// requests of a gateway, and go out by an outbox folder, a HylaFAX server, mail to a gateway, or requests to one.
//
// Whatever comes is archived first and read afterwards: Prepare has every page read (OCR in child processes), Open finds the fields in
// what was read and is pure. What the source knew of a call (the calling number, the sender's station ID, pages) is kept with the message as
// hints: both were typed in by the sender.
//
// What goes out is TIFF-F, drawn once. A fax is never sent twice because something broke: before anything leaves, a small file in var/fax
// beside the configuration says what is under way, and where nobody can tell whether a fax went out, a person decides. Left out: modems.
package fax

import (
	"crypto/ed25519"
	"crypto/tls"
	"encoding/base64"
	"net"
	"net/netip"
	"net/url"
	"regexp"
	"strings"

	"refloop/channels/mailbox"
	"refloop/config"
)

// Config is a channel of type fax. Its zero value is not usable: [DecodeChannel] fills the defaults.
type Config struct {
	Folder  config.Path     `yaml:"folder" want:"a folder" doc:"source: a folder where faxes arrive: TIFF, PDF, PNG or JPEG; taken files are removed after they are archived"`
	Hyla    *HylaSource     `yaml:"hylafax" doc:"source: the receive queue of a HylaFAX server on this machine"`
	SMTP    *SMTPSource     `yaml:"smtp" doc:"source: a mail server of ours to which a gateway sends one mail for each fax"`
	Mailbox *mailbox.Config `yaml:"mailbox" doc:"source: a mailbox to which a gateway sends one mail for each fax"`
	Webhook *WebhookSource  `yaml:"webhook" doc:"source: requests of a gateway, with the fax in them or its address"`
	Mail    MailRules       `yaml:"mail" doc:"with smtp or mailbox: whose mails count, and where in them the facts stand"`
	Scan    config.Duration `yaml:"scan" default:"5s" min:"10ms" max:"1h" doc:"how often a folder is looked at when the system reports no change"`
	Settle  config.Duration `yaml:"settle" default:"2s" min:"10ms" max:"1h" doc:"a file is complete when it has not changed for so long and nobody has locked it"`
	Model   *ModelConfig    `yaml:"model" doc:"a model server that may propose fields; what it says counts only where its words stand on a page, and always goes to a person"`
	Pages   int             `yaml:"max_pages" default:"500" min:"1" max:"5000" doc:"pages of one fax; longer ones are for a person"`
	Replies config.Duration `yaml:"reply_expires" default:"90d" min:"1d" max:"1000d" doc:"our own page that comes back later than this after it was sent is for a person"`
	Node    config.Node     `yaml:"."`
}

// HylaSource is the receive queue of a HylaFAX server.
type HylaSource struct {
	Spool config.Path     `yaml:"spool" default:"/var/spool/hylafax" doc:"spool of the server; recvq and log/xferfaxlog are read in it"`
	Taken string          `yaml:"taken" enum:"remove|keep" default:"remove" doc:"what becomes of a fax in recvq once it is archived here: remove it (pages are in the clear there), or keep it for the server's own cleaning and remember it"`
	Wait  config.Duration `yaml:"wait" default:"2m" min:"10ms" max:"1d" doc:"a fax that nobody has locked any more is taken so long after its last change even when the log does not tell of it"`
	Node  config.Node     `yaml:"."`
}

// SMTPSource is a mail server of ours.
type SMTPSource struct {
	Listen      string          `yaml:"listen" required:"true" want:"an address such as 127.0.0.1:2526" doc:"address the server listens on"`
	TLS         *TLS            `yaml:"tls" doc:"certificate for STARTTLS; required unless the server listens on this machine alone"`
	Allow       []netip.Prefix  `yaml:"allow" want:"an address range such as 10.1.0.0/16" doc:"who may connect; required unless the server listens on this machine alone"`
	Recipients  []string        `yaml:"recipients" want:"mail addresses" doc:"addresses mail is taken for; absent: any"`
	Connections int             `yaml:"max_connections" default:"50" min:"1" max:"20000" doc:"open connections; when full, the oldest that is sending nothing gives way"`
	Idle        config.Duration `yaml:"idle_timeout" default:"5m" min:"100ms" max:"1h" doc:"how long a connection may be silent between commands"`
	Data        config.Duration `yaml:"data_timeout" default:"10m" min:"100ms" max:"2h" doc:"time for one whole mail"`
	Node        config.Node     `yaml:"."`
}

// MailRules say whose mails count and where the facts stand in them.
type MailRules struct {
	Senders []string    `yaml:"senders" want:"addresses, or domains as @gw.example" doc:"From addresses that are believed to be the gateway; others are archived as refused. Absent: all"`
	Caller  []string    `yaml:"caller" doc:"patterns for the calling number in subject and text; the first group is the number"`
	Station []string    `yaml:"station" doc:"patterns for the sender's station ID"`
	Pages   []string    `yaml:"pages" doc:"patterns for the number of pages"`
	Done    []string    `yaml:"done" doc:"patterns for a confirmation that a fax of ours arrived"`
	Failed  []string    `yaml:"failed" doc:"patterns for one that it did not; they count more"`
	Node    config.Node `yaml:"."`
}

// WebhookSource takes requests of a gateway.
type WebhookSource struct {
	Listen    string          `yaml:"listen" required:"true" want:"an address such as 127.0.0.1:8443" doc:"address the server listens on"`
	TLS       *TLS            `yaml:"tls" doc:"certificate; required unless the server listens on this machine alone"`
	Path      string          `yaml:"path" default:"/fax" doc:"path of the requests; nothing else is answered"`
	Scheme    string          `yaml:"scheme" enum:"hmac-sha256|ed25519" default:"hmac-sha256" doc:"how requests are signed: hmac-sha256 over the time, a dot and the body; ed25519 over the time, | and the body"`
	Secret    config.Secret   `yaml:"secret" doc:"key that the gateway signs with (hmac-sha256)"`
	PublicKey string          `yaml:"public_key" want:"32 bytes in base64" doc:"key of the gateway (ed25519)"`
	Signature string          `yaml:"signature_header" default:"X-Fax-Signature" doc:"header with the signature, hex or base64"`
	Timestamp string          `yaml:"timestamp_header" default:"X-Fax-Timestamp" doc:"header with the time of the signature, in seconds since 1970"`
	Window    config.Duration `yaml:"window" default:"5m" min:"1s" max:"1h" doc:"how far that time may be from now"`
	Allow     []netip.Prefix  `yaml:"allow" want:"an address range such as 10.1.0.0/16" doc:"who may connect; absent: everybody who reaches the port"`
	Fetch     *Fetch          `yaml:"fetch" doc:"fetch faxes whose address comes instead of the file; absent: they are left to a person"`
	Requests  int             `yaml:"max_requests" default:"16" min:"1" max:"1000" doc:"requests under way at once; others are told to come again"`
	Time      config.Duration `yaml:"timeout" default:"2m" min:"100ms" max:"1h" doc:"time for one whole request"`
	Node      config.Node     `yaml:"."`

	key ed25519.PublicKey
}

// Fetch says from where faxes may be fetched.
type Fetch struct {
	Hosts  []string       `yaml:"hosts" required:"true" want:"host names of the gateway" doc:"hosts that files may be on; https alone"`
	Token  config.Secret  `yaml:"token" doc:"bearer token for them"`
	Ranges []netip.Prefix `yaml:"http_allow" want:"an address range such as 10.1.0.0/16" doc:"address ranges that these hosts may be in besides public ones"`
	CA     config.Path    `yaml:"ca" doc:"authorities that may have issued the certificates of these hosts, PEM; absent: the system's"`
	Node   config.Node    `yaml:"."`
}

// TLS is a server's certificate. TLS 1.2 is the least.
type TLS struct {
	Certificate config.Path `yaml:"certificate" required:"true" want:"a PEM file" doc:"certificate with its chain, PEM"`
	Key         config.Path `yaml:"key" required:"true" want:"a PEM file" doc:"private key, PEM"`
	Node        config.Node `yaml:"."`
}

// server loads the certificate; nil: none is configured.
func (t *TLS) server() (*tls.Config, error) {
	if t == nil {
		return nil, nil
	}
	pair, err := tls.LoadX509KeyPair(string(t.Certificate), string(t.Key))
	if err != nil {
		return nil, err
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair}}, nil
}

// DecodeChannel reads and checks the keys of a channel of this type; every mistake goes to p.
func DecodeChannel(c config.Channel, p *config.Problems) Config {
	var cfg Config
	c.Decode(&cfg, p)
	sources := map[string]bool{"folder": cfg.Folder != "", "hylafax": cfg.Hyla != nil, "smtp": cfg.SMTP != nil, "mailbox": cfg.Mailbox != nil, "webhook": cfg.Webhook != nil}
	count := 0
	for _, is := range sources {
		if is {
			count++
		}
	}
	if count != 1 {
		p.Add(c.Node, "got %d sources of faxes, want one of folder, hylafax, smtp, mailbox and webhook", count)
	}
	if s := cfg.SMTP; s != nil {
		checkListen(s.Node, s.Listen, s.TLS, p)
		if len(s.Allow) == 0 && !loopbackListen(s.Listen) && s.Listen != "" {
			p.Add(s.Node.Field("listen"), "got an address outside of this machine without allow, want the address ranges of the gateway")
		}
		for i, a := range s.Recipients {
			s.Recipients[i] = strings.ToLower(a)
		}
	}
	if cfg.Mailbox != nil {
		cfg.Mailbox.Check(p)
	}
	cfg.Model.check(p)
	if cfg.Mail.Node.Present() && cfg.SMTP == nil && cfg.Mailbox == nil {
		p.Add(cfg.Mail.Node, "got rules for mail without smtp or mailbox, want one of them beside it")
	}
	cfg.Mail.check(p)
	if cfg.Webhook != nil {
		cfg.Webhook.check(p)
	}
	return cfg
}

func checkListen(n config.Node, listen string, t *TLS, p *config.Problems) {
	_, port, err := net.SplitHostPort(listen)
	switch {
	case listen == "":
	case err != nil || port == "":
		p.Add(n.Field("listen"), "got %q, want an address such as 127.0.0.1:8443", listen)
	case t == nil && !loopbackListen(listen):
		p.Add(n.Field("listen"), "got an address outside of this machine without tls, want tls: {certificate, key} beside it")
	}
	if t == nil || t.Certificate == "" || t.Key == "" || n.Demo() {
		return
	}
	if _, err := t.server(); err != nil {
		p.Add(t.Node, "got files that cannot be used (%v), want a PEM certificate and its key", err)
	}
}

func loopbackListen(listen string) bool {
	host, _, err := net.SplitHostPort(listen)
	return err == nil && mailbox.Loopback(host)
}

func (r *MailRules) check(p *config.Problems) {
	for i, s := range r.Senders {
		if r.Senders[i] = strings.ToLower(s); !strings.Contains(s, "@") {
			p.Add(item(r.Node.Field("senders"), i), "got %q, want an address, or a domain as @gw.example", s)
		}
	}
	for key, list := range map[string][]string{"caller": r.Caller, "station": r.Station, "pages": r.Pages, "done": r.Done, "failed": r.Failed} {
		for i, s := range list {
			if _, err := regexp.Compile(s); err != nil || len(s) > 1000 {
				p.Add(item(r.Node.Field(key), i), "got a pattern that cannot be used, want a regular expression (RE2) of at most 1000 characters")
			}
		}
	}
}

// item is the node of an item of a list, or the list.
func item(list config.Node, i int) config.Node {
	if items := list.Items(); i < len(items) {
		return items[i]
	}
	return list
}

func (w *WebhookSource) check(p *config.Problems) {
	checkListen(w.Node, w.Listen, w.TLS, p)
	if !strings.HasPrefix(w.Path, "/") {
		p.Add(w.Node.Field("path"), "got %q, want a path such as /fax", w.Path)
	}
	if w.Scheme == "hmac-sha256" && (!w.Secret.Set() || len(w.Secret.Reveal()) < minSecret) {
		p.Add(w.Node.Field("secret"), "got none or a short one, want a secret of at least %d characters, as {file: path} or {env: NAME}", minSecret)
	}
	if w.Scheme == "ed25519" {
		b, err := base64.StdEncoding.DecodeString(w.PublicKey)
		if err != nil || len(b) != ed25519.PublicKeySize {
			p.Add(w.Node.Field("public_key"), "got something else, want the gateway's public key: 32 bytes in base64")
		}
		w.key = b
	}
	if w.Fetch == nil {
		return
	}
	for i, h := range w.Fetch.Hosts {
		if u, err := url.Parse("https://" + h); err != nil || u.Hostname() == "" || u.Host != h || u.Path != "" {
			p.Add(item(w.Fetch.Node.Field("hosts"), i), "got %q, want a host name such as media.gw.example", h)
		}
	}
	if _, err := (mailbox.TLS{CA: w.Fetch.CA}).Client(""); err != nil && w.Fetch.CA != "" {
		p.Add(w.Fetch.Node.Field("ca"), "got a file that cannot be used (%v), want certificates in PEM", err)
	}
}

// minSecret is how long a secret that signs must be at least: what is shorter can be guessed.
const minSecret = 16
