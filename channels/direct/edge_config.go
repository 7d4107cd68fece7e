package direct

import (
	"errors"
	"net"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"refloop/channels/mailbox"
	"refloop/config"
	"refloop/direct"
)

// Modes of `direct.mode`.
const (
	ModeSTA  = "sta"  // we sign, encrypt and judge trust
	ModeEdge = "edge" // a HISP does; we talk to its edge
)

// HISP are the keys under `direct.hisp`: the edge of the HISP that signs, encrypts and judges trust for us.
type HISP struct {
	Submission string          `yaml:"submission" required:"true" want:"smtps://host or smtp://host" doc:"where our mail is submitted: smtps:// is TLS at once (port 465), smtp:// needs STARTTLS (587), smtp+insecure:// is without TLS and for this machine alone"`
	Username   string          `yaml:"username" required:"true" want:"the login name" doc:"login name for submission"`
	Password   config.Secret   `yaml:"password" required:"true" want:"the password, as {file: var/hisp.password} or {env: NAME}" doc:"password for submission"`
	Login      string          `yaml:"login" enum:"auto|plain|login" default:"auto" doc:"how to log in: AUTH PLAIN or AUTH LOGIN; auto takes PLAIN when the server offers it"`
	Domains    []string        `yaml:"domains" doc:"domains in whose name the HISP reports on our mail, besides the recipient's, ours and that of its servers: a notification or delivery status from anybody else is not believed"`
	Notices    string          `yaml:"notices" enum:"hisp|dispatched" default:"hisp" doc:"hisp: the HISP sends the processed and dispatched notifications about mail that we get, we send none; dispatched: it sends processed alone, we send dispatched, or failed, once the mail was taken up here"`
	Timeout    config.Duration `yaml:"timeout" default:"1m" min:"100ms" max:"10m" doc:"how long the server may take for one answer; a whole mail may take five times as long"`
	TLS        mailbox.TLS     `yaml:"tls" doc:"how the server's certificate is checked; absent: the system's authorities and the host of submission"`
	Node       config.Node     `yaml:"."`

	mu      sync.Mutex
	refused time.Time // when the login was last refused; zero: not since it was taken
	since   time.Time // when it was first refused, then
}

// refusedSince is when the login was first refused since it was last taken; zero: it is not.
func (h *HISP) refusedSince() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.since
}

// waits tells whether the login was refused a short while ago: another one for every mail that waits would lock the account.
func (h *HISP) waits(now time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return !h.refused.IsZero() && now.Sub(h.refused) < longRetry
}

// loggedIn notes what became of a login.
func (h *HISP) loggedIn(now time.Time, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case err == nil:
		h.refused, h.since = time.Time{}, time.Time{}
	case errors.Is(err, errRefusedLogin):
		if h.refused = now; h.since.IsZero() {
			h.since = now
		}
	}
}

// EdgeConfig is a channel of type direct in edge mode: a mailbox at the HISP.
type EdgeConfig struct {
	Mailbox *mailbox.Config `yaml:"mailbox" doc:"the mailbox at the HISP where mail for us waits; in mode edge alone, instead of listen"`
	Node    config.Node     `yaml:"."`
}

// Edge tells whether a HISP does what an agent of ours would.
func (s Settings) Edge() bool { return s.Mode == ModeEdge }

// forSTA are the keys of `direct:` that say nothing when a HISP holds keys and trust.
var forSTA = []string{"identities", "anchors", "intermediates", "bundles", "certificates", "dns", "ldap", "http_allow", "revocation", "relay"}

// checkMode judges the keys that belong to one mode alone.
func (s *Settings) checkMode(p *config.Problems) {
	if !s.Edge() {
		if s.HISP != nil {
			p.Add(s.Node.Field("hisp"), "got it in mode sta, want mode: edge beside it, or no hisp:")
		}
		return
	}
	for _, key := range forSTA {
		if n := s.Node.Field(key); n.Present() {
			p.Add(n, "got it in mode edge, want it left out: the HISP holds keys and trust")
		}
	}
	if s.HISP == nil {
		p.Add(s.Node, "got mode edge without hisp, want hisp: {submission: smtps://host, username: ..., password: ...}")
		return
	}
	s.HISP.check(p)
}

func (h *HISP) check(p *config.Problems) {
	t, err := parseSubmission(h.Submission)
	switch {
	case h.Submission == "":
	case err != nil:
		p.Add(h.Node.Field("submission"), "got an address that is none, want smtps://host, smtp://host, with :port when it is another")
	case t.tls == tlsNever && !loopback(t.host):
		p.Add(h.Node.Field("submission"), "got a server outside of this machine without TLS, want smtps:// or smtp://")
	}
	for i, d := range h.Domains {
		if _, ok := direct.Canonical("x@" + d); !ok {
			p.Add(h.Node.Field("domains"), "got %q, want a domain such as hisp.example", d)
		}
		h.Domains[i] = strings.ToLower(d)
	}
	if _, err := h.TLS.Client(t.host); err != nil {
		p.Add(h.TLS.Node.Field("ca"), "got a file that cannot be used (%v), want certificates in PEM", err)
	}
}

var errSubmission = errors.New("direct: submission: want smtps://host or smtp://host")

// parseSubmission reads where mail is submitted. Without TLS it is for this machine alone.
func parseSubmission(s string) (relay, error) {
	u, err := url.Parse(s)
	if err != nil || u.Hostname() == "" || u.Path != "" && u.Path != "/" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return relay{}, errSubmission
	}
	r := relay{host: u.Hostname()}
	port := "587"
	switch u.Scheme {
	case "smtp":
		r.tls = tlsRequired
	case "smtps":
		r.tls, port = tlsAtOnce, "465"
	case "smtp+insecure":
		r.tls = tlsNever
	default:
		return relay{}, errSubmission
	}
	r.address = net.JoinHostPort(r.host, orDefault(u.Port(), port))
	return r, nil
}

// DecodeEdge reads and checks the keys of a channel of this type in edge mode; every mistake goes to p.
func DecodeEdge(c config.Channel, p *config.Problems) EdgeConfig {
	var cfg EdgeConfig
	c.Decode(&cfg, p)
	if cfg.Mailbox == nil {
		p.Add(c.Node, "got a channel without mailbox in mode edge, want mailbox: {url: imaps://host, username: ..., password: ...}")
		return cfg
	}
	cfg.Mailbox.Check(p)
	return cfg
}

// CheckEdge reports keys of a rail that say nothing when the HISP encrypts.
func (c RailConfig) CheckEdge(p *config.Problems) {
	for _, key := range []string{"certificate", "cipher", "key_transport"} {
		if n := c.Node.Field(key); n.Present() {
			p.Add(n, "got it in mode edge, want it left out: the HISP encrypts")
		}
	}
}

// reports tells whether a domain may report on mail of ours to a recipient: the recipient's own, ours, the HISP's servers' and those configured.
func (s Settings) reports(domain, recipient string) bool {
	domain = strings.ToLower(domain)
	if domain == "" {
		return false
	}
	if strings.EqualFold(domain, direct.Domain(recipient)) || slices.Contains(s.Domains, domain) || s.HISP == nil {
		return s.HISP != nil
	}
	t, err := parseSubmission(s.HISP.Submission)
	host := strings.ToLower(t.host)
	return slices.Contains(s.HISP.Domains, domain) || err == nil && strings.Contains(domain, ".") && (host == domain || strings.HasSuffix(host, "."+domain))
}
