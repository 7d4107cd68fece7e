package direct

import (
	"crypto/x509"
	"encoding/pem"
	"os"
	"testing"

	"refloop/direct/cms"
)

var fuzzLimits = Limits{Bytes: 1 << 20, Decoded: 1 << 20}

// fixture is the identity of testdata: the same in every fuzzing process, made without a key generation.
func fixture(t testing.TB) cms.Identity {
	t.Helper()
	load := func(name string) []byte {
		b, err := os.ReadFile("../testdata/direct/cms/" + name)
		if err != nil {
			t.Fatal(err)
		}
		block, _ := pem.Decode(b)
		return block.Bytes
	}
	c, err := x509.ParseCertificate(load("rsa.crt"))
	if err != nil {
		t.Fatal(err)
	}
	key, err := x509.ParsePKCS8PrivateKey(load("rsa.key"))
	if err != nil {
		t.Fatal(err)
	}
	return cms.Identity{Certificate: c, Key: key}
}

func small() Draft {
	d := draft()
	d.Files[0].Body = []byte("PK")
	return d
}

func FuzzReadMail(f *testing.F) {
	d := small()
	f.Add(compose(f, d))
	d.Report = &Notification{Disposition: Processed, Recipient: theirs, OriginalMessageID: "<a@b.example>"}
	f.Add(compose(f, d))
	f.Add(nested(25))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := ReadMail(b, fuzzLimits)
		if err != nil && (m.Header != nil || m.Parts != nil) {
			t.Fatal("half a message beside an error")
		}
		m.Notification()
		m.DeliveryStatus()
		m.WantsFinal()
		m.NotifyTo()
		m.MessageID()
	})
}

func FuzzOpen(f *testing.F) {
	id := fixture(f)
	f.Add(seal(f, compose(f, small()), id, id, SealOptions{}))
	for _, b := range mails(f, "*.eml") {
		f.Add(b)
	}
	ids := []cms.Identity{id}
	f.Fuzz(func(t *testing.T, b []byte) {
		if o, err := Open(b, ids, fuzzLimits); err != nil && o != nil {
			t.Fatal("a value beside an error")
		}
	})
}

// FuzzVerify starts behind the decryption, where the shape of the signed part matters.
func FuzzVerify(f *testing.F) {
	_, signed, err := signEntity(compose(f, small()), fixture(f), SealOptions{Seed: "s"})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(signed)
	f.Fuzz(func(t *testing.T, b []byte) {
		lim := fuzzLimits.withDefaults()
		o := &Opened{}
		part, err := o.verify(b, lim)
		if err != nil {
			return
		}
		if len(o.Signers) == 0 {
			t.Fatal("verified without a signer")
		}
		_ = o.unwrap(part, lim)
	})
}

func FuzzSplitSigned(f *testing.F) {
	f.Add([]byte("--b\r\nx\r\n--b\r\nsig\r\n--b--\r\n"), "b")
	f.Fuzz(func(t *testing.T, body []byte, boundary string) {
		if a, b, err := splitSigned(body, boundary); err != nil && (a != nil || b != nil) {
			t.Fatal("parts beside an error")
		}
	})
}
