package cms

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"path/filepath"
	"strings"
	"testing"
)

func TestDecryptFixtures(t *testing.T) {
	want := read(t, "content.txt")
	ids := []Identity{identity(t, "rsa"), identity(t, "p256"), identity(t, "p384")}
	for _, file := range glob(t, "good-*.p7m") {
		if strings.Contains(file, "opaque") {
			continue
		}
		t.Run(filepath.Base(file), func(t *testing.T) {
			e, err := ParseEnveloped(read(t, file), Limits{})
			if err != nil {
				t.Fatal(err)
			}
			got, id, err := e.Decrypt(ids)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("got %d bytes, want the %d of content.txt", len(got), len(want))
			}
			if id.Certificate == nil || !e.Names(id.Certificate) {
				t.Error("the identity that opened it is not named")
			}
			if content, keys := e.Algorithms(); !strings.HasPrefix(content, "aes-") || len(keys) == 0 {
				t.Errorf("algorithms: got %q %q", content, keys)
			}
		})
	}
}

func TestDecryptRefuses(t *testing.T) {
	if _, err := ParseEnveloped(read(t, "bad-3des.p7m"), Limits{}); !errors.Is(err, ErrUnsupported) {
		t.Errorf("3DES: got %v, want ErrUnsupported", err)
	}
	if _, err := ParseEnveloped(read(t, "good-opaque.p7m"), Limits{}); !errors.Is(err, ErrUnsupported) {
		t.Errorf("signed data: got %v, want ErrUnsupported", err)
	}
	e, err := ParseEnveloped(read(t, "good-v15-aes256.p7m"), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := e.Decrypt([]Identity{identity(t, "p256")}); !errors.Is(err, ErrNotRecipient) {
		t.Errorf("other identity: got %v, want ErrNotRecipient", err)
	}
	if _, _, err := e.Decrypt(nil); !errors.Is(err, ErrNotRecipient) {
		t.Errorf("no identity: got %v, want ErrNotRecipient", err)
	}
}

// Every fault of a decryption is the same error with the same text: no oracle.
func TestDecryptOneError(t *testing.T) {
	ids := []Identity{identity(t, "rsa"), identity(t, "p256")}
	for _, name := range []string{"good-v15-aes256.p7m", "good-oaep-sha256.p7m", "good-gcm-aes256.p7m", "good-ecdh-p256.p7m"} {
		b := read(t, name)
		for i := 0; i < len(b); i += 3 {
			mutated := bytes.Clone(b)
			mutated[i] ^= 0x41
			e, err := ParseEnveloped(mutated, Limits{})
			if err != nil {
				continue
			}
			got, _, err := e.Decrypt(ids)
			switch {
			case err == nil && strings.Contains(name, "gcm") && !bytes.Equal(got, read(t, "content.txt")):
				t.Fatalf("%s: byte %d changed the content unnoticed", name, i)
			case err != nil && err != ErrDecrypt && err != ErrNotRecipient:
				t.Fatalf("%s: byte %d: got %v, want exactly ErrDecrypt", name, i, err)
			}
		}
	}
}

// Bad RSA padding must give a key, always the same one for the same bytes, not an error (RFC 3218).
func TestImplicitRejection(t *testing.T) {
	priv := identity(t, "rsa").Key.(*rsa.PrivateKey)
	bad := bytes.Repeat([]byte{0x11}, priv.Size())
	k1, k2 := sessionKey(priv, bad, 32), sessionKey(priv, bad, 32)
	if len(k1) != 32 || !bytes.Equal(k1, k2) {
		t.Fatalf("got %d and %d bytes, want the same 32", len(k1), len(k2))
	}
	bad[0] = 0x12
	if bytes.Equal(k1, sessionKey(priv, bad, 32)) {
		t.Fatal("another ciphertext gave the same key")
	}
}

func TestEncryptRoundTrip(t *testing.T) {
	id := identity(t, "rsa")
	for _, kt := range []KeyTransport{RSAv15, OAEPSHA256, OAEPSHA1} {
		for _, n := range []int{0, 1, 15, 16, 17, 100_000} {
			content := bytes.Repeat([]byte{0xa5}, n)
			b, err := Encrypt(rand.Reader, content, []*x509.Certificate{id.Certificate}, EncryptOptions{KeyTransport: kt})
			if err != nil {
				t.Fatal(err)
			}
			e, err := ParseEnveloped(b, Limits{})
			if err != nil {
				t.Fatal(err)
			}
			got, _, err := e.Decrypt([]Identity{id})
			if err != nil || !bytes.Equal(got, content) {
				t.Fatalf("transport %d, %d bytes: got %d bytes, %v", kt, n, len(got), err)
			}
		}
	}
	if _, err := Encrypt(rand.Reader, nil, nil, EncryptOptions{}); err == nil {
		t.Error("no recipient: got no error")
	}
	ec := []*x509.Certificate{{PublicKey: &ecdsa.PublicKey{Curve: elliptic.P521()}}}
	if _, err := Encrypt(rand.Reader, nil, ec, EncryptOptions{}); !errors.Is(err, ErrUnsupported) {
		t.Errorf("recipient on another curve: got %v, want ErrUnsupported", err)
	}
}

func TestUnpad(t *testing.T) {
	block := func(tail ...byte) []byte { return append(make([]byte, 16-len(tail)), tail...) }
	for name, tc := range map[string]struct {
		in   []byte
		want int
		ok   bool
	}{
		"one":   {block(1), 15, true},
		"three": {block(3, 3, 3), 13, true},
		"full":  {bytes.Repeat([]byte{16}, 16), 0, true},
		"zero":  {block(0), 16, false},
		"long":  {block(17), -1, false},
		"mixed": {block(2, 3, 3), 13, false},
	} {
		if got, ok := unpad(tc.in); ok != tc.ok || ok && got != tc.want {
			t.Errorf("%s: got %d %v, want %d %v", name, got, ok, tc.want, tc.ok)
		}
	}
}
