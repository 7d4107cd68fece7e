package direct

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"refloop/direct/cms"
)

// mutants is how many changed messages the gate makes; the long run makes 12,000.
const mutants = 600

// mutator changes messages at one of the layers: the mail, the envelope's octets, the decrypted entity (an attacker with the recipient's
// certificate can encrypt anything), the signature's octets.
type mutator struct {
	r      *rand.Rand
	ours   cms.Identity
	entity []byte // signed and not encrypted
	sealed []byte
	other  []byte // another signed entity of the same sender
}

// bytesOf changes octets: flips, cuts, doubles, lengths of elements, zeros.
func (m *mutator) bytesOf(b []byte) []byte {
	b = bytes.Clone(b)
	if len(b) < 8 {
		return b
	}
	for range 1 + m.r.IntN(3) {
		at := m.r.IntN(len(b) - 4)
		switch m.r.IntN(7) {
		case 0:
			b[at] ^= 1 << m.r.IntN(8)
		case 1:
			b = b[:max(at, 8)]
		case 2:
			n := min(m.r.IntN(200), len(b)-at)
			b = append(b[:at:at], append(bytes.Clone(b[at:at+n]), b[at:]...)...)
		case 3: // a length of an element
			if i := bytes.IndexByte(b[at:], 0x82); i >= 0 && at+i+2 < len(b) {
				b[at+i+1+m.r.IntN(2)] = byte(m.r.IntN(256))
			}
		case 4:
			n := min(m.r.IntN(64), len(b)-at)
			clear(b[at : at+n])
		case 5: // two stretches change places
			n := min(1+m.r.IntN(64), (len(b)-at)/2)
			x, y := bytes.Clone(b[at:at+n]), bytes.Clone(b[at+n:at+2*n])
			copy(b[at:], y)
			copy(b[at+n:], x)
		default:
			n := min(m.r.IntN(100), len(b)-at)
			b = append(b[:at:at], b[at+n:]...)
		}
		if len(b) < 8 {
			return b
		}
	}
	return b
}

// entityOf changes the decrypted entity: its octets, its parts, and what is around them.
func (m *mutator) entityOf() []byte {
	e := bytes.Clone(m.entity)
	i := bytes.Index(e, []byte("\r\n--signed-"))
	head, body := e[:i], e[i:]
	mark := string(body[2 : bytes.Index(body[2:], []byte("\r\n"))+2])
	pieces := bytes.Split(body, []byte("\r\n"+mark))
	switch m.r.IntN(9) {
	case 0: // parts change places
		pieces[1], pieces[2] = pieces[2], pieces[1]
	case 1: // the signed part of another message of the same sender
		j := bytes.Index(m.other, []byte("Content-Type: message/rfc822"))
		k := bytes.LastIndex(m.other, []byte("\r\n--signed-"))
		k = bytes.LastIndex(m.other[:k], []byte("\r\n--signed-"))
		pieces[1] = append([]byte("\r\n"), m.other[j:k]...)
	case 2: // one more part
		pieces = append(pieces[:1:1], append([][]byte{[]byte("\r\nContent-Type: text/plain\r\n\r\nmore")}, pieces[1:]...)...)
	case 3: // around all, as EFAIL does
		return []byte("Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/html\r\n\r\n<img src=\"\r\n--x\r\n" + string(e) + "\r\n--x--\r\n")
	case 4: // around the signed part
		pieces[1] = []byte("\r\nContent-Type: multipart/mixed; boundary=y\r\n\r\n--y\r\n\r\nmore\r\n--y" + string(pieces[1]) + "\r\n--y--")
	case 5: // a header of its own before the wrapper
		pieces[1] = append([]byte("\r\nX: y"), pieces[1]...)
	case 6: // words of the content
		pieces[1] = bytes.Replace(pieces[1], []byte("e"), []byte("E"), 1+m.r.IntN(40))
	case 7: // line ends
		pieces[1] = bytes.Replace(pieces[1], []byte("\r\n"), []byte("\n"), 1+m.r.IntN(5))
	default:
		return m.bytesOf(e)
	}
	return append(head, bytes.Join(pieces, []byte("\r\n"+mark))...)
}

// signatureOf changes octets of the signature itself.
func (m *mutator) signatureOf() []byte {
	i := bytes.LastIndex(m.entity, []byte("\r\n\r\n")) + 4
	j := bytes.LastIndex(m.entity, []byte("--signed-"))
	der, err := decodeBase64(m.entity[i:j])
	if err != nil {
		return m.bytesOf(m.entity)
	}
	out := bytes.Clone(m.entity[:i])
	return append(append(out, base64.StdEncoding.EncodeToString(m.bytesOf(der))+"\r\n"...), m.entity[j:]...)
}

// next is one changed message.
func (m *mutator) next(t *testing.T) []byte {
	envelope := func(entity []byte) []byte {
		der, err := cms.Encrypt(cryptoSource{m.r}, entity, []*x509.Certificate{m.ours.Certificate}, cms.EncryptOptions{Content: cms.ContentCipher(m.r.IntN(4))})
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		b.WriteString("From: <" + theirs + ">\r\nTo: <" + ours + ">\r\nContent-Type: application/pkcs7-mime\r\nContent-Transfer-Encoding: base64\r\n\r\n")
		writeBase64(&b, der)
		return b.Bytes()
	}
	switch m.r.IntN(5) {
	case 0:
		return m.bytesOf(m.sealed)
	case 1:
		head, body, _ := bytes.Cut(m.sealed, []byte("\r\n\r\n"))
		der, err := decodeBase64(body)
		if err != nil {
			t.Fatal(err)
		}
		return append(append(bytes.Clone(head), "\r\n\r\n"...), base64.StdEncoding.EncodeToString(m.bytesOf(der))...)
	case 2:
		return envelope(m.signatureOf())
	default:
		return envelope(m.entityOf())
	}
}

// cryptoSource is randomness that is the same in each run.
type cryptoSource struct{ r *rand.Rand }

func (c cryptoSource) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = byte(c.r.Uint32())
	}
	return len(b), nil
}

// mutate opens n changed messages: none of them verifies with a content that its sender did not sign, none panics, and the memory stays
// as it was.
func mutate(t *testing.T, n int) {
	t.Helper()
	id := fixture(t)
	d := draft()
	d.Files[0].Body = bytes.Repeat([]byte("synthetic "), 300)
	inner := compose(t, d)
	d.Text, d.MessageID = "Another note of the same sender.", "<other@direct.lakeside.example>"
	another := compose(t, d)
	sealed := seal(t, inner, id, id, SealOptions{})
	_, entity, err := signEntity(inner, id, SealOptions{Seed: "s"})
	if err != nil {
		t.Fatal(err)
	}
	_, other, err := signEntity(another, id, SealOptions{Seed: "s"})
	if err != nil {
		t.Fatal(err)
	}
	want, err := Open(sealed, []cms.Identity{id}, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	m := &mutator{r: rand.New(rand.NewPCG(5, 8)), ours: id, entity: entity, sealed: sealed, other: other}
	verified := 0
	var base, mem runtime.MemStats
	for i := range n {
		raw := m.next(t)
		o, err := Open(raw, []cms.Identity{id}, Limits{})
		if err == nil {
			verified++
			sameMail(t, i, o, want)
		}
		if i == n/10 {
			runtime.GC()
			runtime.ReadMemStats(&base)
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&mem)
	if grown := int64(mem.HeapAlloc) - int64(base.HeapAlloc); grown > 8<<20 {
		t.Errorf("the heap grew by %d bytes", grown)
	}
	t.Logf("%d of %d verified, all with the signed content", verified, n)
}

// sameMail fails when what verified is not what was signed. What is not signed (headers outside) may differ.
func sameMail(t *testing.T, i int, got, want *Opened) {
	t.Helper()
	if !got.Wrapped || len(got.Mail.Parts) != len(want.Mail.Parts) || len(got.Mail.Header) != len(want.Mail.Header) {
		t.Fatalf("mutant %d: another message verified: %d parts", i, len(got.Mail.Parts))
	}
	for j, p := range got.Mail.Parts {
		if !bytes.Equal(p.Body, want.Mail.Parts[j].Body) || p.Name != want.Mail.Parts[j].Name {
			t.Fatalf("mutant %d: part %d verified with other content", i, j)
		}
	}
	for j, f := range got.Mail.Header {
		if !strings.EqualFold(f.Value, want.Mail.Header[j].Value) {
			t.Fatalf("mutant %d: field %d verified with another value", i, j)
		}
	}
}

func TestMutants(t *testing.T) { mutate(t, mutants) }
