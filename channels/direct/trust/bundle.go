package trust

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"refloop/direct/cms"
)

// Bundle is one trust bundle: a PKCS#7 of anchors that its publisher keeps at an address.
type Bundle struct {
	URL    string
	Signer []*x509.Certificate // who signs it (p7m); nil: a plain p7b is taken, which HTTPS alone protects
	CA     []*x509.Certificate // who vouches for the web server; nil: the system's authorities
	Every  time.Duration       // between two fetches
}

// Limits of bundles.
const (
	bundleRetry = 15 * time.Minute // after a failure, unless Every is shorter
	bundleLook  = 5 * time.Second  // how often the file of the last good one is looked at: another process may have replaced it
	bundleStale = 3                // not fetched for so many times Every: somebody is told
	manyPart    = 5                // more than one in manyPart anchors gone at once waits for a person
)

// ErrShrunk: a bundle that was fetched lacks many of the anchors in use. It is kept beside the last good one, which stays in use until a
// person accepts the new one (Accept).
var ErrShrunk = errors.New("many anchors are gone")

// Bundles keeps trust bundles current. Their anchors count for every domain, in both directions. The last good one
// of each is on disk and outlives a restart, a failing publisher and a wrong signature. It is safe for concurrent use.
type Bundles struct {
	list    []Bundle
	dir     string
	clients []*http.Client
	log     *slog.Logger
	now     func() time.Time

	mu      sync.Mutex
	loaded  []loadedBundle
	changed chan struct{} // capacity 1: something about a bundle is news
}

type loadedBundle struct {
	certs  []*x509.Certificate
	stamp  time.Time // of the file
	looked time.Time
	fault  error // of the last fetch
}

// NewBundles makes the set; dir is where the last good ones are. It fetches nothing yet.
func NewBundles(list []Bundle, dir string, now func() time.Time, log *slog.Logger) *Bundles {
	b := &Bundles{list: list, dir: dir, log: log, now: now, loaded: make([]loadedBundle, len(list)), changed: make(chan struct{}, 1)}
	for _, one := range list {
		b.clients = append(b.clients, newClient(nil, one.CA...)) // the operator names these addresses, so they may be inside
	}
	return b
}

// Anchors are the certificates of all bundles as they are on disk. A nil Bundles has none.
func (b *Bundles) Anchors() (out []*x509.Certificate) {
	if b == nil {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := range b.list {
		out = append(out, b.current(i)...)
	}
	return out
}

// current reads the file of a bundle again when it changed; the caller holds mu.
func (b *Bundles) current(i int) []*x509.Certificate {
	l := &b.loaded[i]
	now := b.now()
	if !l.looked.IsZero() && now.Sub(l.looked) < bundleLook && !now.Before(l.looked) {
		return l.certs
	}
	l.looked = now
	info, err := os.Stat(b.file(i))
	if err != nil || info.ModTime().Equal(l.stamp) {
		return l.certs
	}
	if raw, err := os.ReadFile(b.file(i)); err == nil {
		if certs, err := b.list[i].anchors(raw, now); err == nil {
			l.certs, l.stamp = certs, info.ModTime()
		}
	}
	return l.certs
}

func (b *Bundles) file(i int) string {
	sum := sha256.Sum256([]byte(b.list[i].URL))
	return filepath.Join(b.dir, "bundle-"+hex.EncodeToString(sum[:16])+".p7")
}

// offered is the file of a bundle that waits for a person.
func (b *Bundles) offered(i int) string { return b.file(i) + ".offered" }

// anchors reads and verifies a bundle: certs-only PKCS#7, or the same as content of a PKCS#7 that its publisher signed.
func (c Bundle) anchors(raw []byte, now time.Time) ([]*x509.Certificate, error) {
	lim := cms.Limits{Bytes: maxFile, Certificates: maxFiles}
	sd, err := cms.ParseSigned(unarmour(raw), lim)
	if err != nil {
		return nil, fmt.Errorf("trust: bundle: %w", err)
	}
	if len(c.Signer) > 0 || sd.Content != nil {
		if err := c.verify(sd, now); err != nil {
			return nil, err
		}
		if sd, err = cms.ParseSigned(unarmour(sd.Content), lim); err != nil {
			return nil, fmt.Errorf("trust: bundle: signed content: %w", err)
		}
	}
	var out []*x509.Certificate
	for _, cert := range sd.Certificates {
		if now.Before(cert.NotAfter) {
			out = append(out, cert)
		}
	}
	if len(out) == 0 {
		return nil, errors.New("trust: bundle: got no current certificate, want anchors")
	}
	return out, nil
}

// verify asks for a signature by exactly a configured certificate: a bundle's publisher is no anchor and has no path.
func (c Bundle) verify(sd *cms.Signed, now time.Time) error {
	if len(c.Signer) == 0 {
		return errors.New("trust: bundle: got a signed one, want its publisher's certificate as signer")
	}
	signers, err := sd.Verify(nil, c.Signer...)
	if err != nil {
		return fmt.Errorf("trust: bundle: %w", err)
	}
	for _, s := range signers {
		if s.Err == nil && contains(c.Signer, s.Certificate) && !now.Before(s.Certificate.NotBefore) && !now.After(s.Certificate.NotAfter) {
			return nil
		}
	}
	return errors.New("trust: bundle: got a signature of somebody else than the configured signer, or one that expired")
}

// Update fetches bundle i and, when it is good, puts it in the place of the last one. ErrShrunk: it waits for a person.
func (b *Bundles) Update(ctx context.Context, i int) error {
	raw, err := get(ctx, b.clients[i], b.list[i].URL)
	if err != nil {
		return err
	}
	certs, err := b.list[i].anchors(raw, b.now())
	if err != nil {
		return err
	}
	gone, before := b.missing(i, certs)
	if gone > 1 && gone*manyPart > before {
		if err := writeFile(b.offered(i), raw); err != nil {
			return err
		}
		return fmt.Errorf("trust: bundle: %w: %d of %d; the last good one stays in use, and only a person can accept the new one: refloop direct bundles", ErrShrunk, gone, before)
	}
	return b.install(i, raw, certs, gone)
}

// missing counts the anchors in use that certs do not hold, and those in use; what ended by itself does not count.
func (b *Bundles) missing(i int, certs []*x509.Certificate) (gone, before int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.current(i) {
		if !b.now().Before(c.NotAfter) {
			continue
		}
		before++
		if !contains(certs, c) {
			gone++
		}
	}
	return gone, before
}

// install makes raw the bundle in use.
func (b *Bundles) install(i int, raw []byte, certs []*x509.Certificate, gone int) error {
	if err := writeFile(b.file(i), raw); err != nil {
		return err
	}
	if err := os.Remove(b.offered(i)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("trust: bundle: %w", err)
	}
	b.mu.Lock()
	b.loaded[i] = loadedBundle{certs: certs, looked: b.now(), fault: b.loaded[i].fault}
	b.mu.Unlock()
	b.log.Info("trust bundle taken", "bundle", b.list[i].name(), "anchors", len(certs), "gone", gone)
	return nil
}
