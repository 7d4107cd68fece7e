package trust

import (
	"crypto/x509"
	"slices"
	"strings"
	"time"
)

// Ending is a certificate that ends soon, or has ended.
type Ending struct {
	What string // "identity", "peer", "anchor" or "intermediate"
	Name string // the domains or addresses it is for, else its serial number
	At   time.Time
	Days int // whole days left; negative: it has ended
}

// warnDays are the days before the end of a certificate on which somebody is told.
var warnDays = []int{1, 7, 14, 30, 60}

// Step is the warning that applies: 60, 30, 14, 7 or 1 days, 0 when it has ended.
func (e Ending) Step() int {
	if e.Days < 0 {
		return 0
	}
	for _, d := range warnDays {
		if e.Days < d {
			return d
		}
	}
	return warnDays[len(warnDays)-1]
}

// Endings lists certificates that end within 60 days, the first to end first.
func (s *Store) Endings(now time.Time) (out []Ending) {
	limit := now.AddDate(0, 0, warnDays[len(warnDays)-1])
	seen := map[string]bool{}
	look := func(what string, certs ...*x509.Certificate) {
		for _, c := range certs {
			if seen[string(c.Raw)] || c.NotAfter.After(limit) {
				continue
			}
			seen[string(c.Raw)] = true
			days := int(c.NotAfter.Sub(now) / (24 * time.Hour))
			if now.After(c.NotAfter) {
				days = min(days, -1)
			}
			out = append(out, Ending{what, nameOf(c), c.NotAfter.UTC(), days})
		}
	}
	for _, id := range s.identities {
		look("identity", id.Certificate)
	}
	look("peer", s.peers...)
	for _, a := range s.anchors {
		look("anchor", a.Inbound...)
		look("anchor", a.Outbound...)
	}
	look("anchor", s.bundles.Anchors()...)
	look("intermediate", s.intermediates...)
	slices.SortStableFunc(out, func(a, b Ending) int { return a.At.Compare(b.At) })
	return out
}

func nameOf(c *x509.Certificate) string {
	if list := slices.Concat(c.EmailAddresses, c.DNSNames); len(list) > 0 {
		return strings.Join(list, " ")
	}
	return "serial " + c.SerialNumber.String()
}
