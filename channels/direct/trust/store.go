// Package trust holds what the Direct rail knows about certificates: our
// identities, the anchors of each domain, known certificates of peers and revocation lists,
// from local files (Store); and what can be asked (Network): certificates published in DNS (RFC 4398) and LDAP (RFC 4511, servers by SRV records),
// issuers by authority information access, revocation lists and OCSP answers. It hands direct.Policy values to the codec, which judges.
//
// Anchors and revocation lists of a folder are read together: *.crl files beside the
// anchors count for every judgement. Certificates of strangers name what is fetched, so a fetch reaches public
// addresses only, besides those that are allowed, and has limits on time, size and number.
//
// Decided and left out: CERT records that hold an address (see readRecord), LDAP over TLS and LDAP referrals (what a directory gives is public
// and counts only when it leads to an anchor of ours, so TLS would protect nothing that trust does not; a SRV name with TLS has no place in
// direct.md section 8), delta revocation lists and lists by LDAP (their certificates fall back to OCSP, else they are refused).
package trust

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"refloop/direct"
	"refloop/direct/cms"
)

// Use says what an identity may do.
type Use int

// Uses of an identity.
const (
	Both Use = iota
	Sign
	Encrypt // peers encrypt to it: it opens what comes
)

// Identity is a certificate and key of ours for one address or one domain.
type Identity struct {
	Address string // canonical; empty: for the whole domain
	Domain  string // lower case
	Use     Use
	cms.Identity
}

// Anchors are the anchors of one local domain; Domain "*" is for every domain without its own.
type Anchors struct {
	Domain            string
	Inbound, Outbound []*x509.Certificate
}

// Store is the loaded set. It is immutable and safe for concurrent use.
type Store struct {
	identities    []Identity
	anchors       []Anchors
	intermediates []*x509.Certificate
	peers         []*x509.Certificate
	crls          []*x509.RevocationList
	bundles       *Bundles
	required      bool // something current must be known of the revocation of every certificate
}

// Digest is the same for stores that hold the same certificates and revocation lists for the same purposes: it tells whether a reload has
// changed anything. Keys count by their certificates.
func (s *Store) Digest() string {
	h := sha256.New()
	list := func(name string, certs []*x509.Certificate) {
		fmt.Fprintf(h, "%q %d ", name, len(certs))
		for _, c := range certs {
			fmt.Fprintf(h, "%x ", sha256.Sum256(c.Raw))
		}
	}
	for _, id := range s.identities {
		list(fmt.Sprint("identity ", id.Address, " ", id.Domain, " ", id.Use), []*x509.Certificate{id.Certificate})
	}
	for _, a := range s.anchors {
		list("inbound "+a.Domain, a.Inbound)
		list("outbound "+a.Domain, a.Outbound)
	}
	list("intermediates", s.intermediates)
	list("peers", s.peers)
	for _, l := range s.crls {
		fmt.Fprintf(h, "crl %x ", sha256.Sum256(l.Raw))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// ErrNoIdentity: no certificate of ours may be used for the address.
var ErrNoIdentity = errors.New("no identity")

// New makes a store of values that are already loaded.
func New(identities []Identity, anchors []Anchors, intermediates, peers []*x509.Certificate, crls []*x509.RevocationList) *Store {
	return &Store{identities: identities, anchors: anchors, intermediates: intermediates, peers: peers, crls: crls}
}

// With returns the store with the anchors of bundles, as they are at each judgement, added for every domain.
func (s *Store) With(b *Bundles) *Store {
	out := *s
	out.bundles = b
	return &out
}

// Requiring returns the store with policies that refuse (required) or put up with a certificate of whose revocation nothing can be known,
// because it names neither lists nor a responder and no list of its issuer is here.
func (s *Store) Requiring(required bool) *Store {
	out := *s
	out.required = required
	return &out
}

// Identities are all identities, in the order they were configured.
func (s *Store) Identities() []Identity { return slices.Clone(s.identities) }

// Decrypting returns the identities that may open mail for an address:
// those of the address first, then those of its domain.
func (s *Store) Decrypting(address string) []cms.Identity { return s.forAddress(address, Sign) }

// Signing returns the identity that signs for an address. Error: ErrNoIdentity.
func (s *Store) Signing(address string) (cms.Identity, error) {
	list := s.forAddress(address, Encrypt)
	if len(list) == 0 {
		return cms.Identity{}, fmt.Errorf("trust: signing for an address of %s: got %w, want one under direct.identities", direct.Domain(address), ErrNoIdentity)
	}
	return list[0], nil
}

// forAddress lists identities for an address that are not only for the other use.
func (s *Store) forAddress(address string, not Use) []cms.Identity {
	address, ok := direct.Canonical(address)
	if !ok {
		return nil
	}
	var exact, domain []cms.Identity
	for _, id := range s.identities {
		switch {
		case id.Use == not:
		case id.Address != "" && id.Address == address:
			exact = append(exact, id.Identity)
		case id.Address == "" && strings.EqualFold(id.Domain, direct.Domain(address)):
			domain = append(domain, id.Identity)
		}
	}
	return append(exact, domain...)
}

// Inbound is the policy for what comes to a local address at a time.
func (s *Store) Inbound(address string, at time.Time) direct.Policy {
	p := s.policy(at)
	p.Anchors = s.anchorsFor(address).Inbound
	return p
}

// Outbound is the policy for what a local address sends at a time.
func (s *Store) Outbound(address string, at time.Time) direct.Policy {
	p := s.policy(at)
	p.Anchors = s.anchorsFor(address).Outbound
	return p
}

func (s *Store) policy(at time.Time) direct.Policy {
	return direct.Policy{Intermediates: s.intermediates, CRLs: s.crls, At: at, NeedCRL: s.required}
}

// anchorsFor returns the anchors of the address's domain, else those of "*", and those of bundles.
func (s *Store) anchorsFor(address string) Anchors {
	all, shared := s.filed(address), s.bundles.Anchors()
	all.Inbound, all.Outbound = append(all.Inbound, shared...), append(all.Outbound, shared...)
	return all
}

func (s *Store) filed(address string) Anchors {
	domain := strings.ToLower(direct.Domain(address))
	var all Anchors
	found := false
	for _, a := range s.anchors {
		if strings.EqualFold(a.Domain, domain) {
			all.Inbound, all.Outbound, found = append(all.Inbound, a.Inbound...), append(all.Outbound, a.Outbound...), true
		}
	}
	if found {
		return all
	}
	for _, a := range s.anchors {
		if a.Domain == "*" {
			all.Inbound, all.Outbound = append(all.Inbound, a.Inbound...), append(all.Outbound, a.Outbound...)
		}
	}
	return all
}

// Certificates returns the known certificates that speak for an address, in the order they were configured.
func (s *Store) Certificates(address string) []*x509.Certificate {
	var out []*x509.Certificate
	for _, c := range s.peers {
		if direct.Binding(c, address) != "" {
			out = append(out, c)
		}
	}
	return out
}

// Chain returns the configured intermediates that lead from c upward, to be sent along with a signature.
func (s *Store) Chain(c *x509.Certificate) []*x509.Certificate {
	var out []*x509.Certificate
	for range direct.DefaultChain {
		i := issuer(c, s.intermediates)
		if i == nil || i.Equal(c) {
			break
		}
		out, c = append(out, i), i
	}
	return out
}

func issuer(c *x509.Certificate, among []*x509.Certificate) *x509.Certificate {
	for _, i := range among {
		if string(i.RawSubject) == string(c.RawIssuer) && c.CheckSignatureFrom(i) == nil {
			return i
		}
	}
	return nil
}
