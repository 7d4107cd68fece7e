package trust

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"refloop/direct"
	"refloop/direct/cms"
)

const fixtures = "../../../testdata/direct/cms/"

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func copyTo(t *testing.T, dir string, names ...string) {
	t.Helper()
	for _, n := range names {
		b, err := os.ReadFile(fixtures + n)
		must(t, err)
		must(t, os.WriteFile(filepath.Join(dir, n), b, 0o600))
	}
}

func TestReadCertificates(t *testing.T) {
	dir := t.TempDir()
	copyTo(t, dir, "ca.crt", "rsa.crt", "certs-only.p7b", "content.txt", "rsa.key")
	b, err := os.ReadFile(fixtures + "p256.crt")
	must(t, err)
	block, _ := pem.Decode(b)
	must(t, os.WriteFile(filepath.Join(dir, "p256.der"), block.Bytes, 0o600))
	certs, _, err := ReadCertificates(dir)
	if err != nil || len(certs) != 5 { // ca, two of the bundle, p256, rsa
		t.Errorf("folder: got %d %v", len(certs), err)
	}
	for name, want := range map[string]int{"ca.crt": 1, "certs-only.p7b": 2, "p256.der": 1} {
		if certs, _, err := ReadCertificates(filepath.Join(dir, name)); err != nil || len(certs) != want {
			t.Errorf("%s: got %d %v", name, len(certs), err)
		}
	}
	for _, name := range []string{"content.txt", "rsa.key", "nowhere"} {
		if certs, _, err := ReadCertificates(filepath.Join(dir, name)); err == nil || certs != nil {
			t.Errorf("%s: got %d certificates and no error", name, len(certs))
		}
	}
	if _, _, err := ReadCertificates(filepath.Join(dir, "nowhere")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing file: got %v", err)
	}
}

func TestReadIdentity(t *testing.T) {
	for _, name := range []string{"rsa", "p256", "p384"} {
		if id, err := ReadIdentity(fixtures+name+".crt", fixtures+name+".key"); err != nil || id.Key == nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := ReadIdentity(fixtures+"rsa.crt", fixtures+"p256.key"); err == nil {
		t.Error("key of another certificate: got no error")
	}
	if _, err := ReadIdentity(fixtures+"rsa.crt", fixtures+"content.txt"); err == nil {
		t.Error("no key: got no error")
	}
}

func TestMakeDemo(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "var")
	now := time.Now()
	d := Demo{Domain: "direct.northside.example", Certificate: filepath.Join(dir, "direct.crt"), Key: filepath.Join(dir, "direct.key"), Now: now}
	made, err := MakeDemo(d)
	if err != nil || !made {
		t.Fatalf("got %v %v", made, err)
	}
	if made, err := MakeDemo(d); err != nil || made {
		t.Errorf("again: got %v %v", made, err)
	}
	id, err := ReadIdentity(d.Certificate, d.Key)
	must(t, err)
	anchors, _, err := ReadCertificates(DemoAnchor(d.Certificate))
	must(t, err)
	s := New([]Identity{{Domain: d.Domain, Identity: id}}, []Anchors{{Domain: "*", Inbound: anchors, Outbound: anchors}}, nil, []*x509.Certificate{id.Certificate}, nil)
	const address = "referrals@direct.northside.example"
	for _, use := range []direct.Use{direct.ToSign, direct.ToEncrypt} {
		if _, err := direct.Trust(id.Certificate, address, use, nil, s.Inbound(address, now)); err != nil {
			t.Errorf("use %d: %v", use, err)
		}
	}
	if len(s.Decrypting(address)) != 1 || len(s.Decrypting("x@other.example")) != 0 || len(s.Certificates(address)) != 1 {
		t.Error("the identity is not found, or for a foreign address")
	}
	if _, err := s.Signing("x@other.example"); !errors.Is(err, ErrNoIdentity) {
		t.Errorf("signing for others: got %v", err)
	}
	must(t, os.Remove(d.Certificate))
	if _, err := MakeDemo(d); err == nil {
		t.Error("half a pair: got no error")
	}
}

func TestChoice(t *testing.T) {
	a, b, c := &x509.Certificate{Raw: []byte("a")}, &x509.Certificate{Raw: []byte("b")}, &x509.Certificate{Raw: []byte("c")}
	s := New([]Identity{
		{Domain: "d.example", Use: Both, Identity: cms.Identity{Certificate: a}},
		{Address: "x@d.example", Use: Encrypt, Identity: cms.Identity{Certificate: b}},
		{Address: "x@d.example", Use: Sign, Identity: cms.Identity{Certificate: c}},
	}, []Anchors{{Domain: "*", Inbound: []*x509.Certificate{a}}, {Domain: "d.example", Inbound: []*x509.Certificate{b}}}, nil, nil, nil)
	if got := s.Decrypting("X@D.example"); len(got) != 2 || got[0].Certificate != b || got[1].Certificate != a {
		t.Errorf("decrypting: %d", len(got))
	}
	if got, err := s.Signing("x@d.example"); err != nil || got.Certificate != c {
		t.Errorf("signing: %v", err)
	}
	if got := s.Inbound("x@d.example", time.Time{}).Anchors; len(got) != 1 || got[0] != b {
		t.Errorf("anchors of the domain: %d", len(got))
	}
	if got := s.Inbound("x@e.example", time.Time{}).Anchors; len(got) != 1 || got[0] != a {
		t.Errorf("anchors of all: %d", len(got))
	}
}

func FuzzParse(f *testing.F) {
	files, err := filepath.Glob(fixtures + "*")
	if err != nil || len(files) < 5 {
		f.Fatalf("no fixtures in %s (%v)", fixtures, err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if m, err := parse(b); err != nil && (m.certs != nil || m.crls != nil) {
			t.Fatal("certificates beside an error")
		}
		_, _ = parseKey(b)
	})
}
