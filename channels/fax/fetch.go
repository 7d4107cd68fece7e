package fax

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"

	"refloop/channels/mailbox"
)

// fetcher gets faxes from the hosts of a gateway, and from nowhere else: https, no redirects, and no address inside the site's own
// network unless the configuration names it, whatever a name server says. Nil: nothing is fetched.
type fetcher struct {
	cfg   *Fetch
	limit int
	http  *http.Client
}

const fetchTime = time.Minute

var errInside = errors.New("fax: fetching: got an address that is not public, want a public one or one of http_allow")

func newFetcher(cfg *Fetch, limit int) (*fetcher, error) {
	t, err := mailbox.TLS{CA: cfg.CA}.Client("")
	if err != nil {
		return nil, fmt.Errorf("fax: fetch.ca: %w", err)
	}
	f := &fetcher{cfg: cfg, limit: limit}
	dialer := &net.Dialer{Timeout: 10 * time.Second, Control: f.guard}
	f.http = &http.Client{
		Timeout:       fetchTime,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport:     &http.Transport{DialContext: dialer.DialContext, TLSClientConfig: t, DisableKeepAlives: true, MaxResponseHeaderBytes: 64 << 10, ResponseHeaderTimeout: fetchTime},
	}
	return f, nil
}

// guard judges the address itself, after the name was looked up.
func (f *fetcher) guard(_, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return errInside
	}
	a := ap.Addr().Unmap()
	for _, p := range f.cfg.Ranges {
		if p.Contains(a) {
			return nil
		}
	}
	if !a.IsGlobalUnicast() || a.IsPrivate() || shared.Contains(a) {
		return errInside
	}
	return nil
}

// shared is the address space between a provider and its customers (RFC 6598).
var shared = netip.MustParsePrefix("100.64.0.0/10")

// get fetches a file. why says that it can never be had, for a person; an error that it may be had later.
func (f *fetcher) get(ctx context.Context, address string) (file []byte, why string, err error) {
	u, perr := url.Parse(address)
	switch {
	case address == "":
		return nil, "the gateway sent neither a fax nor where it is", nil
	case f == nil:
		return nil, "the gateway sent the address of the fax and not the fax; fetch it there, or configure fetch", nil
	case perr != nil || u.Scheme != "https" || !slices.ContainsFunc(f.cfg.Hosts, func(h string) bool { return strings.EqualFold(h, u.Host) }):
		return nil, "the fax is at an address that fetch.hosts does not allow", nil
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, "the fax is at an address that cannot be used", nil
	}
	if f.cfg.Token.Set() {
		req.Header.Set("Authorization", "Bearer "+f.cfg.Token.Reveal())
	}
	resp, err := f.http.Do(req)
	if errors.Is(err, errInside) {
		return nil, "the fax is at an address that is not public and that http_allow does not name", nil
	}
	if err != nil {
		return nil, "", errors.New("fax: fetching: no answer")
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode == http.StatusOK:
	case resp.StatusCode >= 500, resp.StatusCode == http.StatusTooManyRequests, resp.StatusCode == http.StatusRequestTimeout:
		return nil, "", fmt.Errorf("fax: fetching: the gateway answered %d", resp.StatusCode)
	default:
		return nil, fmt.Sprintf("the gateway answered %d when the fax was fetched", resp.StatusCode), nil
	}
	b, err := io.ReadAll(io.LimitReader(resp.Body, int64(f.limit)+1))
	switch {
	case err != nil:
		return nil, "", errors.New("fax: fetching: the file ended in the middle")
	case len(b) > f.limit:
		return nil, fmt.Sprintf("the fax has more than %d bytes", f.limit), nil
	case len(b) == 0:
		return nil, "the gateway sent an empty file", nil
	}
	return b, "", nil
}
