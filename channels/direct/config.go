package direct

import (
	"net"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"refloop/channels/direct/trust"
	"refloop/config"
	"refloop/direct"
	"refloop/direct/cms"
)

// Settings are the keys under `direct:`: our identity and trust, shared by all channels and rails of this type.
type Settings struct {
	Mode          string           `yaml:"mode" enum:"sta|edge" default:"sta" doc:"sta: we sign and encrypt ourselves; edge: a HISP does, we submit to it and read the mailbox there"`
	HISP          *HISP            `yaml:"hisp" doc:"the HISP's edge; in mode edge alone"`
	Address       string           `yaml:"address" required:"true" want:"a Direct address such as referrals@direct.northside.example" doc:"our Direct address: sender of all we send"`
	Domains       []string         `yaml:"domains" doc:"domains we take mail for; absent: that of address"`
	Identities    []IdentityConfig `yaml:"identities" doc:"our certificates and keys"`
	Anchors       []AnchorConfig   `yaml:"anchors" doc:"trust anchors of each of our domains; without anchors nobody is trusted"`
	Intermediates []config.Path    `yaml:"intermediates" doc:"issuing certificates between anchors and peers: files or folders"`
	Bundles       []BundleConfig   `yaml:"bundles" doc:"trust bundles: anchors that a publisher keeps at an address; they count for all our domains, in and out"`
	Certificates  []config.Path    `yaml:"certificates" doc:"known certificates of recipients: files or folders"`
	DNS           string           `yaml:"dns" want:"a name server such as 10.1.0.53:53, or off" doc:"name server for certificates of recipients that no file holds (CERT records); empty: the system's; off: only files count. While demo is true, absent means off"`
	LDAP          bool             `yaml:"ldap" default:"true" doc:"where DNS has no usable certificate, ask the directories that the domain names (SRV records) too; without effect while dns is off"`
	HTTPAllow     []netip.Prefix   `yaml:"http_allow" want:"an address range such as 10.1.0.0/16" doc:"address ranges that fetches of issuers, revocation lists and OCSP answers, and directories, may be in besides public ones"`
	Revocation    Revocation       `yaml:"revocation" doc:"a certificate that names where its revocation is published is refused when nothing current can be had"`
	Wait          Wait             `yaml:"wait" doc:"how long to wait for notifications"`
	Relay         string           `yaml:"relay" want:"smtp://host:port" doc:"where mail goes out; absent: the recipient's MX. smtp:// needs STARTTLS unless the host is this machine, smtps:// is TLS at once, smtp+insecure:// never asks for TLS"`
	Node          config.Node      `yaml:"."`
}

// IdentityConfig is one certificate of ours.
type IdentityConfig struct {
	Domain      string      `yaml:"domain" doc:"domain the certificate is for; or address"`
	Address     string      `yaml:"address" doc:"Direct address the certificate is for; or domain"`
	Certificate config.Path `yaml:"certificate" required:"true" want:"a certificate file" doc:"PEM or DER"`
	Key         config.Path `yaml:"key" required:"true" want:"a key file" doc:"private key, PEM or DER, not encrypted; keep it readable for refloop alone"`
	Use         string      `yaml:"use" enum:"both|sign|encrypt" default:"both" doc:"what it is used for"`
	Node        config.Node `yaml:"."`
}

// AnchorConfig are the anchors of one of our domains.
type AnchorConfig struct {
	Domain   string        `yaml:"domain" default:"*" doc:"one of our domains; *: all that have no entry of their own"`
	Inbound  []config.Path `yaml:"inbound" doc:"whom we believe: PEM, DER or p7b files, or folders; *.crl files in a folder count as revocation lists"`
	Outbound []config.Path `yaml:"outbound" doc:"to whom we send; as inbound"`
	Node     config.Node   `yaml:"."`
}

// Revocation says what must be known of revocation, and how old it may be.
type Revocation struct {
	Required bool            `yaml:"required" default:"false" doc:"true: a certificate that names neither revocation lists nor an OCSP responder is refused (revocation_not_published), unless anchors has a list of its issuer; false: it is taken, with its revocation recorded as unknown. Counts for peers and for those that issued their certificates, in and out"`
	Grace    config.Duration `yaml:"grace" default:"24h" min:"0s" max:"30d" doc:"how long a revocation list still counts after the time of its next update, when no newer one can be had"`
	Wait     config.Duration `yaml:"wait" default:"0s" min:"0s" max:"10d" doc:"how long mail whose sender's revocation cannot be looked up, because the server does not answer, waits to be judged before it is refused; nothing is answered meanwhile. 0s: refused at once"`
}

// BundleConfig is one trust bundle.
type BundleConfig struct {
	URL    string          `yaml:"url" required:"true" want:"an https:// address" doc:"where it is: a p7b, or a p7m that its publisher signed"`
	CA     config.Path     `yaml:"ca" doc:"authorities that vouch for the web server, instead of the system's: a file or folder"`
	Signer config.Path     `yaml:"signer" doc:"the publisher's certificate; with it only a bundle that it signed is taken; absent: a p7b without signature"`
	Every  config.Duration `yaml:"every" default:"24h" min:"1m" max:"30d" doc:"how often it is fetched; the last good one stays in use meanwhile"`
	Node   config.Node     `yaml:"."`
}

// Wait is how long a delivery waits for its notifications.
type Wait struct {
	Processed  config.Duration `yaml:"processed" default:"1h" min:"1s" doc:"from the moment the mail was taken until the processed notification; then the next rail is tried"`
	Dispatched config.Duration `yaml:"dispatched" default:"1h" min:"1s" doc:"from the same moment until the dispatched notification, likewise"`
}

// Config is a channel of type direct. Its zero value is not usable: DecodeChannel fills the defaults.
type Config struct {
	Listen      string          `yaml:"listen" required:"true" want:"an address such as 127.0.0.1:2525" doc:"address the SMTP server listens on"`
	TLS         *TLS            `yaml:"tls" doc:"certificate for STARTTLS; required unless the server listens on this machine alone"`
	Allow       []netip.Prefix  `yaml:"allow" want:"an address range such as 10.1.0.0/16" doc:"who may connect; absent: everybody who reaches the port"`
	Connections int             `yaml:"max_connections" default:"500" min:"1" max:"20000" doc:"open connections; when full, the oldest that is sending nothing gives way"`
	Recipients  int             `yaml:"max_recipients" default:"100" min:"1" max:"1000" doc:"recipients of one message"`
	Idle        config.Duration `yaml:"idle_timeout" default:"5m" min:"100ms" max:"1h" doc:"how long a connection may be silent between commands"`
	Data        config.Duration `yaml:"data_timeout" default:"10m" min:"100ms" max:"2h" doc:"time for one whole message"`
}

// TLS is the server's certificate. TLS 1.2 is the least.
type TLS struct {
	Certificate config.Path `yaml:"certificate" required:"true" want:"a PEM file" doc:"certificate with its chain, PEM"`
	Key         config.Path `yaml:"key" required:"true" want:"a PEM file" doc:"private key, PEM"`
	Node        config.Node `yaml:"."`
}

// RailConfig is a rail of type direct of a partner. Its zero value sends 360X packages.
type RailConfig struct {
	Dialect     string      `yaml:"dialect" enum:"360x|360x+cda|plain|cda|pdf-cda" default:"360x" doc:"360x: an XDM package with the HL7 message; 360x+cda: the C-CDA beside it as well; plain: documents as attachments; cda: the C-CDA alone; pdf-cda: a PDF inside an Unstructured Document"`
	Outcome     string      `yaml:"outcome" enum:"osu|omg" default:"osu" doc:"360x: the message that carries interim notes and the report: OSU^O51, or OMG^O19 for partners that read it there"`
	Processing  string      `yaml:"processing" enum:"P|T|D" default:"P" doc:"MSH-11 of what we send; only T and D rails are told of test referrals"`
	Certificate config.Path `yaml:"certificate" doc:"the recipient's certificate; absent: looked for under direct.certificates, then in DNS"`
	Cipher      string      `yaml:"cipher" enum:"aes-256-cbc|aes-128-cbc|aes-256-gcm|aes-128-gcm" default:"aes-256-cbc" doc:"how content is encrypted; gcm only for a peer that is known to read it"`
	KeyWrap     string      `yaml:"key_transport" enum:"rsa-v1.5|oaep-sha-256|oaep-sha-1" default:"rsa-v1.5" doc:"how the content key is encrypted to an RSA certificate; oaep only for a peer that is known to read it. An EC certificate always gets ECDH"`
	XDM         string      `yaml:"xdm" enum:"lenient|strict" default:"lenient" doc:"packages that the partner sends: lenient: what can be lived with is read all the same; strict: missing hashes, names outside of ISO 9660, another patient or recipient than the package is meant for, and sets without a number hold the message for a person"`
	Node        config.Node `yaml:"."`
}

// encryption is what the codec is told; the zero value of RailConfig is what every peer reads.
func (c RailConfig) encryption() cms.EncryptOptions {
	return cms.EncryptOptions{
		KeyTransport: map[string]cms.KeyTransport{"oaep-sha-256": cms.OAEPSHA256, "oaep-sha-1": cms.OAEPSHA1}[c.KeyWrap],
		Content:      map[string]cms.ContentCipher{"aes-128-cbc": cms.AES128CBC, "aes-256-gcm": cms.AES256GCM, "aes-128-gcm": cms.AES128GCM}[c.Cipher],
	}
}

// withoutPackage reports whether the partner takes documents as attachments, not an XDM package.
func (c RailConfig) withoutPackage() bool {
	switch c.Dialect {
	case "plain", "cda", "pdf-cda":
		return true
	}
	return false
}

// DecodeSettings reads and checks `direct:`; every mistake goes to p. Files are read by Load.
func DecodeSettings(n config.Node, p *config.Problems) Settings {
	var s Settings
	n.Decode(&s, "direct", p)
	address, ok := direct.Canonical(s.Address)
	if s.Address != "" && !ok {
		p.Add(n.Field("address"), "got %q, want a Direct address such as referrals@direct.northside.example", s.Address)
	}
	if ok {
		s.Address = address
		if len(s.Domains) == 0 {
			s.Domains = []string{direct.Domain(address)}
		}
	}
	for i, d := range s.Domains {
		s.Domains[i] = strings.ToLower(d)
	}
	if ok && !s.local(address) {
		p.Add(n.Field("address"), "got an address outside of direct.domains, want one of ours")
	}
	for i := range s.Identities {
		s.Identities[i].check(p)
	}
	s.checkMode(p)
	for _, b := range s.Bundles {
		if u, err := url.Parse(b.URL); b.URL != "" && (err != nil || u.Scheme != "https" || u.Host == "") {
			p.Add(b.Node.Field("url"), "got an address that is not https, want https://host/path")
		}
	}
	if s.DNS != "" && s.DNS != dnsOff {
		if host, port, err := net.SplitHostPort(s.DNS); err != nil || host == "" || port == "" {
			p.Add(n.Field("dns"), "got %q, want a name server such as 10.1.0.53:53, or off", s.DNS)
		}
	}
	if _, err := parseRelay(s.Relay); s.Relay != "" && err != nil {
		p.Add(n.Field("relay"), "got %q, want smtp://host:port, smtps://host:port or smtp+insecure://host:port", s.Relay)
	}
	return s
}

func (c *IdentityConfig) check(p *config.Problems) {
	switch {
	case (c.Domain == "") == (c.Address == ""):
		p.Add(c.Node, "got both or none of domain and address, want one")
	case c.Address != "":
		a, ok := direct.Canonical(c.Address)
		if !ok {
			p.Add(c.Node.Field("address"), "got %q, want a Direct address", c.Address)
		}
		c.Address = a
	default:
		c.Domain = strings.ToLower(c.Domain)
	}
}

// dnsOff is the word for no discovery.
const dnsOff = "off"

// Network is what settings let the agent ask: DNS for certificates, and the addresses that certificates name. What
// is fetched is kept beside the configuration, under var/direct.
func (s Settings) Network(now func() time.Time) *trust.Network {
	return trust.NewNetwork(trust.NetworkConfig{
		Discover: !s.Edge() && s.DNS != dnsOff && (s.DNS != "" || !s.Node.Demo()), DNS: s.DNS, LDAP: s.LDAP, Allow: s.HTTPAllow, Grace: s.Revocation.Grace.D(),
		Dir: s.cacheDir(), Now: now,
	})
}

// cacheDir is where fetched lists and bundles outlive a restart.
func (s Settings) cacheDir() string { return s.Node.Resolve("var/direct") }

// local reports whether an address is in one of our domains.
func (s Settings) local(address string) bool {
	domain := direct.Domain(address)
	for _, d := range s.Domains {
		if strings.EqualFold(d, domain) {
			return true
		}
	}
	return false
}

// DecodeChannel reads and checks the keys of a channel of this type; every mistake goes to p.
func DecodeChannel(c config.Channel, p *config.Problems) Config {
	var cfg Config
	c.Decode(&cfg, p)
	host, _, err := net.SplitHostPort(cfg.Listen)
	switch {
	case cfg.Listen == "":
	case err != nil:
		p.Add(c.Node.Field("listen"), "got %q, want an address such as 127.0.0.1:2525", cfg.Listen)
	case cfg.TLS == nil && !loopback(host):
		p.Add(c.Node.Field("listen"), "got an address outside of this machine without tls, want tls: {certificate, key} beside it")
	}
	if t := cfg.TLS; t != nil && t.Certificate != "" && t.Key != "" && !c.Node.Demo() {
		if _, err := serverTLS(t); err != nil {
			p.Add(t.Node, "got files that cannot be used (%v), want a PEM certificate and its key", err)
		}
	}
	return cfg
}

// DecodeRail reads and checks the keys of a rail of this type; every mistake goes to p.
func DecodeRail(r config.Rail, p *config.Problems) RailConfig {
	var cfg RailConfig
	r.Decode(&cfg, p)
	if _, ok := direct.Canonical(r.Address); !ok {
		p.Add(r.Node.Field("address"), "got %q, want a Direct address such as referrals@direct.lakeside.example", r.Address)
	}
	return cfg
}

// relay is where mail is submitted.
type relay struct {
	address string // host:port
	host    string
	tls     tlsMode
}

type tlsMode int

const (
	tlsRequired tlsMode = iota // STARTTLS with a certificate that verifies
	tlsOffered                 // STARTTLS when offered
	tlsAtOnce                  // smtps
	tlsNever
	tlsAnyName // STARTTLS required, name not verified: MX hosts
)

func parseRelay(s string) (relay, error) {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.Path != "" && u.Path != "/" || u.User != nil || u.RawQuery != "" {
		return relay{}, errRelay
	}
	port := u.Port()
	r := relay{host: u.Hostname(), tls: tlsRequired}
	switch u.Scheme {
	case "smtp":
		if loopback(r.host) {
			r.tls = tlsOffered
		}
		port = orDefault(port, "25")
	case "smtps":
		r.tls = tlsAtOnce
		port = orDefault(port, "465")
	case "smtp+insecure":
		r.tls = tlsNever
		port = orDefault(port, "25")
	default:
		return relay{}, errRelay
	}
	r.address = net.JoinHostPort(r.host, port)
	return r, nil
}

func orDefault(s, d string) string {
	if s == "" {
		return d
	}
	return s
}

// loopback tells whether a host is this machine without asking DNS.
func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	a, err := netip.ParseAddr(host)
	return err == nil && a.Unmap().IsLoopback()
}
