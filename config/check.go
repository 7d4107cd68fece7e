package config

import (
	"net"
	"strconv"
	"strings"
)

// check finds the mistakes that need more than one value: names that stand twice, references to nobody, numbers that cannot be.
func (l *loader) check() {
	c := l.cfg
	l.identity(c.Organization.Node, c.Organization.NPI, c.Organization.OID)
	if c.Limits.Message > c.Limits.Memory {
		l.p.Add(c.Node.Field("limits").Field("message"), "got %s, want at most limits.memory (%s)", c.Limits.Message, c.Limits.Memory)
	}
	l.store()
	if c.Console.Listen != "" && !isListen(c.Console.Listen) {
		l.p.Add(c.Console.Node.Field("listen"), "got %q, want an address such as 127.0.0.1:8080", clip(c.Console.Listen))
	}
	l.channels()
	l.partners()
	l.routes()
}

// store makes the path in the address of an SQLite file independent of the configuration file.
func (l *loader) store() {
	n := l.cfg.Store.Node.Field("url")
	path, ok := strings.CutPrefix(l.cfg.Store.URL, "sqlite:")
	switch {
	case ok && path != "":
		l.cfg.Store.URL = "sqlite:" + l.cfg.Node.Resolve(path)
	case strings.HasPrefix(l.cfg.Store.URL, "postgres"):
		l.p.Add(n, "got PostgreSQL, which is of a later release, want a database such as sqlite:var/refloop.db")
	case l.cfg.Store.URL != "" || n.Present():
		l.p.Add(n, "got %q, want a database such as sqlite:var/refloop.db", clip(l.cfg.Store.URL))
	}
}

func (l *loader) channels() {
	names := map[string]Position{}
	for _, ch := range l.cfg.Channels {
		l.unique(names, ch.Node.Field("name"), ch.Name, "channel")
		if ch.Partner != "" {
			l.partner(ch.Node.Field("partner"), ch.Partner)
		}
	}
}

func (l *loader) partners() {
	ids, senders := map[string]Position{}, map[string]string{}
	for i, p := range l.cfg.Partners {
		l.unique(ids, p.Node.Field("id"), p.ID, "partner")
		l.identity(p.Node, p.NPI, p.OID)
		for _, c := range p.Clinicians {
			l.identity(c.Node, c.NPI, "")
		}
		if p.Name == "" {
			l.cfg.Partners[i].Name = p.ID
		}
		if p.Application == "" && p.Facility == "" {
			continue
		}
		sender := p.Application + "|" + p.Facility
		if other, taken := senders[sender]; taken {
			l.p.Add(p.Node.Field("application"), "got the same application and facility as partner %q, want a pair of its own", other)
		}
		senders[sender] = p.ID
	}
}

func (l *loader) routes() {
	for _, r := range l.cfg.Routes {
		if r.To == "" {
			continue
		}
		if p, ok := l.partner(r.Node.Field("to"), r.To); ok && len(p.Rails) == 0 {
			l.p.Add(r.Node.Field("to"), "got %q, which has no rails, want a partner with a way out", clip(r.To))
		}
	}
}

// partner reports a reference to nobody.
func (l *loader) partner(n Node, id string) (Partner, bool) {
	p, ok := l.cfg.Partner(id)
	if ok {
		return p, true
	}
	ids := make([]string, 0, len(l.cfg.Partners))
	for _, p := range l.cfg.Partners {
		ids = append(ids, p.ID)
	}
	if len(ids) == 0 {
		l.p.Add(n, "got %q, want a partner defined under partners, where there is none", clip(id))
		return Partner{}, false
	}
	const shown = 12
	list := strings.Join(ids[:min(len(ids), shown)], ", ")
	if len(ids) > shown {
		list += ", ..."
	}
	l.p.Add(n, "got %q, want a partner defined under partners: (%s)%s", clip(id), list, suggestion(id, ids))
	return Partner{}, false
}

// unique reports names that stand twice over all files, and names that would not survive in a URL, a metric or a lane.
func (l *loader) unique(seen map[string]Position, n Node, name, what string) {
	if name == "" {
		return // Decode said so
	}
	if !isName(name) {
		l.p.Add(n, "got %q, want letters, digits, and . _ - between them, at most 64", clip(name))
	}
	if at, again := seen[name]; again {
		l.p.Add(n, "got the name of another %s, want one of its own; the first is at %s", what, at)
		return
	}
	seen[name] = n.Position()
}

// identity checks the npi and oid of a mapping.
func (l *loader) identity(n Node, npi, oid string) {
	if npi != "" && !ValidNPI(npi) {
		l.p.Add(n.Field("npi"), "got %q, want a 10-digit NPI with a right check digit", clip(npi))
	}
	if oid != "" && !ValidOID(oid) {
		l.p.Add(n.Field("oid"), "got %q, want an OID such as 2.16.840.1.113883.3.72.5.9.1", clip(oid))
	}
}

// ValidNPI reports whether s is a national provider identifier: ten digits whose Luhn sum with the prefix 80840 is right.
func ValidNPI(s string) bool {
	if len(s) != 10 {
		return false
	}
	sum := 24 // of the prefix 80840
	for i := range len(s) {
		d := int(s[i]) - '0'
		if d < 0 || d > 9 {
			return false
		}
		if i%2 == 0 {
			d *= 2
		}
		sum += d/10 + d%10
	}
	return sum%10 == 0
}

// ValidOID reports whether s is an object identifier in dotted form: at least two arcs without leading zeros, at most 64 characters
// (the limit of the CDA schema's practice and of XDS).
func ValidOID(s string) bool {
	arcs := strings.Split(s, ".")
	if len(s) > 64 || len(arcs) < 2 || len(arcs[0]) != 1 || arcs[0] > "2" {
		return false
	}
	for _, arc := range arcs {
		if arc == "" || len(arc) > 1 && arc[0] == '0' || strings.Trim(arc, "0123456789") != "" {
			return false
		}
	}
	return true
}

// isListen reports whether s is host:port with a port from 0 to 65535; the host may be empty.
func isListen(s string) bool {
	_, port, err := net.SplitHostPort(s)
	n, perr := strconv.Atoi(port)
	return err == nil && perr == nil && n >= 0 && n <= 65535
}

func isName(s string) bool {
	if len(s) > 64 {
		return false
	}
	for i, r := range s {
		inside := i > 0 && i < len(s)-1
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
		case inside && (r == '-' || r == '_' || r == '.'):
		default:
			return false
		}
	}
	return true
}
