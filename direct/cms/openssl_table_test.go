package cms

import (
	"bytes"
	"crypto/rand"
	"crypto/x509"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Every algorithm of the Direct list as the openssl of this machine writes it.
func TestWeReadEveryAlgorithmOfOpenSSL(t *testing.T) {
	content := read(t, "content.txt")
	out := filepath.Join(t.TempDir(), "out")
	run := func(args ...string) []byte {
		t.Helper()
		openssl(t, args...)
		b, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	for _, name := range []string{"rsa", "p256", "p384"} {
		for _, md := range []string{"sha256", "sha384", "sha512"} {
			for _, more := range []string{"", "-nodetach", "-keyid", "-keyopt rsa_padding_mode:pss", "-stream -nodetach"} {
				if strings.Contains(more, "pss") && name != "rsa" || more != "" && md == "sha384" {
					continue
				}
				args := append([]string{"cms", "-sign", "-binary", "-md", md, "-in", fixtures + "content.txt", "-outform", "DER", "-out", out,
					"-signer", fixtures + name + ".crt", "-inkey", fixtures + name + ".key"}, strings.Fields(more)...)
				checkSigned(t, name+" "+md+" "+more, run(args...), content)
			}
			checkSigned(t, "smime "+name+" "+md, run("smime", "-sign", "-binary", "-md", md, "-in", fixtures+"content.txt", "-outform", "DER", "-out", out,
				"-signer", fixtures+name+".crt", "-inkey", fixtures+name+".key"), content)
		}
	}
	for _, cipher := range []string{"aes-128-cbc", "aes-192-cbc", "aes-256-cbc", "aes-128-gcm", "aes-192-gcm", "aes-256-gcm"} {
		for name, options := range map[string][]string{
			"rsa": {"", "-keyid", "-keyopt rsa_padding_mode:oaep", "-keyopt rsa_padding_mode:oaep -keyopt rsa_oaep_md:sha256",
				"-keyopt rsa_padding_mode:oaep -keyopt rsa_oaep_md:sha256 -keyopt rsa_mgf1_md:sha1", "-keyopt rsa_padding_mode:oaep -keyopt rsa_oaep_md:sha384", "-keyopt rsa_padding_mode:oaep -keyopt rsa_oaep_md:sha512", "-stream"},
			"p256": {"", "-keyid", "-keyopt ecdh_kdf_md:sha256", "-keyopt ecdh_kdf_md:sha384", "-keyopt ecdh_cofactor_mode:1"},
			"p384": {"", "-keyopt ecdh_kdf_md:sha384", "-keyopt ecdh_kdf_md:sha512"},
		} {
			for _, more := range options {
				if strings.HasSuffix(cipher, "gcm") && more == "-stream" || more != "" && !strings.HasPrefix(cipher, "aes-256") {
					continue // each way to the key with one cipher of each kind
				}
				args := append([]string{"cms", "-encrypt", "-binary", "-" + cipher, "-in", fixtures + "content.txt", "-outform", "DER", "-out", out}, "-recip", fixtures+name+".crt")
				checkEnveloped(t, name+" "+cipher+" "+more, run(append(args, strings.Fields(more)...)...), identity(t, name), content)
			}
		}
		if strings.HasSuffix(cipher, "cbc") {
			checkEnveloped(t, "smime "+cipher, run("smime", "-encrypt", "-binary", "-"+cipher, "-in", fixtures+"content.txt", "-outform", "DER", "-out", out, fixtures+"rsa.crt"), identity(t, "rsa"), content)
		}
	}
}

func checkSigned(t *testing.T, name string, b, content []byte) {
	t.Helper()
	s, err := ParseSigned(b, Limits{})
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	over := content
	if s.Content != nil {
		over = nil
		if !bytes.Equal(s.Content, content) {
			t.Errorf("%s: other content", name)
		}
	}
	if _, err := s.Verify(over); err != nil {
		t.Errorf("%s: %v", name, err)
	}
}

func checkEnveloped(t *testing.T, name string, b []byte, id Identity, content []byte) {
	t.Helper()
	e, err := ParseEnveloped(b, Limits{})
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	if got, _, err := e.Decrypt([]Identity{id}); err != nil || !bytes.Equal(got, content) {
		t.Errorf("%s: got %d octets, %v", name, len(got), err)
	}
}

// The smime command, which knows less than cms, reads what we write by default.
func TestOldCommandReadsOurEnvelope(t *testing.T) {
	content, id := read(t, "content.txt"), identity(t, "rsa")
	for _, cipher := range []ContentCipher{AES256CBC, AES128CBC} {
		b, err := Encrypt(rand.Reader, content, []*x509.Certificate{id.Certificate}, EncryptOptions{Content: cipher})
		if err != nil {
			t.Fatal(err)
		}
		out := filepath.Join(t.TempDir(), "out")
		openssl(t, "smime", "-decrypt", "-binary", "-inform", "DER", "-in", write(t, b), "-recip", fixtures+"rsa.crt", "-inkey", fixtures+"rsa.key", "-out", out)
		if got, _ := os.ReadFile(out); !bytes.Equal(got, content) {
			t.Errorf("cipher %d: openssl smime gave other content", cipher)
		}
	}
}
