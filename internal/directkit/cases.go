package directkit

import (
	"crypto/x509"
	"slices"
	"strings"
	"testing"
)

// Case is one message of the kit and what must become of it.
type Case struct {
	Name string // unique
	Row  string // the rule it is about: section of the Direct requirements
	Good bool   // processed or held, with Processed notifications; else refused, and nothing is sent
	// Reason is how the reason of a refusal begins; empty: any.
	Reason    string
	Processed int        // processed notifications that must come back
	EnvFrom   string     // envelope sender
	EnvTo     []string   // envelope recipients
	ID        string     // Message-ID inside; empty: none
	Reply     []Identity // who may open the notification
	Sender    string     // where the notification must go
	Raw       []byte
}

// Kit collects cases.
type Kit struct {
	*World
	t     testing.TB
	Cases []Case
}

// NewKit makes all cases.
func NewKit(t testing.TB) *Kit {
	t.Helper()
	k := &Kit{World: New(t), t: t}
	k.certificates()
	k.chains()
	k.status()
	k.signatures()
	k.envelopes()
	k.structure()
	k.headers()
	k.notifications()
	k.travel()
	names := map[string]bool{}
	for _, c := range k.Cases {
		if names[c.Name] {
			t.Fatalf("two cases are called %q", c.Name)
		}
		names[c.Name] = true
	}
	return k
}

// Certificates counts the different signer certificates of all messages.
func (k *Kit) Certificates() int {
	seen := map[string]bool{}
	for _, c := range k.Cases {
		for _, id := range c.Reply {
			seen[string(id.Certificate.Raw)] = true
		}
	}
	return len(seen)
}

// slug is a name as part of a domain and of a Message-ID.
func slug(name string) string {
	return strings.Trim(strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return '-'
	}, name), "-")
}

// domain is the sender's domain in a case: each has its own.
func domain(name string) string { return "direct." + slug(name) + ".example" }

func sender(name string) string { return "clinic@" + domain(name) }

// mail is a good message of a case by an identity.
func (k *Kit) mail(name string, id Identity) Mail {
	return Mail{
		From: "<" + sender(name) + ">", To: "<" + North + ">", ID: "<" + slug(name) + "@" + domain(name) + ">",
		Signers: []Signer{{Identity: id}}, Recipients: []*x509.Certificate{k.Ours[North].Certificate},
	}
}

// plain is a good message by a good certificate, domain-bound and issued by the anchor, made for the case.
func (k *Kit) plain(name string) Mail {
	return k.mail(name, Leaf(k.t, domain(name), "rsa2048b", &k.Anchor, nil))
}

// add makes the message. change may alter the case, above all its envelope.
func (k *Kit) add(name, row string, m Mail, change ...func(*Case)) {
	c := Case{Name: name, Row: row, EnvFrom: sender(name), EnvTo: []string{North}, ID: m.ID, Sender: sender(name), Raw: m.Make(k.t)}
	for _, s := range m.Signers {
		c.Reply = append(c.Reply, s.Identity)
	}
	for _, f := range change {
		f(&c)
	}
	k.Cases = append(k.Cases, c)
}

func (k *Kit) good(name, row string, m Mail, change ...func(*Case)) {
	k.t.Helper()
	k.add(name, row, m, append([]func(*Case){func(c *Case) { c.Good, c.Processed = true, 1 }}, change...)...)
}

func (k *Kit) bad(name, row, reason string, m Mail, change ...func(*Case)) {
	k.t.Helper()
	k.add(name, row, m, append([]func(*Case){func(c *Case) { c.Reason = reason }}, change...)...)
}

// changed is a good message of a case with a change.
func (k *Kit) changed(name string, change func(*Mail)) Mail {
	m := k.plain(name)
	change(&m)
	return m
}

// signedBy is a good message of a case with another signer.
func (k *Kit) signedBy(name string, s Signer) Mail {
	m := k.mail(name, s.Identity)
	m.Signers = []Signer{s}
	return m
}

// to is a good message to another recipient of the site.
func (k *Kit) to(name, address string, o EncryptOptions) (Mail, func(*Case)) {
	m := k.plain(name)
	m.To, m.Recipients, m.Encrypt = "<"+address+">", []*x509.Certificate{k.Ours[address].Certificate}, o
	return m, func(c *Case) { c.EnvTo = []string{address} }
}

func recipients(to ...string) func(*Case) {
	return func(c *Case) { c.EnvTo = slices.Clone(to) }
}
