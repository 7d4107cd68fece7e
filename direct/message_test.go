package direct

import (
	"bytes"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"refloop/direct/cms"
)

func draft() Draft {
	return Draft{
		From: theirs, To: []string{ours}, Date: now, MessageID: "<r1.accept@direct.lakeside.example>", Subject: XDMSubject,
		Text: "A referral update.", Notify: true,
		Files: []File{{Name: "r1.zip", ContentType: "application/zip", Body: bytes.Repeat([]byte("PK\x03\x04 synthetic "), 300)}},
	}
}

func compose(t testing.TB, d Draft) []byte {
	t.Helper()
	b, err := Compose(d)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func seal(t testing.TB, inner []byte, from, to cms.Identity, o SealOptions) []byte {
	t.Helper()
	b, err := Seal(rand.Reader, inner, from, to.Certificate, o)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestComposeGolden(t *testing.T) {
	d := draft()
	d.Files[0].Body = []byte("PK")
	got := string(compose(t, d))
	want := strings.ReplaceAll(`From: <referrals@direct.lakeside.example>
To: <referrals@direct.northside.example>
Date: Mon, 23 Nov 2026 04:00:00 +0000
Message-ID: <r1.accept@direct.lakeside.example>
Subject: XDM/1.0/DDM
Disposition-Notification-To: <referrals@direct.lakeside.example>
Disposition-Notification-Options: X-DIRECT-FINAL-DESTINATION-DELIVERY=optional,true
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="mixed-BOUNDARY"

--mixed-BOUNDARY
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 7bit

A referral update.
--mixed-BOUNDARY
Content-Type: application/zip;
 name="r1.zip"
Content-Disposition: attachment;
 filename="r1.zip"
Content-Transfer-Encoding: base64

UEs=
--mixed-BOUNDARY--
`, "\n", "\r\n")
	mark := boundary(d.MessageID, "mixed")
	if diff := cmp.Diff(strings.ReplaceAll(want, "mixed-BOUNDARY", mark), got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if again := string(compose(t, d)); again != got {
		t.Error("the same draft gave other bytes")
	}
}

func TestComposeRefuses(t *testing.T) {
	for name, change := range map[string]func(*Draft){
		"no sender":         func(d *Draft) { d.From = "" },
		"sender injection":  func(d *Draft) { d.From = "a@b.example>\r\nBcc: <x@y.example" },
		"no recipient":      func(d *Draft) { d.To = nil },
		"bad recipient":     func(d *Draft) { d.To = []string{"nobody"} },
		"no message id":     func(d *Draft) { d.MessageID = "" },
		"bare message id":   func(d *Draft) { d.MessageID = "a@b" },
		"subject injection": func(d *Draft) { d.Subject = "x\r\nBcc: y@z.example" },
		"no date":           func(d *Draft) { d.Date = time.Time{} },
	} {
		d := draft()
		change(&d)
		if b, err := Compose(d); err == nil || b != nil {
			t.Errorf("%s: got %d bytes and %v, want an error", name, len(b), err)
		}
	}
}

func TestSealOpen(t *testing.T) {
	p := newPair(t)
	for _, kt := range []cms.KeyTransport{cms.RSAv15, cms.OAEPSHA256, cms.OAEPSHA1} {
		d := draft()
		d.Text = "Grüße aus der Praxis, " + strings.Repeat("long line ", 30)
		inner := compose(t, d)
		raw := seal(t, inner, p.them, p.us, SealOptions{Encrypt: cms.EncryptOptions{KeyTransport: kt}})
		checkOutside(t, raw)
		o, err := Open(raw, []cms.Identity{p.us}, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if err := o.Check(theirs, ours); err != nil {
			t.Error(err)
		}
		v, err := TrustSigners(theirs, o.Signers, o.Certificates, p.policy())
		if err != nil || v.Bound != "domain" || v.Revocation != "unknown" || len(v.Chain) != 2 {
			t.Errorf("verdict: got %+v %v", v, err)
		}
		m := o.Mail
		if len(m.Parts) != 2 || strings.TrimRight(string(m.Parts[0].Body), "\r\n") != d.Text || !bytes.Equal(m.Parts[1].Body, d.Files[0].Body) || m.Parts[1].Name != "r1.zip" {
			t.Errorf("parts: got %d", len(m.Parts))
		}
		if !m.WantsFinal() || m.NotifyTo() != theirs || m.IsReport() || m.MessageID() != d.MessageID || !o.Wrapped || len(o.Warnings)+len(m.Warnings) != 0 {
			t.Errorf("got %v", o.Warnings)
		}
	}
}

// checkOutside: only what direct.md section 3.5 names is outside, no line is long, everything is CRLF and 7 bits.
func checkOutside(t *testing.T, raw []byte) {
	t.Helper()
	h, _, err := splitHeader(raw, Limits{}.withDefaults())
	if err != nil {
		t.Fatal(err)
	}
	allowed := []string{"From", "To", "Cc", "Date", "Message-ID", "MIME-Version", "Content-Type", "Content-Disposition", "Content-Transfer-Encoding"}
	for _, f := range h {
		if !slices.Contains(allowed, f.Name) {
			t.Errorf("field %s is outside", f.Name)
		}
	}
	for line := range strings.SplitSeq(string(raw), "\n") {
		if line != "" && !strings.HasSuffix(line, "\r") || len(line) > 200 {
			t.Fatalf("a line of %d bytes, or without CR", len(line))
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	p := newPair(t)
	inner := compose(t, draft())
	good := seal(t, inner, p.them, p.us, SealOptions{})
	encrypt := func(entity string) []byte {
		der, err := cms.Encrypt(rand.Reader, []byte(entity), []*x509.Certificate{p.us.Certificate}, cms.EncryptOptions{})
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		field(&b, "Content-Type", "application/pkcs7-mime; name=smime.p7m")
		field(&b, "Content-Transfer-Encoding", "base64")
		b.WriteString("\r\n")
		writeBase64(&b, der)
		return b.Bytes()
	}
	_, signed, err := signEntity(inner, p.them, SealOptions{Seed: "s"})
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name string
		raw  []byte
		ids  []cms.Identity
		want error
	}{
		{"empty", nil, nil, ErrNotEncrypted},
		{"plain text", []byte("From: a@b.example\r\n\r\nhello\r\n"), nil, ErrNotEncrypted},
		{"signed only", append([]byte("From: a@b.example\r\n"), signed...), nil, ErrNotEncrypted},
		{"not for us", good, []cms.Identity{p.them}, ErrUndecryptable},
		{"no identity", good, nil, ErrUndecryptable},
		{"encrypted, not signed", encrypt("Content-Type: message/rfc822\r\n\r\n" + string(inner)), []cms.Identity{p.us}, ErrUnsigned},
		{"changed signed part", encrypt(strings.Replace(string(signed), "A referral", "B referral", 1)), []cms.Identity{p.us}, ErrSignature},
		{"signature gone", encrypt("Content-Type: multipart/signed; boundary=x\r\n\r\n--x\r\n\r\na\r\n--x--\r\n"), []cms.Identity{p.us}, ErrMalformed},
		{"broken base64", []byte("Content-Type: application/pkcs7-mime\r\nContent-Transfer-Encoding: base64\r\n\r\n!!!\r\n"), nil, ErrMalformed},
		{"no field name", []byte("no colon here\r\n\r\n"), nil, ErrMalformed},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o, err := Open(tc.raw, tc.ids, Limits{})
			if !errors.Is(err, tc.want) || o != nil {
				t.Fatalf("got %v, want %v", err, tc.want)
			}
		})
	}
	// The line end forgiveness: the same part with LF still verifies.
	o, err := Open(encrypt(strings.ReplaceAll(string(signed), "\r\n", "\n")), []cms.Identity{p.us}, Limits{})
	if err != nil || len(o.Warnings) != 1 {
		t.Errorf("LF line ends: got %v", err)
	}
}

func TestTamper(t *testing.T) {
	p := newPair(t)
	o, err := Open(seal(t, compose(t, draft()), p.them, p.us, SealOptions{}), []cms.Identity{p.us}, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name, from, to string
		want           error
	}{
		{"good", theirs, ours, nil},
		{"other case", strings.ToUpper(theirs), strings.ToUpper(ours), nil},
		{"other sender", "mallory@direct.lakeside.example", ours, ErrTampered},
		{"other recipient", theirs, "someone@direct.northside.example", ErrTampered},
		{"no sender", "", ours, ErrTampered},
		{"no recipient", theirs, "", ErrTampered},
	} {
		if err := o.Check(tc.from, tc.to); !errors.Is(err, tc.want) || (err == nil) != (tc.want == nil) {
			t.Errorf("%s: got %v, want %v", tc.name, err, tc.want)
		}
	}
}

// Independent tools read what we send and we read what they write.
func TestOpenSSL(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("needs the openssl command; install the package openssl")
	}
	p := newPair(t)
	dir := t.TempDir()
	file := func(name string, b []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	run := func(args ...string) {
		t.Helper()
		if out, err := exec.Command("openssl", args...).CombinedOutput(); err != nil {
			t.Fatalf("openssl %v: %v\n%s", args, err, out)
		}
	}
	cert := func(name string, id cms.Identity) string { return file(name, pemCert(id)) }
	us, them, anchor := cert("us.crt", p.us), cert("them.crt", p.them), cert("ca.crt", p.anchor)
	usKey, themKey := file("us.key", pemKey(t, p.us)), file("them.key", pemKey(t, p.them))
	inner := compose(t, draft())
	for _, command := range []string{"cms", "smime"} {
		mail, plain, out := file("mail.eml", seal(t, inner, p.them, p.us, SealOptions{})), filepath.Join(dir, "plain"), filepath.Join(dir, "out")
		run(command, "-decrypt", "-in", mail, "-recip", us, "-inkey", usKey, "-out", plain)
		run(command, "-verify", "-in", plain, "-CAfile", anchor, "-purpose", "smimesign", "-out", out)
		if got, _ := os.ReadFile(out); !bytes.HasSuffix(got, inner) {
			t.Errorf("openssl %s: the message inside differs", command)
		}
		// The other way, detached and opaque, through the command's own MIME writer.
		wrapped := file("wrapped", append([]byte("Content-Type: message/rfc822\r\n\r\n"), inner...))
		for _, form := range [][]string{nil, {"-nodetach"}} {
			signed, sent := filepath.Join(dir, "signed"), filepath.Join(dir, "sent")
			run(append(append([]string{command, "-sign", "-md", "sha256"}, form...), "-in", wrapped, "-signer", them, "-inkey", themKey, "-out", signed)...)
			run(command, "-encrypt", "-aes256", "-in", signed, "-from", theirs, "-to", ours, "-subject", "x", "-out", sent, us)
			raw, err := os.ReadFile(sent)
			if err != nil {
				t.Fatal(err)
			}
			o, err := Open(raw, []cms.Identity{p.us}, Limits{})
			if err != nil {
				t.Fatalf("openssl %s %v: %v", command, form, err)
			}
			if err := o.Check(theirs, ours); err != nil || len(o.Mail.Parts) != 2 {
				t.Errorf("openssl %s %v: %v, %d parts", command, form, err, len(o.Mail.Parts))
			}
		}
	}
}
