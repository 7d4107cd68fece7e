package trust

import (
	"bufio"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/miekg/dns"
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"refloop/direct/cms"
)

// Limits of a directory.
const (
	ldapTime     = 15 * time.Second // with one server, connecting included
	ldapMessage  = 1 << 20          // octets of one answer
	ldapMessages = 100              // answers to one question
	ldapContexts = 10               // naming contexts searched
	ldapServers  = 8                // of one domain
	ldapFresh    = time.Hour
)

// Tags of LDAP messages (RFC 4511 section 4.2 and on).
const (
	ldapBind     = cbasn1.Tag(0x60)
	ldapBound    = cbasn1.Tag(0x61)
	ldapUnbind   = cbasn1.Tag(0x42)
	ldapSearch   = cbasn1.Tag(0x63)
	ldapEntry    = cbasn1.Tag(0x64)
	ldapDone     = cbasn1.Tag(0x65)
	ldapEqual    = cbasn1.Tag(0xa3)
	ldapPresent  = cbasn1.Tag(0x87)
	ldapNothing  = 32 // noSuchObject: no error of a search
	ldapTooMany  = 4  // sizeLimitExceeded: what came counts
	ldapSizeGoal = 50
)

// directory looks for certificates in the directories of a domain: entries whose mail is value, in every naming
// context (direct.md section 8). Servers come from SRV records, by priority, then the heaviest first; the next one is asked when one is down.
func (n *Network) directory(ctx context.Context, domain, value string) (Published, error) {
	now, key := n.cfg.Now(), "ldap "+value
	if p, err, ok := n.finder.found.get(key, now); ok {
		return p, err
	}
	servers, err := n.finder.directories(ctx, domain)
	if err != nil {
		return Published{}, err
	}
	for _, s := range servers {
		var certs []*x509.Certificate
		if certs, err = n.ask(ctx, s, value); err == nil {
			life := ldapFresh
			if len(certs) == 0 {
				life = failedFor
			}
			p := Published{Name: key, Certificates: certs}
			n.finder.found.put(key, p, nil, now.Add(life))
			return p, nil
		}
	}
	if err != nil {
		return Published{}, fmt.Errorf("trust: directory of %s: %w: %w", domain, ErrLookup, err)
	}
	return Published{}, nil
}

// directories are host:port of the LDAP servers of a domain, in the order to ask them.
func (f *finder) directories(ctx context.Context, domain string) (out []string, err error) {
	answer, err := f.exchange(ctx, dns.Fqdn("_ldap._tcp."+domain), dns.TypeSRV)
	if err != nil {
		return nil, err
	}
	var list []*dns.SRV
	for _, rr := range answer.Answer {
		if s, ok := rr.(*dns.SRV); ok && s.Target != "." {
			list = append(list, s)
		}
	}
	slices.SortStableFunc(list, func(a, b *dns.SRV) int {
		if a.Priority != b.Priority {
			return int(a.Priority) - int(b.Priority)
		}
		return int(b.Weight) - int(a.Weight)
	})
	for _, s := range first(list, ldapServers) {
		hosts, err := f.addresses(ctx, s.Target)
		if err != nil {
			return nil, err
		}
		if len(hosts) == 0 {
			hosts = []string{strings.TrimSuffix(s.Target, ".")} // fails when it is asked, and the next one is tried
		}
		for _, h := range hosts {
			out = append(out, net.JoinHostPort(h, strconv.Itoa(int(s.Port))))
		}
	}
	return out, nil
}

// addresses resolves a host by the same name servers.
func (f *finder) addresses(ctx context.Context, host string) (out []string, err error) {
	for _, kind := range []uint16{dns.TypeA, dns.TypeAAAA} {
		answer, err := f.exchange(ctx, dns.Fqdn(host), kind)
		if err != nil {
			return nil, err
		}
		for _, rr := range answer.Answer {
			switch a := rr.(type) {
			case *dns.A:
				out = append(out, a.A.String())
			case *dns.AAAA:
				out = append(out, a.AAAA.String())
			}
		}
	}
	return first(out, 4), nil
}

// ask binds anonymously to one server and searches it.
func (n *Network) ask(ctx context.Context, server, value string) ([]*x509.Certificate, error) {
	ctx, stop := context.WithTimeout(ctx, ldapTime)
	defer stop()
	d := net.Dialer{Control: (&guard{n.cfg.Allow}).control}
	raw, err := d.DialContext(ctx, "tcp", server)
	if err != nil {
		return nil, errors.New(server + " cannot be reached")
	}
	defer raw.Close()
	if at, ok := ctx.Deadline(); ok {
		_ = raw.SetDeadline(at)
	}
	defer context.AfterFunc(ctx, func() { raw.Close() })()
	l := &ldapConn{w: raw, r: bufio.NewReader(raw), name: server}
	if err := l.bind(); err != nil {
		return nil, err
	}
	roots, err := l.search("", 0, ldapPresent, "objectClass", "", "namingContexts")
	if err != nil {
		return nil, err
	}
	var certs []*x509.Certificate
	for _, base := range first(roots, ldapContexts) {
		values, err := l.search(string(base), 2, ldapEqual, "mail", value, "userCertificate", "userCertificate;binary")
		if err != nil {
			return nil, err
		}
		for _, der := range values {
			if c, err := x509.ParseCertificate(der); err == nil && len(certs) < maxPublished {
				certs = append(certs, c)
			}
		}
	}
	_ = l.send(ldapUnbind, func(*cryptobyte.Builder) {})
	return certs, nil
}

// ldapConn is one connection; one question at a time.
type ldapConn struct {
	w    io.Writer
	r    *bufio.Reader
	name string
	id   int64
}

func (l *ldapConn) broken() error { return errors.New(l.name + " does not speak LDAP as it should") }

func (l *ldapConn) send(op cbasn1.Tag, body func(*cryptobyte.Builder)) error {
	l.id++
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(l.id)
		b.AddASN1(op, body)
	})
	out, err := b.Bytes()
	if err == nil {
		_, err = l.w.Write(out)
	}
	return err
}

// receive reads one answer to the last question: its operation and body.
func (l *ldapConn) receive() (op cbasn1.Tag, body cryptobyte.String, err error) {
	frame, err := l.frame()
	if err != nil {
		return 0, nil, err
	}
	der, err := cms.Normalize(frame, cms.Limits{Bytes: ldapMessage})
	if err != nil {
		return 0, nil, l.broken()
	}
	s := cryptobyte.String(der)
	var seq cryptobyte.String
	var id int64
	if !s.ReadASN1(&seq, cbasn1.SEQUENCE) || !seq.ReadASN1Integer(&id) || id != l.id || !seq.ReadAnyASN1(&body, &op) {
		return 0, nil, l.broken()
	}
	return op, body, nil
}

// frame reads one element with its definite length (RFC 4511 section 5.1).
func (l *ldapConn) frame() ([]byte, error) {
	head := make([]byte, 2, 6)
	if _, err := io.ReadFull(l.r, head); err != nil {
		return nil, l.broken()
	}
	size := int(head[1])
	if size >= 0x80 {
		n := size & 0x7f
		if n == 0 || n > 4 {
			return nil, l.broken()
		}
		head = head[:2+n]
		if _, err := io.ReadFull(l.r, head[2:]); err != nil {
			return nil, l.broken()
		}
		size = 0
		for _, o := range head[2:] {
			size = size<<8 | int(o)
		}
	}
	if head[0] != byte(cbasn1.SEQUENCE) || size > ldapMessage {
		return nil, l.broken()
	}
	body := make([]byte, size)
	if _, err := io.ReadFull(l.r, body); err != nil {
		return nil, l.broken()
	}
	return append(head, body...), nil
}

// code reads a resultCode at the head of an LDAPResult.
func (l *ldapConn) code(body cryptobyte.String) (int, error) {
	var code int
	if !body.ReadASN1Enum(&code) {
		return 0, l.broken()
	}
	return code, nil
}

// bind is an anonymous simple bind (RFC 4513 section 5.1.1).
func (l *ldapConn) bind() error {
	err := l.send(ldapBind, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(3)
		b.AddASN1OctetString(nil)
		b.AddASN1(cbasn1.Tag(0x80), func(*cryptobyte.Builder) {})
	})
	if err != nil {
		return err
	}
	op, body, err := l.receive()
	if err != nil {
		return err
	}
	if code, err := l.code(body); err != nil || op != ldapBound || code != 0 {
		return fmt.Errorf("%s does not take an anonymous bind (%d)", l.name, code)
	}
	return nil
}

// search returns the values of the attributes asked for, of all entries found.
func (l *ldapConn) search(base string, scope int64, filter cbasn1.Tag, attribute, value string, want ...string) (out [][]byte, err error) {
	err = l.send(ldapSearch, func(b *cryptobyte.Builder) {
		b.AddASN1OctetString([]byte(base))
		b.AddASN1Enum(scope)
		b.AddASN1Enum(0) // never dereference aliases
		b.AddASN1Int64(ldapSizeGoal)
		b.AddASN1Int64(int64(ldapTime / time.Second))
		b.AddASN1Boolean(false)
		b.AddASN1(filter, func(b *cryptobyte.Builder) {
			if filter == ldapPresent {
				b.AddBytes([]byte(attribute))
				return
			}
			b.AddASN1OctetString([]byte(attribute))
			b.AddASN1OctetString([]byte(value))
		})
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			for _, a := range want {
				b.AddASN1OctetString([]byte(a))
			}
		})
	})
	if err != nil {
		return nil, err
	}
	for range ldapMessages {
		op, body, err := l.receive()
		if err != nil {
			return nil, err
		}
		switch op {
		case ldapEntry:
			values, ok := entryValues(body, want)
			if !ok {
				return nil, l.broken()
			}
			out = append(out, values...)
		case ldapDone:
			code, err := l.code(body)
			if err != nil || code != 0 && code != ldapNothing && code != ldapTooMany {
				return nil, fmt.Errorf("%s refuses the search (%d)", l.name, code)
			}
			return out, nil
		}
	}
	return nil, l.broken()
}

// entryValues reads a SearchResultEntry.
func entryValues(body cryptobyte.String, want []string) (out [][]byte, ok bool) {
	var dn, attributes cryptobyte.String
	if !body.ReadASN1(&dn, cbasn1.OCTET_STRING) || !body.ReadASN1(&attributes, cbasn1.SEQUENCE) {
		return nil, false
	}
	for !attributes.Empty() {
		var one, kind, values cryptobyte.String
		if !attributes.ReadASN1(&one, cbasn1.SEQUENCE) || !one.ReadASN1(&kind, cbasn1.OCTET_STRING) || !one.ReadASN1(&values, cbasn1.SET) {
			return nil, false
		}
		wanted := slices.ContainsFunc(want, func(w string) bool { return strings.EqualFold(w, string(kind)) })
		for !values.Empty() {
			var v cryptobyte.String
			if !values.ReadASN1(&v, cbasn1.OCTET_STRING) {
				return nil, false
			}
			if wanted {
				out = append(out, v)
			}
		}
	}
	return out, true
}
