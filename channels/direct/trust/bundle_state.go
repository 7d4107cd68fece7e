package trust

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"
)

// BundleState is how one trust bundle is. Its keys are stable.
type BundleState struct {
	URL     string    `json:"url"` // without a query, which may hold a token
	Anchors int       `json:"anchors"`
	Taken   time.Time `json:"taken,omitzero"` // when the one in use was fetched; zero: there is none yet
	Stale   bool      `json:"stale"`          // not fetched for a long time
	Fault   string    `json:"fault,omitempty"`

	// Offered is a newer one that lacks many anchors and waits for a person; nil: none does.
	Offered *OfferedBundle `json:"offered,omitempty"`
}

// OfferedBundle is a bundle that was fetched and is not in use.
type OfferedBundle struct {
	At      time.Time `json:"at"`
	SHA256  string    `json:"sha256"` // of the file, hex
	Anchors int       `json:"anchors"`
	Gone    []string  `json:"gone"` // anchors in use that it lacks: subject and the beginning of their SHA-256
	Added   int       `json:"added"`
}

// States says how each bundle is, in the order they were configured. A nil Bundles has none.
func (b *Bundles) States() (out []BundleState) {
	if b == nil {
		return nil
	}
	for i := range b.list {
		out = append(out, b.state(i))
	}
	return out
}

func (b *Bundles) state(i int) BundleState {
	b.mu.Lock()
	certs, fault := b.current(i), b.loaded[i].fault
	b.mu.Unlock()
	s := BundleState{URL: b.list[i].name(), Anchors: len(certs)}
	if info, err := os.Stat(b.file(i)); err == nil {
		s.Taken = info.ModTime().UTC()
		s.Stale = b.now().Sub(s.Taken) > bundleStale*b.list[i].Every+bundleRetry // its file is written at each fetch
	} else {
		s.Stale = fault != nil
	}
	if fault != nil {
		s.Fault = fault.Error()
	}
	if s.Offered = b.offer(i, certs); s.Offered == nil && errors.Is(fault, ErrShrunk) {
		s.Fault = "" // accepted since
	}
	return s
}

// offer reads the bundle that waits for a person; one that is no longer good counts for nothing.
func (b *Bundles) offer(i int, inUse []*x509.Certificate) *OfferedBundle {
	info, err := os.Stat(b.offered(i))
	if err != nil {
		return nil
	}
	raw, err := os.ReadFile(b.offered(i))
	if err != nil {
		return nil
	}
	certs, err := b.list[i].anchors(raw, b.now())
	if err != nil {
		return nil
	}
	sum := sha256.Sum256(raw)
	o := &OfferedBundle{At: info.ModTime().UTC(), SHA256: hex.EncodeToString(sum[:]), Anchors: len(certs), Gone: []string{}}
	for _, c := range inUse {
		if b.now().Before(c.NotAfter) && !contains(certs, c) {
			o.Gone = append(o.Gone, c.Subject.String()+" "+Fingerprint(c)[:16])
		}
	}
	for _, c := range certs {
		if !contains(inUse, c) {
			o.Added++
		}
	}
	return o
}

// Accept puts the bundle that waits for a person into use; sum is its SHA-256 as States gave it, so that what was looked at is what is
// taken. It checks the bundle again.
func (b *Bundles) Accept(url, sum string) error {
	if b == nil {
		return errors.New("trust: bundle: got no bundles in the configuration")
	}
	for i, one := range b.list {
		if one.URL != url && one.name() != url {
			continue
		}
		raw, err := os.ReadFile(b.offered(i))
		if err != nil {
			return fmt.Errorf("trust: bundle: %s: got none that waits for a person", one.name())
		}
		if got := sha256.Sum256(raw); hex.EncodeToString(got[:]) != sum {
			return fmt.Errorf("trust: bundle: %s: got another one since you looked; look again", one.name())
		}
		certs, err := one.anchors(raw, b.now())
		if err != nil {
			return err
		}
		gone, _ := b.missing(i, certs)
		return b.install(i, raw, certs, gone)
	}
	return fmt.Errorf("trust: bundle: got an address that is not under direct.bundles")
}

// name is the host and path of a bundle, without a query that may hold a token.
func (c Bundle) name() string {
	name, _, _ := strings.Cut(c.URL, "?")
	return name
}

// Changed gives a token when a fetch has ended another way than the one before it.
func (b *Bundles) Changed() <-chan struct{} {
	if b == nil {
		return nil
	}
	return b.changed
}

// Run fetches every bundle at once and then on its schedule, until ctx ends.
func (b *Bundles) Run(ctx context.Context) {
	if b == nil {
		return
	}
	var wg sync.WaitGroup
	for i := range b.list {
		wg.Go(func() { b.keep(ctx, i) })
	}
	wg.Wait()
}

func (b *Bundles) keep(ctx context.Context, i int) {
	for {
		wait := b.list[i].Every
		err := b.Update(ctx, i)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			wait = min(wait, bundleRetry)
		}
		b.note(i, err)
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
	}
}

// note keeps how a fetch ended, and says so when it is news.
func (b *Bundles) note(i int, err error) {
	b.mu.Lock()
	before := b.loaded[i].fault
	b.loaded[i].fault = err
	b.mu.Unlock()
	if err == nil && before == nil || err != nil && before != nil && err.Error() == before.Error() {
		return
	}
	switch {
	case errors.Is(err, ErrShrunk):
		b.log.Error("a trust bundle lost many anchors; the last good one stays in use", "bundle", b.list[i].name(), "error", err)
	case err != nil:
		b.log.Warn("trust bundle not fetched; the last good one stays in use", "bundle", b.list[i].name(), "error", err)
	}
	select {
	case b.changed <- struct{}{}:
	default:
	}
}
