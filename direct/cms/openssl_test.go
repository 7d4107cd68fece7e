package cms

import (
	"bytes"
	"crypto/rand"
	"crypto/x509"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// openssl runs the command in a folder of its own and skips the test when it is not installed.
func openssl(t *testing.T, args ...string) []byte {
	t.Helper()
	path, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("needs the openssl command; install the package openssl")
	}
	out, err := exec.Command(path, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("openssl %v: %v\n%s", args, err, out)
	}
	return out
}

func write(t *testing.T, b []byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "in")
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestOpenSSLReadsOurSignature(t *testing.T) {
	content := read(t, "content.txt")
	for _, name := range []string{"rsa", "p256", "p384"} {
		for _, command := range []string{"cms", "smime"} {
			id := identity(t, name)
			b, err := Sign(content, id.Certificate, id.Key, nil)
			if err != nil {
				t.Fatal(err)
			}
			out := filepath.Join(t.TempDir(), "out")
			openssl(t, command, "-verify", "-binary", "-inform", "DER", "-in", write(t, b), "-content", fixtures+"content.txt",
				"-CAfile", fixtures+"ca.crt", "-out", out)
			if got, _ := os.ReadFile(out); !bytes.Equal(got, content) {
				t.Errorf("%s: openssl %s gave other content", name, command)
			}
		}
	}
}

func TestOpenSSLReadsOurEnvelope(t *testing.T) {
	content := read(t, "content.txt")
	for _, c := range []struct {
		name string
		o    EncryptOptions
	}{
		{"rsa", EncryptOptions{}}, {"rsa", EncryptOptions{KeyTransport: OAEPSHA256}}, {"rsa", EncryptOptions{KeyTransport: OAEPSHA1}},
		{"rsa", EncryptOptions{Content: AES128CBC}}, {"rsa", EncryptOptions{Content: AES256GCM}}, {"rsa", EncryptOptions{Content: AES128GCM, KeyTransport: OAEPSHA256}},
		{"p256", EncryptOptions{}}, {"p384", EncryptOptions{}}, {"p256", EncryptOptions{Content: AES128CBC}}, {"p384", EncryptOptions{Content: AES256GCM}},
	} {
		id := identity(t, c.name)
		b, err := Encrypt(rand.Reader, content, []*x509.Certificate{id.Certificate}, c.o)
		if err != nil {
			t.Fatal(err)
		}
		e, err := ParseEnveloped(b, Limits{})
		if err != nil {
			t.Fatalf("%s %+v: %v", c.name, c.o, err)
		}
		if got, _, err := e.Decrypt([]Identity{id}); err != nil || !bytes.Equal(got, content) {
			t.Errorf("%s %+v: we read %d bytes, %v", c.name, c.o, len(got), err)
		}
		out := filepath.Join(t.TempDir(), "out")
		openssl(t, "cms", "-decrypt", "-binary", "-inform", "DER", "-in", write(t, b),
			"-recip", fixtures+c.name+".crt", "-inkey", fixtures+c.name+".key", "-out", out)
		if got, _ := os.ReadFile(out); !bytes.Equal(got, content) {
			t.Errorf("%s %+v: openssl gave other content", c.name, c.o)
		}
	}
}

func TestWeReadOpenSSL(t *testing.T) {
	content := bytes.Repeat([]byte("a line of a large part\r\n"), 20_000)
	in := write(t, content)
	out := filepath.Join(t.TempDir(), "out")
	openssl(t, "cms", "-sign", "-binary", "-nodetach", "-stream", "-md", "sha256", "-in", in, "-outform", "DER",
		"-signer", fixtures+"rsa.crt", "-inkey", fixtures+"rsa.key", "-out", out)
	b, _ := os.ReadFile(out)
	s, err := ParseSigned(b, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Verify(nil); err != nil || !bytes.Equal(s.Content, content) {
		t.Fatalf("opaque stream: %v, %d bytes", err, len(s.Content))
	}
	openssl(t, "cms", "-encrypt", "-binary", "-stream", "-aes128", "-in", in, "-outform", "DER", "-out", out, fixtures+"rsa.crt")
	b, _ = os.ReadFile(out)
	e, err := ParseEnveloped(b, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if got, _, err := e.Decrypt([]Identity{identity(t, "rsa")}); err != nil || !bytes.Equal(got, content) {
		t.Fatalf("envelope stream: %v, %d bytes", err, len(got))
	}
}
