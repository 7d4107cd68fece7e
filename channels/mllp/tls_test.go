package mllp

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"refloop/config"
)

// authority makes certificates for a test.
type authority struct {
	t    *testing.T
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	file config.Path
}

func newAuthority(t *testing.T) *authority {
	a := &authority{t: t, dir: t.TempDir()}
	a.key = a.newKey()
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, &a.key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	a.file = a.write("ca.crt", "CERTIFICATE", der)
	return a
}

func (a *authority) newKey() *ecdsa.PrivateKey {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	return k
}

func (a *authority) write(name, kind string, der []byte) config.Path {
	file := filepath.Join(a.dir, name)
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		a.t.Fatal(err)
	}
	return config.Path(file)
}

func (a *authority) issue(name string) (cert, key config.Path) {
	k := a.newKey()
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, a.cert, &k.PublicKey, a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	kb, err := x509.MarshalECPrivateKey(k)
	if err != nil {
		a.t.Fatal(err)
	}
	return a.write(name+".crt", "CERTIFICATE", der), a.write(name+".key", "EC PRIVATE KEY", kb)
}

func TestTLSWithAndWithoutClientCertificates(t *testing.T) {
	a, other := newAuthority(t), newAuthority(t)
	cert, key := a.issue("server")
	ccert, ckey := a.issue("client")
	fcert, fkey := other.issue("stranger")
	for _, c := range []struct {
		name     string
		clientCA config.Path
		rail     RailConfig
		ok       bool
	}{
		{"server only", "", RailConfig{TLS: "on", CA: a.file}, true},
		{"auto is on with a CA", "", RailConfig{TLS: "auto", CA: a.file}, true},
		{"server of another authority", "", RailConfig{TLS: "on", CA: other.file}, false},
		{"wrong name", "", RailConfig{TLS: "on", CA: a.file, ServerName: "ehr.example"}, false},
		{"plain to a TLS port", "", RailConfig{TLS: "off"}, false},
		{"client certificate", a.file, RailConfig{TLS: "on", CA: a.file, Cert: ccert, Key: ckey}, true},
		{"no client certificate", a.file, RailConfig{TLS: "on", CA: a.file}, false},
		{"client of another authority", a.file, RailConfig{TLS: "on", CA: a.file, Cert: fcert, Key: fkey}, false},
	} {
		cfg := defaults()
		cfg.TLS = &TLS{Certificate: cert, Key: key, ClientCA: c.clientCA}
		r := start(t, cfg, &fakeEngine{})
		c.rail.AckTimeout, c.rail.Connection = config.Duration(10*time.Second), "keep"
		s := newTestSender(t, r.addr, func(rc *RailConfig) { *rc = c.rail })
		for _, id := range []string{"1", "2"} {
			if _, err := send(s, id); (err == nil) != c.ok {
				t.Errorf("%s: got %v", c.name, err)
			}
		}
	}
}

func TestHalfTLSHandshake(t *testing.T) {
	a := newAuthority(t)
	cert, key := a.issue("server")
	cfg := defaults()
	cfg.TLS = &TLS{Certificate: cert, Key: key}
	cfg.Read = config.Duration(100 * time.Millisecond)
	r := start(t, cfg, &fakeEngine{})
	p := r.connect(t)
	p.write("\x16\x03\x01\x02\x00\x01") // the beginning of a client hello
	p.closed()
	q := r.connect(t)
	q.write("\x0BMSH|^~\\&|plain\x1C\r")
	q.closed()
	s := newTestSender(t, r.addr, func(c *RailConfig) { c.TLS, c.CA = "on", a.file })
	if _, err := send(s, "after"); err != nil {
		t.Errorf("the server did not go on: %v", err)
	}
}

func TestTLSFilesThatCannotBeUsed(t *testing.T) {
	a := newAuthority(t)
	cert, key := a.issue("server")
	_, foreign := a.issue("other")
	cfg := defaults()
	for name, files := range map[string]TLS{
		"missing": {Certificate: "no/such", Key: key}, "other key": {Certificate: cert, Key: foreign}, "client_ca is a key": {Certificate: cert, Key: key, ClientCA: key},
	} {
		cfg.TLS = &files
		if _, err := NewServer(cfg, Deps{Name: "in"}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	for name, rail := range map[string]RailConfig{"ca": {TLS: "on", CA: key}, "missing ca": {TLS: "on", CA: "no/such"}, "pair": {TLS: "on", Cert: cert, Key: foreign}} {
		if _, err := NewSender(rail, SenderDeps{Lane: "x", Address: "127.0.0.1:1"}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestTLSIsOnBeyondThisMachine(t *testing.T) {
	for address, plain := range map[string]bool{
		"127.0.0.1:2575": true, "localhost:2575": true, "[::1]:2575": true, "10.0.0.5:2575": false, "ehr.example:2575": false, "localhost.example:2575": false,
	} {
		c, err := clientTLS(address, RailConfig{TLS: "auto"})
		if err != nil || (c == nil) != plain {
			t.Errorf("%s: TLS %v, %v", address, c != nil, err)
		}
	}
	s, err := NewSender(RailConfig{TLS: "off"}, SenderDeps{Address: "10.0.0.5:2575"})
	if err != nil || !s.Plain() {
		t.Errorf("off: %v", err)
	}
}

func TestSendFileOverTLS(t *testing.T) {
	a := newAuthority(t)
	cert, key := a.issue("server")
	cfg := defaults()
	cfg.TLS = &TLS{Certificate: cert, Key: key}
	r := start(t, cfg, &fakeEngine{})
	err := SendFile(context.Background(), SendConfig{Address: r.addr, Rail: RailConfig{CA: a.file}}, []byte(ref("T1")), func(x Exchange) error {
		if codesIn(x) != "AA" {
			return errors.New("not AA")
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
