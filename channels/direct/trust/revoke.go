package trust

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ocsp"

	"refloop/direct"
)

// revocation adds to p what is published about c: the lists at its distribution points, and when none of them is
// current, the answer of its OCSP responder. What could not be had for now is noted.
func (g *gathering) revocation(ctx context.Context, c, issuer *x509.Certificate, p *direct.Policy) {
	have := false
	var missed error
	for _, u := range first(c.CRLDistributionPoints, maxURLs) {
		if !strings.HasPrefix(u, "http://") && !strings.HasPrefix(u, "https://") {
			continue
		}
		list, err := g.listAt(ctx, u, issuer)
		if errors.Is(err, errPassing) {
			missed = err
		}
		if list == nil {
			continue
		}
		p.CRLs = append(p.CRLs[:len(p.CRLs):len(p.CRLs)], list)
		have = have || direct.Current(list, c, issuer, *p)
	}
	if have {
		return
	}
	for _, u := range first(c.OCSPServer, maxURLs) {
		s, err := g.statusAt(ctx, u, c, issuer)
		if s != nil {
			p.Statuses = append(p.Statuses[:len(p.Statuses):len(p.Statuses)], *s)
			return
		}
		if errors.Is(err, errPassing) {
			missed = err
		}
	}
	if missed != nil {
		g.missed = missed
	}
}

// listed is what is kept of one address: a list, and why no newer one could be had.
type listed struct {
	list *x509.RevocationList
	err  error
}

// listAt returns the newest list of an issuer that can be had at an address: from memory, the network, then
// the disk. An old list is better than none; whether it still counts is for the policy. The error is that of the fetch.
func (g *gathering) listAt(ctx context.Context, address string, issuer *x509.Certificate) (*x509.RevocationList, error) {
	now := g.n.cfg.Now()
	key := keyOf(address, issuer)
	if l, _, ok := g.n.lists.get(key, now); ok {
		return l.list, l.err
	}
	last, _ := g.n.lists.last(key)
	old := last.list
	if old == nil {
		old = g.n.readList(key, issuer)
	}
	if !g.take() {
		return old, nil
	}
	list, err := g.n.fetchList(ctx, address, issuer)
	if err != nil || old != nil && list.ThisUpdate.Before(old.ThisUpdate) {
		list = old // also against somebody who plays an older list to us
	} else {
		g.n.writeList(key, list)
	}
	until := now.Add(listFresh)
	if err != nil {
		until = now.Add(failedFor)
	} else if !list.NextUpdate.IsZero() && list.NextUpdate.Before(until) {
		until = list.NextUpdate
	}
	g.n.lists.put(key, listed{list, err}, nil, until)
	return list, err
}

func (n *Network) fetchList(ctx context.Context, address string, issuer *x509.Certificate) (*x509.RevocationList, error) {
	b, err := get(ctx, n.client, address)
	if err != nil {
		return nil, err
	}
	return listOf(b, issuer)
}

// listOf reads one list that the issuer signed.
func listOf(b []byte, issuer *x509.Certificate) (*x509.RevocationList, error) {
	m, err := parse(b)
	if err != nil {
		return nil, err
	}
	for _, l := range m.crls {
		if bytes.Equal(l.RawIssuer, issuer.RawSubject) && l.CheckSignatureFrom(issuer) == nil {
			return l, nil
		}
	}
	return nil, errors.New("trust: got no revocation list of the issuer")
}

// keyOf names a list by its address and issuer, so that one issuer's list never stands for another's.
func keyOf(address string, issuer *x509.Certificate) string {
	h := sha256.New()
	h.Write([]byte(address + "\x00"))
	h.Write(issuer.Raw)
	return hex.EncodeToString(h.Sum(nil))
}

func (n *Network) readList(key string, issuer *x509.Certificate) *x509.RevocationList {
	if n.cfg.Dir == "" {
		return nil
	}
	b, err := os.ReadFile(filepath.Join(n.cfg.Dir, key+".crl"))
	if err != nil {
		return nil
	}
	list, err := listOf(b, issuer)
	if err != nil {
		return nil
	}
	return list
}

// writeList keeps a list for the next start. That it cannot be kept changes nothing now.
func (n *Network) writeList(key string, list *x509.RevocationList) {
	if n.cfg.Dir != "" {
		_ = writeFile(filepath.Join(n.cfg.Dir, key+".crl"), list.Raw)
	}
}

// writeFile replaces a file in one step and makes its folder.
func writeFile(path string, b []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("trust: %w", err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return fmt.Errorf("trust: %w", err)
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("trust: %w", err), os.Remove(f.Name()))
	}
	return nil
}

// statusAt asks one OCSP responder (RFC 6960) about c.
func (g *gathering) statusAt(ctx context.Context, address string, c, issuer *x509.Certificate) (*direct.Status, error) {
	now := g.n.cfg.Now()
	key := keyOf(address, c)
	if s, err, ok := g.n.answers.get(key, now); ok {
		return s, err
	}
	if !g.take() {
		return nil, nil
	}
	s, err := g.n.askStatus(ctx, address, c, issuer)
	if err != nil {
		g.n.answers.put(key, nil, err, now.Add(failedFor))
		return nil, err
	}
	until := now.Add(listFresh)
	if !s.NextUpdate.IsZero() && s.NextUpdate.Before(until) {
		until = s.NextUpdate
	}
	g.n.answers.put(key, s, nil, until)
	return s, nil
}

func (n *Network) askStatus(ctx context.Context, address string, c, issuer *x509.Certificate) (*direct.Status, error) {
	q, err := ocsp.CreateRequest(c, issuer, nil)
	if err != nil {
		return nil, fmt.Errorf("trust: OCSP: %w", err)
	}
	r, err := http.NewRequest(http.MethodPost, address, bytes.NewReader(q))
	if err != nil {
		return nil, errors.New("trust: OCSP: got an address that is no URL")
	}
	r.Header.Set("Content-Type", "application/ocsp-request")
	b, err := fetch(ctx, n.client, r)
	if err != nil {
		return nil, err
	}
	a, err := ocsp.ParseResponseForCert(b, c, issuer)
	if err != nil {
		return nil, fmt.Errorf("trust: OCSP: %w", err)
	}
	if d := a.Certificate; d != nil && !d.Equal(issuer) {
		now := n.cfg.Now()
		if !slices.Contains(d.ExtKeyUsage, x509.ExtKeyUsageOCSPSigning) || now.Before(d.NotBefore) || now.After(d.NotAfter) {
			return nil, errors.New("trust: OCSP: the responder's certificate may not answer (RFC 6960 section 4.2.2.2)")
		}
	}
	if a.Status == ocsp.Unknown {
		return nil, errors.New("trust: OCSP: the responder does not know the certificate")
	}
	s := &direct.Status{Certificate: c, Revoked: a.Status == ocsp.Revoked, RevokedAt: a.RevokedAt, ThisUpdate: a.ThisUpdate, NextUpdate: a.NextUpdate}
	if s.NextUpdate.IsZero() {
		s.NextUpdate = s.ThisUpdate.Add(24 * time.Hour)
	}
	return s, nil
}
