package trust

import (
	"crypto"
	"crypto/x509"
	"errors"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"

	"refloop/direct"
)

// D18: the issuer is known by its address alone; as a certificate and as a bundle, and through two of them.
func TestIssuersByAddress(t *testing.T) {
	web := newSite(t)
	root := authority(t, "root", nil, nil)
	at := func(path string) func(*x509.Certificate) {
		return func(c *x509.Certificate) { c.IssuingCertificateURL = []string{web.URL + path} }
	}
	one := authority(t, "one", &root, nil)
	two := authority(t, "two", &one, at("/one.cer"))
	web.put("/one.cer", one.Certificate.Raw)
	web.put("/two.cer", two.Certificate.Raw)
	web.put("/junk", []byte("junk"))
	for name, c := range map[string]struct {
		path string
		ok   bool
	}{"chain": {"/two.cer", true}, "missing": {"/none", false}, "junk": {"/junk", false}, "of somebody else": {"/one.cer", false}} {
		n := NewNetwork(NetworkConfig{Allow: loopbacks})
		for range 2 {
			if _, err := judge(n, leaf(t, peer, &two, at(c.path)), policy(root)); (err == nil) != c.ok {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	if got := web.count("/none"); got != 1 {
		t.Errorf("a missing issuer was asked for %d times, want once", got)
	}
	if _, err := judge(NewNetwork(NetworkConfig{}), leaf(t, peer, &two, at("/two.cer")), policy(root)); err == nil {
		t.Error("an address of this machine was fetched without being allowed")
	}
}

func reason(err error) string {
	var u *direct.UntrustedError
	if errors.As(err, &u) {
		return u.Reason
	}
	return ""
}

func TestRevocationLists(t *testing.T) {
	ca, other := authority(t, "anchor", nil, nil), authority(t, "anchor", nil, nil)
	now := time.Now()
	hour := time.Hour
	for _, c := range []struct {
		name string
		list func(c *x509.Certificate) []byte
		want string
	}{
		{"good", func(*x509.Certificate) []byte { return list(t, ca, now.Add(-hour), now.Add(hour)) }, ""},
		{"revoked", func(c *x509.Certificate) []byte { return list(t, ca, now.Add(-hour), now.Add(hour), c) }, direct.ReasonRevoked},
		{"cannot be had", func(*x509.Certificate) []byte { return nil }, direct.ReasonRevocation},
		{"of another issuer with the same name", func(*x509.Certificate) []byte { return list(t, other, now.Add(-hour), now.Add(hour)) }, direct.ReasonRevocation},
		{"old, within the grace", func(*x509.Certificate) []byte { return list(t, ca, now.Add(-48*hour), now.Add(-20*hour)) }, ""},
		{"old, over the grace", func(*x509.Certificate) []byte { return list(t, ca, now.Add(-48*hour), now.Add(-30*hour)) }, direct.ReasonRevocation},
		{"old and revoked", func(c *x509.Certificate) []byte { return list(t, ca, now.Add(-48*hour), now.Add(-30*hour), c) }, direct.ReasonRevoked},
		{"junk", func(*x509.Certificate) []byte { return []byte("junk") }, direct.ReasonRevocation},
	} {
		web := newSite(t)
		cert := leaf(t, peer, &ca, func(c *x509.Certificate) { c.CRLDistributionPoints = []string{web.URL + "/ca.crl"} })
		if b := c.list(cert); b != nil {
			web.put("/ca.crl", b)
		}
		n := NewNetwork(NetworkConfig{Allow: loopbacks, Grace: 24 * hour})
		v, err := judge(n, cert, policy(ca))
		if reason(err) != c.want || err == nil && v.Revocation != "good" {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
}

// A list is fetched once an hour, kept over a restart, and an older one never takes its place.
func TestRevocationListsKept(t *testing.T) {
	ca := authority(t, "anchor", nil, nil)
	web, dir, now := newSite(t), t.TempDir(), time.Now()
	cert := leaf(t, peer, &ca, func(c *x509.Certificate) { c.CRLDistributionPoints = []string{web.URL + "/ca.crl"} })
	config := NetworkConfig{Allow: loopbacks, Dir: dir, Grace: time.Hour, Now: func() time.Time { return now }}
	web.put("/ca.crl", list(t, ca, now.Add(-time.Minute), now.Add(30*time.Minute), cert))
	n := NewNetwork(config)
	for range 3 {
		if _, err := judge(n, cert, policy(ca)); reason(err) != direct.ReasonRevoked {
			t.Fatalf("got %v", err)
		}
	}
	if got := web.count("/ca.crl"); got != 1 {
		t.Errorf("asked %d times, want once", got)
	}
	if files, _ := filepath.Glob(filepath.Join(dir, "*.crl")); len(files) != 1 {
		t.Errorf("kept %d lists, want one", len(files))
	}
	web.put("/ca.crl", list(t, ca, now.Add(-time.Hour), now.Add(time.Hour)))
	if _, err := judge(NewNetwork(config), cert, policy(ca)); reason(err) != direct.ReasonRevoked {
		t.Errorf("an older list took the place of a newer one: %v", err)
	}
	web.Close()
	if _, err := judge(NewNetwork(config), cert, policy(ca)); reason(err) != direct.ReasonRevoked {
		t.Errorf("from disk: %v", err)
	}
	must(t, os.RemoveAll(dir))
	if _, err := judge(NewNetwork(config), cert, policy(ca)); reason(err) != direct.ReasonRevocation {
		t.Errorf("nothing known: %v", err)
	}
}

func TestOCSP(t *testing.T) {
	ca := authority(t, "anchor", nil, nil)
	helper := authority(t, "no responder", &ca, func(c *x509.Certificate) { c.IsCA, c.KeyUsage = false, x509.KeyUsageDigitalSignature })
	responder := authority(t, "responder", &ca, func(c *x509.Certificate) {
		c.IsCA, c.KeyUsage, c.ExtKeyUsage = false, x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{x509.ExtKeyUsageOCSPSigning}
	})
	web := newSite(t)
	for _, c := range []struct {
		name   string
		status int
		by     crypto.Signer
		cert   *x509.Certificate
		want   string
	}{
		{"good", ocsp.Good, ca.Key.(crypto.Signer), nil, ""},
		{"revoked", ocsp.Revoked, ca.Key.(crypto.Signer), nil, direct.ReasonRevoked},
		{"unknown", ocsp.Unknown, ca.Key.(crypto.Signer), nil, direct.ReasonRevocation},
		{"by a responder", ocsp.Good, responder.Key.(crypto.Signer), responder.Certificate, ""},
		{"by somebody who may not", ocsp.Good, helper.Key.(crypto.Signer), helper.Certificate, direct.ReasonRevocation},
	} {
		cert := leaf(t, peer, &ca, func(c *x509.Certificate) { c.OCSPServer = []string{web.URL + "/ocsp"} })
		web.mu.Lock()
		web.reply = func(w http.ResponseWriter, _ *http.Request) {
			answer := ocsp.Response{Status: c.status, SerialNumber: cert.SerialNumber, ThisUpdate: time.Now().Add(-time.Minute), NextUpdate: time.Now().Add(time.Hour), RevokedAt: time.Now().Add(-time.Hour), Certificate: c.cert}
			named := ca.Certificate
			if c.cert != nil {
				named = c.cert
			}
			b, err := ocsp.CreateResponse(ca.Certificate, named, answer, c.by)
			if err != nil {
				t.Error(err)
			}
			_, _ = w.Write(b)
		}
		web.mu.Unlock()
		if v, err := judge(NewNetwork(NetworkConfig{Allow: loopbacks}), cert, policy(ca)); reason(err) != c.want || err == nil && v.Revocation != "good" {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
}

// What could not be had only for now is told from what never will be: mail may wait for the one.
func TestMissedForNow(t *testing.T) {
	ca, web := authority(t, "anchor", nil, nil), newSite(t)
	now, dead := time.Now(), newSite(t)
	dead.Close()
	web.put("/old.crl", list(t, ca, now.Add(-48*time.Hour), now.Add(-30*time.Hour)))
	web.put("/good.crl", list(t, ca, now.Add(-time.Hour), now.Add(time.Hour)))
	web.mu.Lock()
	web.reply = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }
	web.mu.Unlock()
	for _, c := range []struct {
		name   string
		urls   []string
		allow  []netip.Prefix
		missed bool
	}{
		{"good", []string{web.URL + "/good.crl"}, loopbacks, false},
		{"not there", []string{web.URL + "/none"}, loopbacks, false},
		{"outdated", []string{web.URL + "/old.crl"}, loopbacks, false},
		{"not allowed", []string{web.URL + "/good.crl"}, nil, false},
		{"nobody answers", []string{dead.URL + "/x.crl"}, loopbacks, true},
		{"cannot answer now", []string{web.URL + "/ocsp"}, loopbacks, true},
		{"another place has it", []string{dead.URL + "/x.crl", web.URL + "/good.crl"}, loopbacks, false},
	} {
		n := NewNetwork(NetworkConfig{Allow: c.allow, Grace: time.Hour})
		certs := []*x509.Certificate{leaf(t, peer, &ca, func(l *x509.Certificate) { l.CRLDistributionPoints = c.urls })}
		for range 2 { // from memory too
			if _, missed := n.Look(t.Context(), peer, direct.ToSign, certs, nil, policy(ca)); (missed != nil) != c.missed {
				t.Errorf("%s: got %v", c.name, missed)
			}
		}
	}
}

// D17: of several certificates the one that is not revoked is taken.
func TestRevokedBeside(t *testing.T) {
	ca, web := authority(t, "anchor", nil, nil), newSite(t)
	listed := func(c *x509.Certificate) { c.CRLDistributionPoints = []string{web.URL + "/ca.crl"} }
	certs := []*x509.Certificate{leaf(t, peer, &ca, listed), leaf(t, peer, &ca, listed), leaf(t, peer, &ca, listed)}
	web.put("/ca.crl", list(t, ca, time.Now().Add(-time.Hour), time.Now().Add(time.Hour), certs[0], certs[2]))
	n := NewNetwork(NetworkConfig{Allow: loopbacks})
	v, err := direct.SelectRecipient(peer, certs, n.Widen(t.Context(), peer, direct.ToEncrypt, certs, nil, policy(ca)))
	if err != nil || !v.Certificate.Equal(certs[1]) {
		t.Errorf("got %v", err)
	}
}

func TestPublic(t *testing.T) {
	for address, want := range map[string]bool{
		"8.8.8.8": true, "2606:4700::1111": true, "127.0.0.1": false, "10.0.0.1": false, "169.254.169.254": false, "192.168.1.1": false, "172.16.0.1": false,
		"100.64.0.1": false, "0.0.0.0": false, "224.0.0.1": false, "255.255.255.255": false, "::1": false, "fe80::1": false, "fd00::1": false,
		"64:ff9b::7f00:1": false, "2002:7f00:1::": false, "::": false, "::7f00:1": false,
	} {
		if got := public(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s: got %v, want %v", address, got, want)
		}
	}
	if (guard{}).control("tcp", "[::ffff:127.0.0.1]:80", nil) == nil {
		t.Error("a mapped address was taken for public")
	}
}

// What a stranger's web server may do to us is bounded.
func TestFetchLimits(t *testing.T) {
	web := newSite(t)
	client := newClient(&guard{loopbacks})
	web.put("/big", make([]byte, fetchBytes+1))
	if b, err := get(t.Context(), client, web.URL+"/big"); err == nil || b != nil {
		t.Error("too many bytes: got no error")
	}
	web.mu.Lock()
	web.reply = func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/ocsp", http.StatusFound) }
	web.mu.Unlock()
	if _, err := get(t.Context(), client, web.URL+"/ocsp"); err == nil || web.count("/ocsp") > fetchRedirect+2 {
		t.Errorf("redirects without end: %v after %d", err, web.count("/ocsp"))
	}
	for _, address := range []string{"file:///etc/passwd", "ldap://127.0.0.1/x", "http://user@127.0.0.1/", "://", "http://"} {
		if _, err := get(t.Context(), client, address); err == nil {
			t.Errorf("%s: got no error", address)
		}
	}
}
