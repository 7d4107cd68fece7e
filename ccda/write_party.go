package ccda

import (
	"strings"
)

// personName writes a PN under US Realm rules: parts, or loose text when there are no parts; never both.
func (w *writer) personName(n Name, element string) {
	parts := clean(n.Family) != "" || anyText(n.Given)
	if !parts {
		if s := clean(n.Full); s != "" {
			w.element(element, s, "use", among(n.Use, nameUses, ""))
			return
		}
		w.empty(element, "nullFlavor", "UNK")
		return
	}
	w.open(element, "use", among(n.Use, nameUses, ""))
	w.each("prefix", n.Prefix)
	if anyText(n.Given) {
		w.each("given", n.Given)
	} else {
		w.empty("given", "nullFlavor", "UNK")
	}
	if s := clean(n.Family); s != "" {
		w.element("family", s)
	} else {
		w.empty("family", "nullFlavor", "UNK")
	}
	for _, s := range n.Suffix { // the US Realm allows one
		if s = clean(s); s != "" {
			w.element("suffix", clean(strings.Join(n.Suffix, " ")))
			break
		}
	}
	w.end(element)
}

// partedName writes a name where loose text is not allowed (PN.US.FIELDED, CONF:81-7278): of the patient, and of
// participants. The last word is taken for the family name.
func (w *writer) partedName(n Name) {
	if words := strings.Fields(clean(n.Full)); clean(n.Family) == "" && !anyText(n.Given) && len(words) > 0 {
		n.Family, n.Given = words[len(words)-1], words[:len(words)-1]
	}
	if clean(n.Family) == "" && !anyText(n.Given) {
		w.open("name")
		w.empty("given", "nullFlavor", "UNK")
		w.empty("family", "nullFlavor", "UNK")
		w.end("name")
		return
	}
	w.personName(n, "name")
}

func anyText(list []string) bool {
	for _, s := range list {
		if clean(s) != "" {
			return true
		}
	}
	return false
}

func (w *writer) each(name string, values []string) {
	for _, s := range values {
		if s = clean(s); s != "" {
			w.element(name, s)
		}
	}
}

// zero says whether the code says nothing.
func (c Code) zero() bool {
	return c.Code == "" && c.Display == "" && c.Text == "" && c.NullFlavor == "" && len(c.Translations) == 0
}

// addresses writes every address, or one null flavour.
func (w *writer) addresses(list []Address) {
	n := 0
	for _, a := range list {
		if a.words() != "" {
			w.address(a)
			n++
		}
	}
	if n == 0 {
		w.empty("addr", "nullFlavor", "UNK")
	}
}

// address writes a US Realm address: one to four lines and a city; state and postal code in the US.
func (w *writer) address(a Address) {
	w.open("addr", "use", among(a.Use, addressUses, ""))
	lines := make([]string, 0, 4)
	for _, l := range a.Lines {
		if l = clean(l); l == "" {
			continue
		}
		if len(lines) == 4 {
			lines[3] += ", " + l
			continue
		}
		lines = append(lines, l)
	}
	country := clean(a.Country)
	us := country == "" || country == "US" || country == "USA"
	if len(lines) == 0 {
		w.empty("streetAddressLine", "nullFlavor", "UNK")
	}
	w.each("streetAddressLine", lines)
	w.part("city", a.City, true)
	w.part("state", a.State, us)
	w.part("postalCode", a.PostalCode, us)
	w.part("country", country, false)
	w.end("addr")
}

// part writes one text element; needed ones get a null flavour when unknown.
func (w *writer) part(name, s string, needed bool) {
	if s = clean(s); s != "" {
		w.element(name, s)
	} else if needed {
		w.empty(name, "nullFlavor", "UNK")
	}
}

// telecoms writes every telecom, or one null flavour.
func (w *writer) telecoms(list []Telecom) {
	n := 0
	for _, t := range list {
		if u := telecomURL(t.Value); u != "" {
			w.empty("telecom", "use", among(t.Use, telecomUses, ""), "value", u)
			n++
		}
	}
	if n == 0 {
		w.empty("telecom", "nullFlavor", "UNK")
	}
}

// telecomURL makes a URL that a receiver can dial; empty when s holds none.
func telecomURL(s string) string {
	s = clean(s)
	if s == "" {
		return ""
	}
	scheme, rest, ok := strings.Cut(s, ":")
	scheme = strings.ToLower(scheme)
	if !ok || !knownScheme(scheme) {
		if ok && !strings.ContainsAny(scheme, "0123456789 ") {
			return "" // another scheme: javascript:, data:
		}
		if strings.Contains(s, "@") {
			scheme, rest = "mailto", s
		} else {
			scheme, rest = "tel", s
		}
	}
	rest = strings.TrimSpace(rest)
	switch scheme {
	case "tel", "fax":
		if rest = keepOnly(rest, "+-0123456789().,;=abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"); !strings.ContainsAny(rest, "0123456789") {
			return ""
		}
	case "mailto":
		if i := strings.IndexByte(rest, '@'); i < 1 || i == len(rest)-1 || strings.ContainsAny(rest, " <>\"") || strings.Count(rest, "@") != 1 {
			return ""
		}
	default:
		if rest == "" || strings.ContainsAny(rest, " <>\"") || rest == "//" {
			return ""
		}
	}
	return scheme + ":" + urlText(rest)
}

// urlText percent-encodes what may not stand in a URL (RFC 3986); the schema checks.
func urlText(s string) string {
	const hexDigits = "0123456789ABCDEF"
	const plain = "-._~:/?@!$&'()*+,;="
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c >= '0' && c <= '9', c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', strings.IndexByte(plain, c) >= 0,
			c == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]):
			b.WriteByte(c)
		default:
			b.WriteByte('%')
			b.WriteByte(hexDigits[c>>4])
			b.WriteByte(hexDigits[c&15])
		}
	}
	return b.String()
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

func knownScheme(scheme string) bool { return among(scheme, "tel fax mailto http https", "") != "" }

func keepOnly(s, allowed string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(allowed, r) {
			return r
		}
		return -1
	}, s)
}
