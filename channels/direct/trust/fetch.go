package trust

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
	"time"
)

// Limits of one fetch.
const (
	fetchTime     = 10 * time.Second
	fetchBytes    = maxFile // a national revocation list is below 4 MiB
	fetchRedirect = 3
)

// errAddress: a certificate names an address that is neither public nor allowed.
var errAddress = errors.New("got an address that is not public, want it under direct.http_allow")

// errRedirect: a server sends us on too often, or to where we do not go.
var errRedirect = errors.New("got a redirect that is not followed")

// errPassing: the server could not be reached, or said that it cannot answer now: the same fetch may go well later.
var errPassing = errors.New("try again later")

// guard refuses connections to addresses that are not public, unless a range allows
// them: certificates of strangers name the URLs, and nobody may make us ask our own network.
// It looks at the address that is dialled, after all look-ups, so a name that changes its mind does not help.
type guard struct{ allow []netip.Prefix }

func (g guard) control(_, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return errAddress
	}
	a := ap.Addr().Unmap().WithZone("")
	for _, p := range g.allow {
		if p.Contains(a) {
			return nil
		}
	}
	if !public(a) {
		return errAddress
	}
	return nil
}

// special are ranges that are no public hosts although net/netip calls them global unicast (RFC 6890).
var special = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("240.0.0.0/4"), netip.MustParsePrefix("64:ff9b::/96"),
	netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("2001::/23"), netip.MustParsePrefix("2001:db8::/32"),
	netip.MustParsePrefix("2002::/16"), netip.MustParsePrefix("fec0::/10"), netip.MustParsePrefix("::/96"),
}

func public(a netip.Addr) bool {
	if !a.IsGlobalUnicast() || a.IsPrivate() {
		return false
	}
	for _, p := range special {
		if p.Contains(a) {
			return false
		}
	}
	return true
}

// newClient makes the HTTP client of fetches. No proxy, no cookies, no connection kept. ca are the authorities of TLS instead of the system's.
func newClient(g *guard, ca ...*x509.Certificate) *http.Client {
	d := &net.Dialer{Timeout: fetchTime}
	if g != nil {
		d.Control = g.control
	}
	t := &http.Transport{DialContext: d.DialContext, DisableKeepAlives: true, MaxResponseHeaderBytes: 64 << 10, TLSHandshakeTimeout: fetchTime}
	if len(ca) > 0 {
		t.TLSClientConfig = &tls.Config{RootCAs: x509.NewCertPool(), MinVersion: tls.VersionTLS12}
		for _, c := range ca {
			t.TLSClientConfig.RootCAs.AddCert(c)
		}
	}
	return &http.Client{
		Timeout:   fetchTime,
		Transport: t,
		CheckRedirect: func(r *http.Request, via []*http.Request) error {
			if len(via) > fetchRedirect || !web(r.URL) || via[0].URL.Scheme == "https" && r.URL.Scheme != "https" {
				return errRedirect
			}
			return nil
		},
	}
}

func web(u *url.URL) bool {
	return (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil
}

// fetch makes one request and reads the answer whole. Its errors name the host alone: a URL may hold a serial number or a token.
func fetch(ctx context.Context, c *http.Client, r *http.Request) ([]byte, error) {
	if !web(r.URL) {
		return nil, fmt.Errorf("trust: fetching: got a %q address, want http or https", r.URL.Scheme)
	}
	host := r.URL.Host
	res, err := c.Do(r.WithContext(ctx))
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err
		}
		if !errors.Is(err, errAddress) && !errors.Is(err, errRedirect) {
			err = fmt.Errorf("%w: %w", err, errPassing)
		}
		return nil, fmt.Errorf("trust: fetching from %s: %w", host, err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		err := fmt.Errorf("trust: fetching from %s: got status %d, want 200", host, res.StatusCode)
		if res.StatusCode >= 500 || res.StatusCode == http.StatusTooManyRequests || res.StatusCode == http.StatusRequestTimeout {
			err = fmt.Errorf("%w: %w", err, errPassing)
		}
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(res.Body, fetchBytes+1))
	if err != nil {
		return nil, fmt.Errorf("trust: fetching from %s: the answer broke off after %d bytes: %w", host, len(b), errPassing)
	}
	if len(b) > fetchBytes {
		return nil, fmt.Errorf("trust: fetching from %s: got more than %d bytes", host, fetchBytes)
	}
	return b, nil
}

// get is fetch of an address.
func get(ctx context.Context, c *http.Client, address string) ([]byte, error) {
	r, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		return nil, errors.New("trust: fetching: got an address that is no URL")
	}
	return fetch(ctx, c, r)
}
