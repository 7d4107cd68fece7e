package fax

import (
	"net"
	"net/url"
	"strings"

	"refloop/channels/mailbox"
	"refloop/config"
)

// RailConfig is a rail of type fax: how a partner is reached. Its zero value is not usable: [DecodeRail] fills the defaults.
type RailConfig struct {
	Folder     config.Path     `yaml:"folder" want:"a folder" doc:"way: an outbox that a fax gateway empties: <delivery>.tif with <delivery>.json; it answers with <delivery>.status.json"`
	Hyla       *HylaServer     `yaml:"hylafax" doc:"way: a HylaFAX server"`
	Mail       *MailGateway    `yaml:"mail" doc:"way: mail to a gateway; what it answers is read by a fax channel of type smtp or mailbox"`
	HTTP       *HTTPGateway    `yaml:"http" doc:"way: requests to a gateway"`
	Verified   config.Date     `yaml:"verified" want:"a day such as 2026-11-01" doc:"day on which somebody made sure that the number is this partner's; without it no patient page is sent"`
	Processing string          `yaml:"processing" enum:"P|T|D" default:"P" doc:"only T and D rails are told of test referrals"`
	Scan       config.Duration `yaml:"scan" default:"5s" min:"10ms" max:"1h" doc:"folder: how often it is looked at for status files when the system reports no change"`
	Settle     config.Duration `yaml:"settle" default:"1s" min:"10ms" max:"1h" doc:"folder: a status file is complete when it has not changed for so long"`
	Poll       config.Duration `yaml:"poll" default:"30s" min:"10ms" max:"1h" doc:"hylafax and http: how often the state of faxes under way is asked for"`
	Pages      int             `yaml:"max_pages" default:"60" min:"2" max:"500" doc:"pages of one fax; longer ones take the partner's next rail"`
	Bytes      config.Size     `yaml:"max_bytes" default:"10MiB" min:"64KiB" max:"64MiB" doc:"bytes of one fax; larger ones take the partner's next rail"`
	Node       config.Node     `yaml:"."`
}

// HylaServer is a HylaFAX server that sends for us. Its protocol has no TLS.
type HylaServer struct {
	Server   string          `yaml:"server" default:"127.0.0.1:4559" doc:"address of hfaxd"`
	User     string          `yaml:"user" default:"refloop" doc:"as whom jobs are submitted"`
	Password config.Secret   `yaml:"password" doc:"password, when the server asks for one"`
	Plain    bool            `yaml:"plain" default:"false" doc:"the server may be outside of this machine although everything travels in the clear: the network between is nobody else's"`
	Dials    int             `yaml:"max_dials" default:"12" min:"1" max:"100" doc:"calls of the server for one fax"`
	Tries    int             `yaml:"max_tries" default:"3" min:"1" max:"100" doc:"attempts of the server to send once a call stands"`
	Kill     config.Duration `yaml:"kill_time" default:"3h" min:"1m" max:"7d" doc:"after this the server gives up"`
	Node     config.Node     `yaml:"."`
}

// MailGateway is a gateway to which faxes are sent by mail.
type MailGateway struct {
	Relay    string        `yaml:"relay" required:"true" want:"smtp://host:port" doc:"mail server: smtp:// needs STARTTLS unless the host is this machine, smtps:// is TLS at once"`
	User     string        `yaml:"user" doc:"login of the mail server"`
	Password config.Secret `yaml:"password" doc:"its password"`
	From     string        `yaml:"from" required:"true" want:"an address that the gateway knows" doc:"our address; confirmations come back to it"`
	To       string        `yaml:"to" required:"true" want:"an address such as {number}@fax.gw.example" doc:"address of a fax; {number} is the number in digits, {plus} with + before it"`
	Subject  string        `yaml:"subject" default:"{reference}" doc:"subject; {reference} is what the confirmation must quote"`
	TLS      mailbox.TLS   `yaml:"tls" doc:"how the server's certificate is checked; absent: the system's authorities and the host of relay"`
	Node     config.Node   `yaml:"."`
}

// HTTPGateway is a gateway that takes requests.
type HTTPGateway struct {
	URL        string            `yaml:"url" required:"true" want:"an https:// address" doc:"where a fax is posted"`
	Shape      string            `yaml:"shape" enum:"multipart|json" default:"multipart" doc:"multipart: fields and the file; json: an object with the file in base64"`
	Token      config.Secret     `yaml:"token" doc:"bearer token"`
	Secret     config.Secret     `yaml:"secret" doc:"key that requests are signed with: HMAC-SHA256 over the time, a dot and the body"`
	Signature  string            `yaml:"signature_header" default:"X-Fax-Signature" doc:"header with the signature"`
	Timestamp  string            `yaml:"timestamp_header" default:"X-Fax-Timestamp" doc:"header with its time"`
	To         string            `yaml:"to_field" default:"to" doc:"field with the number"`
	File       string            `yaml:"file_field" default:"file" doc:"field with the TIFF"`
	Reference  string            `yaml:"reference_field" default:"reference" doc:"field with our reference, which notices must name"`
	Fields     map[string]string `yaml:"fields" doc:"further fields with fixed values, such as an account"`
	Idempotent bool              `yaml:"idempotent" default:"true" doc:"the gateway takes a request that comes again with the same Idempotency-Key as the same fax; false: when an answer was lost a person decides"`
	StatusURL  string            `yaml:"status_url" want:"an https:// address with {id}" doc:"where the state of a fax is asked for; {id} is the gateway's number; absent: its notices come to a fax channel of type webhook"`
	CA         config.Path       `yaml:"ca" doc:"authorities that may have issued its certificate, PEM; absent: the system's"`
	Timeout    config.Duration   `yaml:"timeout" default:"1m" min:"100ms" max:"10m" doc:"time for one request"`
	Node       config.Node       `yaml:"."`
}

// DecodeRail reads and checks the keys of a rail of this type; every mistake goes to p.
func DecodeRail(r config.Rail, p *config.Problems) RailConfig {
	var cfg RailConfig
	r.Decode(&cfg, p)
	if digits := digitsOf(r.Address); len(digits) < 7 || len(digits) > 15 {
		p.Add(r.Node.Field("address"), "got %q, want a fax number such as +15550100", r.Address)
	}
	count := 0
	for _, is := range []bool{cfg.Folder != "", cfg.Hyla != nil, cfg.Mail != nil, cfg.HTTP != nil} {
		if is {
			count++
		}
	}
	if count != 1 {
		p.Add(r.Node, "got %d ways for faxes to go, want one of folder, hylafax, mail and http", count)
	}
	if cfg.Hyla != nil {
		cfg.Hyla.check(p)
	}
	if cfg.Mail != nil {
		cfg.Mail.check(p)
	}
	if cfg.HTTP != nil {
		cfg.HTTP.check(p)
	}
	return cfg
}

// digitsOf keeps the digits of a number written in any way; letters make it no number.
func digitsOf(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			b.WriteRune(r)
		case strings.ContainsRune("+-. ()/", r):
		default:
			return ""
		}
	}
	return b.String()
}

func (h *HylaServer) check(p *config.Problems) {
	host, port, err := net.SplitHostPort(h.Server)
	switch {
	case err != nil || host == "" || port == "":
		p.Add(h.Node.Field("server"), "got %q, want host:port", h.Server)
	case !h.Plain && !mailbox.Loopback(host):
		p.Add(h.Node.Field("server"), "got a server outside of this machine, want a tunnel to it, or plain: true: its protocol has no TLS")
	}
	if strings.ContainsAny(h.User, "\r\n\"") || h.User == "" {
		p.Add(h.Node.Field("user"), "got a name that is none, want a plain one")
	}
}

func (m *MailGateway) check(p *config.Problems) {
	if m.Relay != "" {
		if _, err := m.relay(); err != nil {
			p.Add(m.Node.Field("relay"), "got %q, want smtp://host:port or smtps://host:port", m.Relay)
		}
	}
	if m.From != "" && !plainAddress(m.From) {
		p.Add(m.Node.Field("from"), "got %q, want a mail address", m.From)
	}
	if to := strings.NewReplacer("{number}", "1", "{plus}", "+1").Replace(m.To); m.To != "" && (to == m.To || !plainAddress(to)) {
		p.Add(m.Node.Field("to"), "got %q, want an address such as {number}@fax.gw.example", m.To)
	}
	if !strings.Contains(m.Subject, "{reference}") {
		p.Add(m.Node.Field("subject"), "got one without {reference}, want it: confirmations are known by it")
	}
	if (m.User == "") != !m.Password.Set() {
		p.Add(m.Node, "got one of user and password, want both or none")
	}
	if _, err := m.TLS.Client(""); err != nil {
		p.Add(m.TLS.Node.Field("ca"), "got a file that cannot be used (%v), want certificates in PEM", err)
	}
}

// plainAddress tells what can stand in an envelope as it is.
func plainAddress(s string) bool {
	local, domain, ok := strings.Cut(s, "@")
	return ok && local != "" && domain != "" && len(s) <= 254 && !strings.ContainsAny(s, " \t\r\n<>\"\\,;:()[]") && !strings.Contains(domain, "@")
}

func (g *HTTPGateway) check(p *config.Problems) {
	for key, s := range map[string]string{"url": g.URL, "status_url": g.StatusURL} {
		if s != "" && !secureURL(strings.ReplaceAll(s, "{id}", "1")) {
			p.Add(g.Node.Field(key), "got an address that is not https, want https://host/path; http:// is for this machine alone")
		}
	}
	if g.StatusURL != "" && !strings.Contains(g.StatusURL, "{id}") {
		p.Add(g.Node.Field("status_url"), "got one without {id}, want the place of the gateway's number in it")
	}
	if !g.Token.Set() && !g.Secret.Set() {
		p.Add(g.Node, "got neither token nor secret, want one: the gateway must know who sends")
	}
	if g.Secret.Set() && len(g.Secret.Reveal()) < minSecret {
		p.Add(g.Node.Field("secret"), "got a short one, want a secret of at least %d characters", minSecret)
	}
	if _, err := (mailbox.TLS{CA: g.CA}).Client(""); err != nil {
		p.Add(g.Node.Field("ca"), "got a file that cannot be used (%v), want certificates in PEM", err)
	}
}

// secureURL tells an https address, or one of this machine.
func secureURL(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.Host != "" && u.User == nil && (u.Scheme == "https" || u.Scheme == "http" && mailbox.Loopback(u.Hostname()))
}
