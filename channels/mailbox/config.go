package mailbox

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"strings"

	"refloop/config"
)

// Config are the keys of a mailbox. Its zero value is not usable: Check makes sure and fills what depends on the protocol.
type Config struct {
	URL      string          `yaml:"url" required:"true" want:"imaps://host or pop3s://host" doc:"where the mailbox is: imaps:// and pop3s:// are TLS at once (ports 993, 995), imap:// and pop3:// need STARTTLS (143, 110), imap+insecure:// and pop3+insecure:// are without TLS and for this machine alone"`
	Username string          `yaml:"username" required:"true" want:"the login name" doc:"login name"`
	Password config.Secret   `yaml:"password" required:"true" want:"the password, as {file: var/mailbox.password} or {env: NAME}" doc:"password of the login"`
	Folder   string          `yaml:"folder" default:"INBOX" doc:"IMAP folder that is read"`
	After    string          `yaml:"after" want:"keep, seen, move:FOLDER or delete" doc:"what becomes of a mail in the mailbox once it is archived here: keep leaves it as it is, seen marks it read, move:FOLDER moves it, delete deletes it. Absent: seen (IMAP) or keep (POP3, which knows keep and delete alone)"`
	Start    string          `yaml:"start" enum:"all|new" default:"all" doc:"what to take when this mailbox is read for the first time: all that is there, or only what comes from then on"`
	Every    config.Duration `yaml:"every" default:"1m" min:"1s" max:"1h" doc:"how often the mailbox is looked at; with IMAP IDLE new mail is seen at once as well"`
	Idle     bool            `yaml:"idle" default:"true" doc:"use IMAP IDLE when the server offers it"`
	Timeout  config.Duration `yaml:"timeout" default:"1m" min:"100ms" max:"10m" doc:"how long the server may take for one answer; a whole mail may take ten times as long"`
	TLS      TLS             `yaml:"tls" doc:"how the server's certificate is checked; absent: the system's authorities and the host of url"`
	Node     config.Node     `yaml:"."`

	server server
	move   string // folder of After, when it moves
}

// TLS says how a server's certificate is checked. The zero value: the system's authorities, the name in the URL.
type TLS struct {
	CA         config.Path `yaml:"ca" doc:"authorities that may have issued the server's certificate, PEM; absent: the system's"`
	ServerName string      `yaml:"server_name" doc:"name that the server's certificate must have; absent: the host of url"`
	Node       config.Node `yaml:"."`
}

// Protocols.
const (
	IMAP = "imap"
	POP3 = "pop3"
)

// security is how TLS begins.
type security int

const (
	tlsAtOnce security = iota
	tlsStart
	tlsNever // this machine alone
)

// server is where and how to connect.
type server struct {
	protocol string
	host     string
	address  string // host:port
	security security
}

var errURL = errors.New("want imaps://host, imap://host, pop3s://host or pop3://host, with :port when it is another")

func parseURL(s string) (server, error) {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.Hostname() == "" || u.Path != "" && u.Path != "/" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return server{}, errURL
	}
	kinds := map[string]struct {
		server
		port string
	}{
		"imaps": {server{protocol: IMAP}, "993"}, "imap": {server{protocol: IMAP, security: tlsStart}, "143"}, "imap+insecure": {server{protocol: IMAP, security: tlsNever}, "143"},
		"pop3s": {server{protocol: POP3}, "995"}, "pop3": {server{protocol: POP3, security: tlsStart}, "110"}, "pop3+insecure": {server{protocol: POP3, security: tlsNever}, "110"},
	}
	kind, ok := kinds[u.Scheme]
	if !ok {
		return server{}, errURL
	}
	port := u.Port()
	if port == "" {
		port = kind.port
	}
	kind.host = u.Hostname()
	kind.address = net.JoinHostPort(kind.host, port)
	return kind.server, nil
}

// Check judges the keys together after they were decoded and makes c usable; every mistake goes to p.
func (c *Config) Check(p *config.Problems) {
	var err error
	if c.server, err = parseURL(c.URL); err != nil {
		if c.URL != "" {
			p.Add(c.Node.Field("url"), "got an address that is none, %v", err)
		}
		return
	}
	if c.server.security == tlsNever && !Loopback(c.server.host) {
		p.Add(c.Node.Field("url"), "got a server outside of this machine without TLS, want %ss:// or %s://", c.server.protocol, c.server.protocol)
	}
	c.checkAfter(p)
	if c.server.protocol == POP3 && !strings.EqualFold(c.Folder, "INBOX") {
		p.Add(c.Node.Field("folder"), "got a folder, want none: POP3 has one mailbox")
	}
	if _, err := c.TLS.Client(c.server.host); err != nil {
		p.Add(c.TLS.Node.Field("ca"), "got a file that cannot be used (%v), want certificates in PEM", err)
	}
}

func (c *Config) checkAfter(p *config.Problems) {
	if c.After == "" {
		c.After = map[string]string{IMAP: "seen", POP3: "keep"}[c.server.protocol]
	}
	folder, moves := strings.CutPrefix(c.After, "move:")
	switch {
	case moves && folder == "":
		p.Add(c.Node.Field("after"), "got move: without a folder, want move:FOLDER")
	case moves && strings.EqualFold(folder, c.Folder):
		p.Add(c.Node.Field("after"), "got the folder that is read, want another one")
	case !moves && c.After != "keep" && c.After != "seen" && c.After != "delete":
		p.Add(c.Node.Field("after"), "got %q, want keep, seen, move:FOLDER or delete", c.After)
	case c.server.protocol == POP3 && (moves || c.After == "seen"):
		p.Add(c.Node.Field("after"), "got %q, want keep or delete: POP3 cannot mark or move", c.After)
	}
	if moves {
		c.move = folder
	}
}

// Client makes the client's side of TLS for a host: TLS 1.2 or newer, the certificate checked against CA and name.
func (t TLS) Client(host string) (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: host}
	if t.ServerName != "" {
		c.ServerName = t.ServerName
	}
	if t.CA == "" {
		return c, nil
	}
	pem, err := os.ReadFile(string(t.CA))
	if err != nil {
		return nil, err
	}
	c.RootCAs = x509.NewCertPool()
	if !c.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no certificate", t.CA)
	}
	return c, nil
}

// Loopback tells whether a host is this machine, without asking DNS.
func Loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.Unmap().IsLoopback()
}
