package direct

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"refloop/channels/direct/trust"
	"refloop/config"
)

var errRelay = errors.New("direct: relay: want smtp://host:port")

func serverTLS(t *TLS) (*tls.Config, error) {
	pair, err := tls.LoadX509KeyPair(string(t.Certificate), string(t.Key))
	if err != nil {
		return nil, fmt.Errorf("direct: tls: %w", err)
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair}}, nil
}

// EnsureDemo makes the identities and anchor folders that settings name and
// that do not exist yet. Only for `demo: true`. It returns the certificate files it made.
// Each identity's anchor is written beside it (trust.DemoAnchor); a peer trusts us once it has that file.
func EnsureDemo(s Settings, now time.Time) (made []string, err error) {
	for _, id := range s.Identities {
		domain := id.Domain
		if domain == "" {
			continue // an address-bound identity is somebody's own: never made up
		}
		ok, err := trust.MakeDemo(trust.Demo{Domain: domain, Certificate: string(id.Certificate), Key: string(id.Key), Now: now})
		if err != nil {
			return made, err
		}
		if ok {
			made = append(made, string(id.Certificate))
		}
	}
	for _, path := range s.paths() {
		if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
			if err := os.MkdirAll(path, 0o755); err != nil {
				return made, fmt.Errorf("direct: demo: %w", err)
			}
		}
	}
	return made, nil
}

// paths are the files and folders of anchors, intermediates and certificates.
func (s Settings) paths() (out []string) {
	add := func(list []config.Path) {
		for _, p := range list {
			out = append(out, string(p))
		}
	}
	for _, a := range s.Anchors {
		add(a.Inbound)
		add(a.Outbound)
	}
	add(s.Intermediates)
	add(s.Certificates)
	return out
}

// Load reads every file that settings and the direct rails of partners name. Each mistake goes to p
// at its place; with demo: true files that do not exist are none.
func Load(s Settings, rails []RailConfig, p *config.Problems) *trust.Store {
	l := loader{p: p}
	var identities []trust.Identity
	for _, c := range s.Identities {
		if c.Certificate == "" || c.Key == "" {
			continue
		}
		id, err := trust.ReadIdentity(string(c.Certificate), string(c.Key))
		if err != nil {
			l.problem(c.Node, err)
			continue
		}
		use := map[string]trust.Use{"both": trust.Both, "sign": trust.Sign, "encrypt": trust.Encrypt}[c.Use]
		identities = append(identities, trust.Identity{Address: c.Address, Domain: c.Domain, Use: use, Identity: id})
	}
	var anchors []trust.Anchors
	for _, a := range s.Anchors {
		anchors = append(anchors, trust.Anchors{Domain: a.Domain, Inbound: l.certs(a.Node.Field("inbound"), a.Inbound), Outbound: l.certs(a.Node.Field("outbound"), a.Outbound)})
	}
	intermediates := l.certs(s.Node.Field("intermediates"), s.Intermediates)
	var peers []*x509.Certificate
	for _, r := range rails {
		if r.Certificate != "" {
			peers = append(peers, l.certs(r.Node.Field("certificate"), []config.Path{r.Certificate})...)
		}
	}
	peers = append(peers, l.certs(s.Node.Field("certificates"), s.Certificates)...)
	return trust.New(identities, anchors, intermediates, peers, l.crls).Requiring(s.Revocation.Required)
}

// Bundles makes the trust bundles that settings name; nil when there are none. Each mistake goes to p.
func Bundles(s Settings, now func() time.Time, log *slog.Logger, p *config.Problems) *trust.Bundles {
	l := loader{p: p}
	var list []trust.Bundle
	for _, b := range s.Bundles {
		one := trust.Bundle{URL: b.URL, Every: b.Every.D()}
		if b.Signer != "" {
			one.Signer = l.certs(b.Node.Field("signer"), []config.Path{b.Signer})
		}
		if b.CA != "" {
			one.CA = l.certs(b.Node.Field("ca"), []config.Path{b.CA})
		}
		if b.Signer == "" || len(one.Signer) > 0 {
			list = append(list, one)
		}
	}
	if len(list) == 0 {
		return nil
	}
	return trust.NewBundles(list, s.cacheDir(), now, log)
}

// loader collects certificates and mistakes.
type loader struct {
	p    *config.Problems
	crls []*x509.RevocationList
}

func (l *loader) certs(n config.Node, paths []config.Path) (out []*x509.Certificate) {
	for _, path := range paths {
		certs, crls, err := trust.ReadCertificates(string(path))
		if err != nil {
			l.problem(n, err)
			continue
		}
		out, l.crls = append(out, certs...), append(l.crls, crls...)
	}
	return out
}

func (l *loader) problem(n config.Node, err error) {
	if n.Demo() && errors.Is(err, os.ErrNotExist) {
		return
	}
	l.p.Add(n, "got files that cannot be used (%v), want certificates", err)
}
