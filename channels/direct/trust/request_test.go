package trust

import (
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"testing"

	"refloop/direct"
)

// A request becomes an identity that the codec takes for what it was asked for, and for nothing else.
func TestMakeRequest(t *testing.T) {
	ca := authority(t, "anchor", nil, nil)
	for _, c := range []struct {
		algorithm     string
		use           Use
		sign, encrypt bool
	}{
		{"rsa-2048", Both, true, true}, {"rsa-2048", Sign, true, false}, {"rsa-3072", Encrypt, false, true},
		{"ec-p256", Sign, true, false}, {"ec-p384", Both, true, true}, {"ec-p256", Encrypt, false, true},
	} {
		dir := t.TempDir()
		r := Request{Domain: "direct.lakeside.example", Organization: "Lakeside", Algorithm: c.algorithm, Use: c.use, Key: filepath.Join(dir, "var", "x.key"), CSR: filepath.Join(dir, "var", "x.csr")}
		must(t, MakeRequest(r))
		if err := MakeRequest(r); err == nil {
			t.Errorf("%s: written over", c.algorithm)
		}
		info, err := os.Stat(r.Key)
		must(t, err)
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s: the key has mode %04o", c.algorithm, info.Mode().Perm())
		}
		b, err := os.ReadFile(r.CSR)
		must(t, err)
		block, _ := pem.Decode(b)
		csr, err := x509.ParseCertificateRequest(block.Bytes)
		must(t, err)
		must(t, csr.CheckSignature())
		key, err := os.ReadFile(r.Key)
		must(t, err)
		signer, err := parseKey(key)
		must(t, err)
		id := issue(t, "x", signer, &ca, func(tmpl *x509.Certificate) {
			tmpl.Subject, tmpl.DNSNames, tmpl.ExtraExtensions = csr.Subject, csr.DNSNames, csr.Extensions[:0:0]
			for _, e := range csr.Extensions {
				if !e.Id.Equal([]int{2, 5, 29, 17}) {
					tmpl.ExtraExtensions = append(tmpl.ExtraExtensions, e)
				}
			}
		})
		for use, want := range map[direct.Use]bool{direct.ToSign: c.sign, direct.ToEncrypt: c.encrypt} {
			if _, err := direct.Trust(id.Certificate, peer, use, nil, policy(ca)); (err == nil) != want {
				t.Errorf("%s for use %d as %d: %v", c.algorithm, c.use, use, err)
			}
		}
	}
	for _, r := range []Request{{}, {Domain: "d", Address: "a@d"}, {Domain: "d", Algorithm: "rsa-1024"}} {
		r.Key, r.CSR = filepath.Join(t.TempDir(), "k"), filepath.Join(t.TempDir(), "c")
		if err := MakeRequest(r); err == nil {
			t.Errorf("%+v: got no error", r)
		}
	}
}
