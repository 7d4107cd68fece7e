package cms

import (
	"bytes"
	"testing"
)

func FuzzNormalize(f *testing.F) {
	for _, file := range append(glob(f, "*.p7s"), glob(f, "*.p7m")...) {
		f.Add(read(f, file))
	}
	f.Add([]byte("\x24\x80\x24\x80\x04\x01a\x00\x00\x04\x01b\x00\x00"))
	lim := Limits{Bytes: 1 << 20}
	f.Fuzz(func(t *testing.T, b []byte) {
		once, err := Normalize(b, lim)
		if err != nil {
			if once != nil {
				t.Fatal("bytes beside an error")
			}
			return
		}
		twice, err := Normalize(once, lim)
		if err != nil || !bytes.Equal(once, twice) {
			t.Fatalf("normalising twice: %v, %d and %d bytes", err, len(once), len(twice))
		}
	})
}

func FuzzParseSigned(f *testing.F) {
	for _, file := range append(glob(f, "*.p7s"), glob(f, "*opaque*.p7m")...) {
		f.Add(read(f, file))
	}
	f.Add(read(f, "certs-only.p7b"))
	content := read(f, "content.txt")
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := ParseSigned(b, Limits{Bytes: 1 << 20})
		if err != nil {
			if s != nil {
				t.Fatal("a value beside an error")
			}
			return
		}
		over := content
		if s.Content != nil {
			over = nil
		}
		signers, err := s.Verify(over)
		if err == nil && s.Content != nil && !bytes.Equal(s.Content, content) {
			for _, signer := range signers {
				if signer.Err == nil && bytes.Contains(signer.Certificate.RawSubject, []byte("refloop test only")) {
					t.Fatal("a fixture key verifies other content")
				}
			}
		}
	})
}

func FuzzParseEnveloped(f *testing.F) {
	for _, file := range glob(f, "*.p7m") {
		f.Add(read(f, file))
	}
	ids := []Identity{identity(f, "rsa"), identity(f, "p256"), identity(f, "p384")}
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := ParseEnveloped(b, Limits{Bytes: 1 << 20})
		if err != nil {
			if e != nil {
				t.Fatal("a value beside an error")
			}
			return
		}
		if got, _, err := e.Decrypt(ids); err != nil && (got != nil || err != ErrDecrypt && err != ErrNotRecipient) {
			t.Fatalf("got %d bytes and %v", len(got), err)
		}
	})
}
