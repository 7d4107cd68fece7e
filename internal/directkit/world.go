package directkit

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"
)

// Addresses of the receiver under test.
const (
	North   = "referrals@direct.northside.example" // domain-bound RSA
	NorthEC = "curve@direct.northside.example"     // address-bound P-256
	North38 = "curve384@direct.northside.example"  // address-bound P-384
	Single  = "single@direct.northside.example"    // one certificate to sign, one to encrypt
	South   = "referrals@direct.southside.example" // another domain of the same site, with other anchors
)

// World is the public key infrastructure around one receiver.
type World struct {
	URL string // of the web server for issuers, lists and answers

	Anchor    Identity // trusted by the north domain, in and out
	SouthOnly Identity // trusted by the south domain alone
	Stranger  Identity // trusted by nobody
	Retired   Identity // configured as an anchor, but expired

	Ours map[string]Identity // of the receiver, by address; "sign" is the signing half of Single

	mu      sync.Mutex
	files   map[string][]byte
	revoked map[string]bool // by serial number, for OCSP
	silent  map[string]bool // no OCSP answer
	issuer  Identity        // of OCSP answers
}

// New makes the world and starts its web server.
func New(t testing.TB) *World {
	t.Helper()
	w := &World{files: map[string][]byte{}, revoked: map[string]bool{}, silent: map[string]bool{}}
	w.Anchor = Authority(t, "Anchor", "p-256", nil, nil)
	w.SouthOnly = Authority(t, "South anchor", "p-384", nil, nil)
	w.Stranger = Authority(t, "Stranger", "p-256", nil, nil)
	w.Retired = Authority(t, "Retired anchor", "p-256", nil, func(c *x509.Certificate) {
		c.NotBefore, c.NotAfter = time.Now().Add(-48*time.Hour), time.Now().Add(-time.Hour)
	})
	w.issuer = w.Anchor
	w.Ours = map[string]Identity{
		North:   Leaf(t, "direct.northside.example", "rsa2048a", &w.Anchor, nil),
		NorthEC: Leaf(t, NorthEC, "p-256", &w.Anchor, nil),
		North38: Leaf(t, North38, "p-384", &w.Anchor, nil),
		South:   Leaf(t, "direct.southside.example", "rsa2048c", &w.SouthOnly, nil),
		Single:  Leaf(t, Single, "rsa2048c", &w.Anchor, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyEncipherment }),
		"sign":  Leaf(t, Single, "rsa3072", &w.Anchor, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageDigitalSignature }),
	}
	server := httptest.NewServer(http.HandlerFunc(w.serve))
	t.Cleanup(server.Close)
	w.URL = server.URL
	return w
}

// Publish puts bytes on the web server and returns their address.
func (w *World) Publish(path string, b []byte) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.files["/"+path] = b
	return w.URL + "/" + path
}

func (w *World) serve(rw http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost {
		w.answer(rw, r)
		return
	}
	w.mu.Lock()
	b, ok := w.files[r.URL.Path]
	w.mu.Unlock()
	if !ok {
		http.NotFound(rw, r)
		return
	}
	_, _ = rw.Write(b)
}

// answer is the OCSP responder of the anchor.
func (w *World) answer(rw http.ResponseWriter, r *http.Request) {
	b, err := io.ReadAll(io.LimitReader(r.Body, 1<<16))
	if err != nil {
		return
	}
	q, err := ocsp.ParseRequest(b)
	if err != nil {
		http.Error(rw, "no request", http.StatusBadRequest)
		return
	}
	w.mu.Lock()
	revoked, silent := w.revoked[q.SerialNumber.String()], w.silent[q.SerialNumber.String()]
	w.mu.Unlock()
	tmpl := ocsp.Response{Status: ocsp.Good, SerialNumber: q.SerialNumber, ThisUpdate: time.Now().Add(-time.Hour), NextUpdate: time.Now().Add(time.Hour)}
	switch {
	case silent:
		tmpl.Status = ocsp.Unknown
	case revoked:
		tmpl.Status, tmpl.RevokedAt = ocsp.Revoked, time.Now().Add(-time.Hour)
	}
	out, err := ocsp.CreateResponse(w.issuer.Certificate, w.issuer.Certificate, tmpl, w.issuer.Key)
	if err != nil {
		http.Error(rw, "no answer", http.StatusInternalServerError)
		return
	}
	_, _ = rw.Write(out)
}

// emailOID is the emailAddress attribute of distinguished names.
var emailOID = OID{1, 2, 840, 113549, 1, 9, 1}

// extension makes an extension of a private arc.
func extension(critical bool) pkix.Extension {
	return pkix.Extension{Id: OID{1, 3, 6, 1, 4, 1, 55555, 1}, Critical: critical, Value: []byte{5, 0}}
}

// numbers are serial numbers of certificates.
func numbers(ids ...Identity) (out []*big.Int) {
	for _, id := range ids {
		out = append(out, id.Certificate.SerialNumber)
	}
	return out
}
