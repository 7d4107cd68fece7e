package cms

import (
	"bytes"
	"errors"
	"path/filepath"
	"strings"
	"testing"
)

func TestVerifyFixtures(t *testing.T) {
	content := read(t, "content.txt")
	files := append(glob(t, "good-detached-*.p7s"), glob(t, "good-opaque*.p7m")...)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			s, err := ParseSigned(read(t, file), Limits{})
			if err != nil {
				t.Fatal(err)
			}
			over := content
			if strings.Contains(file, "opaque") {
				over = nil
				if !bytes.Equal(s.Content, content) {
					t.Error("opaque content differs")
				}
			}
			signers, err := s.Verify(over)
			if err != nil {
				t.Fatal(err)
			}
			got := signers[0]
			if len(signers) != 1 || got.Err != nil || got.Certificate == nil || got.Digest == 0 || got.SigningTime.IsZero() || got.Algorithm == "" {
				t.Errorf("got %+v", signers)
			}
		})
	}
}

func TestVerifyRefuses(t *testing.T) {
	content := read(t, "content.txt")
	parse := func(b []byte) *Signed {
		t.Helper()
		s, err := ParseSigned(b, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	good := read(t, "good-detached-sha256.p7s")
	for _, tc := range []struct {
		name    string
		s       *Signed
		content []byte
		want    error
	}{
		{"sha-1", parse(read(t, "bad-detached-sha1.p7s")), content, ErrUnsupported},
		{"md5", parse(read(t, "bad-detached-md5.p7s")), content, ErrUnsupported},
		{"no signed attributes", parse(read(t, "bad-detached-noattr.p7s")), content, ErrSignature},
		{"no certificate", parse(read(t, "bad-detached-nocerts.p7s")), content, ErrSignature},
		{"other content", parse(good), append([]byte("x"), content...), ErrSignature},
		{"detached without content", parse(good), nil, ErrSignature},
		{"opaque with content", parse(read(t, "good-opaque.p7m")), content, ErrSignature},
		{"certs only", parse(read(t, "certs-only.p7b")), content, ErrUnsigned},
		{"contentType twice", parse(replaceOnce(t, good, oidBytes(9, 5), oidBytes(9, 3))), content, ErrSignature},
		{"no messageDigest", parse(replaceOnce(t, good, oidBytes(9, 4), oidBytes(9, 9))), content, ErrSignature},
		{"no contentType", parse(replaceOnce(t, good, oidBytes(9, 3), oidBytes(9, 9))), content, ErrSignature},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := tc.s.Verify(tc.content)
			if !errors.Is(err, tc.want) || got != nil {
				t.Fatalf("got %v %v, want %v and no signers", got, err, tc.want)
			}
		})
	}
	s := parse(read(t, "bad-detached-nocerts.p7s"))
	if _, err := s.Verify(content, identity(t, "rsa").Certificate); err != nil {
		t.Errorf("certificate given beside: got %v", err)
	}
}

// oidBytes is the DER of 1.2.840.113549.1.x.y.
func oidBytes(x, y byte) []byte {
	return []byte{6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, x, y}
}

// No single changed byte may verify with other content, or a changed signed attribute at all.
func TestVerifyMutations(t *testing.T) {
	content := read(t, "content.txt")
	for _, file := range append(glob(t, "good-detached-*.p7s"), glob(t, "good-opaque*.p7m")...) {
		b := read(t, file)
		opaque := strings.Contains(file, "opaque")
		for i := range b {
			mutated := bytes.Clone(b)
			mutated[i] ^= 1 << (i % 8)
			s, err := ParseSigned(mutated, Limits{})
			if err != nil {
				continue
			}
			over := content
			if opaque {
				over = nil
			}
			if _, err := s.Verify(over); err == nil && opaque && !bytes.Equal(s.Content, content) {
				t.Fatalf("%s: byte %d: other content verified", filepath.Base(file), i)
			}
		}
	}
}

func TestSign(t *testing.T) {
	content := read(t, "content.txt")
	for _, name := range []string{"rsa", "p256", "p384"} {
		id := identity(t, name)
		b, err := Sign(content, id.Certificate, id.Key, nil)
		if err != nil {
			t.Fatal(err)
		}
		s, err := ParseSigned(b, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		signers, err := s.Verify(content)
		if err != nil || !signers[0].Certificate.Equal(id.Certificate) || s.Content != nil {
			t.Errorf("%s: got %v %v", name, signers, err)
		}
		if _, err := s.Verify(content[1:]); !errors.Is(err, ErrSignature) {
			t.Errorf("%s: other content: got %v, want ErrSignature", name, err)
		}
	}
	if _, err := Sign(content, identity(t, "rsa").Certificate, identity(t, "p256").Key, nil); err == nil {
		t.Error("key of another certificate: got no error")
	}
	if sameKey(identity(t, "rsa").Key, identity(t, "p256").Key) {
		t.Error("fixture keys are the same")
	}
}
