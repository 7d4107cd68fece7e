package ccda

import "strings"

// id writes an instance identifier. A root that is neither OID nor UUID cannot stand in the schema, and another root
// would be an invention: such an identifier goes out as a null flavour.
func (w *writer) id(id ID, missing string) {
	root := strings.TrimSpace(id.Root)
	if !oidFits(root) && !uuidFits(root) {
		w.empty("id", "nullFlavor", flavor(id.NullFlavor, missing))
		return
	}
	if nf := flavor(id.NullFlavor, ""); nf != "" && id.Extension == "" {
		w.empty("id", "nullFlavor", nf, "root", root)
		return
	}
	w.empty("id", "root", root, "extension", clean(id.Extension), "assigningAuthorityName", clean(id.Authority))
}

// ids writes every usable identifier, or one null flavour when there is none.
func (w *writer) ids(ids []ID) {
	n := 0
	for _, id := range ids {
		if id.usable() {
			w.id(id, "UNK")
			n++
		}
	}
	if n == 0 {
		w.empty("id", "nullFlavor", "UNK")
	}
}

func (id ID) usable() bool {
	r := strings.TrimSpace(id.Root)
	return oidFits(r) || uuidFits(r)
}

// key makes identifiers comparable: root without regard to case (UUIDs), extension exact but trimmed.
func (id ID) key() string {
	return strings.ToLower(strings.TrimSpace(id.Root)) + "^" + strings.TrimSpace(id.Extension)
}

// Same says whether two identifiers name the same thing: root without regard to case, extension exact after trimming.
// An empty identifier is the same as none.
func (id ID) Same(other ID) bool {
	return strings.TrimSpace(id.Root) != "" && id.key() == other.key()
}

// String gives the identifier in words: the extension and, in brackets, its authority.
func (id ID) String() string {
	switch {
	case id.Root == "":
		return clean(id.Extension)
	case id.Extension == "":
		return clean(id.Root)
	}
	return clean(id.Extension) + " (" + clean(id.Root) + ")"
}

// zero says whether the code says nothing.
func (c Code) zero() bool {
	return c.Code == "" && c.Display == "" && c.Text == "" && c.NullFlavor == "" && len(c.Translations) == 0
}

// words gives the best name of the code for people: the source's words, the display name, the code itself.
func (c Code) words() string {
	for _, s := range []string{c.Text, c.Display} {
		if s = clean(s); s != "" {
			return s
		}
	}
	for _, t := range c.Translations {
		if s := clean(t.Display); s != "" {
			return s
		}
	}
	if s := clean(c.Code); s != "" {
		return s
	}
	for _, t := range c.Translations {
		if s := clean(t.Code); s != "" {
			return s
		}
	}
	return ""
}

// coded says whether the code can stand as code and codeSystem: known shape, system an OID.
func (c Code) coded() bool {
	return oidFits(c.System) && codeFits(c.System, c.Code)
}

// codeOpt tells (*writer).code how a place binds its code.
type codeOpt struct {
	name    string   // element name; empty: code
	xsi     string   // xsi:type; empty: none
	anchor  string   // ID of the words in the narrative
	systems []string // the only code systems allowed here; nil: any
	missing string   // null flavour when there is nothing; empty: UNK
	foreign bool     // needs a translation when it is not LOINC (CONF:1198-32951)
}

// code writes a coded value. A code that the place's binding does not allow moves to a translation, one that cannot
// belong to its own code system stays in words only: the value is then OTH.
func (w *writer) code(c Code, o codeOpt) {
	name := o.name
	if name == "" {
		name = "code"
	}
	main, rest := c.pick(o.systems)
	attrs := []string{"xsi:type", o.xsi}
	switch {
	case main.Code != "":
		attrs = append(attrs, "code", main.Code, "codeSystem", main.System,
			"codeSystemName", systemName(main), "displayName", clean(main.Display))
	case len(rest) > 0 || c.words() != "" && c.Code != "":
		attrs = append(attrs, "nullFlavor", flavor(c.NullFlavor, "OTH"))
	default:
		missing := o.missing
		if missing == "" {
			missing = "UNK"
		}
		if c.words() != "" {
			missing = "OTH"
		}
		attrs = append(attrs, "nullFlavor", flavor(c.NullFlavor, missing))
	}
	words := clean(c.Text)
	if words == "" && main.Code == "" {
		words = c.words()
	}
	lone := o.foreign && main.System != LOINC && len(rest) == 0
	if o.anchor == "" && words == "" && len(rest) == 0 && !lone {
		w.empty(name, attrs...)
		return
	}
	w.open(name, attrs...)
	if o.anchor != "" {
		w.open("originalText")
		w.empty("reference", "value", "#"+o.anchor)
		w.end("originalText")
	} else if words != "" {
		w.element("originalText", words)
	}
	for _, t := range rest {
		w.empty("translation", "code", t.Code, "codeSystem", t.System, "codeSystemName", systemName(t), "displayName", clean(t.Display))
	}
	if lone {
		w.empty("translation", "nullFlavor", "NI")
	}
	w.end(name)
}

// pick chooses the coding that may stand in the code attribute; the others become translations.
func (c Code) pick(systems []string) (main Code, rest []Code) {
	all := append([]Code{c}, c.Translations...)
	at := -1
	for i, x := range all {
		if x.coded() && (systems == nil || contains(systems, x.System)) && (i == 0 || systems != nil) {
			main, at = x, i
			break
		}
	}
	for i, x := range all {
		if i != at && x.coded() {
			rest = append(rest, x)
		}
	}
	return main, rest
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

func systemName(c Code) string {
	if c.SystemName != "" {
		return clean(c.SystemName)
	}
	return systemNames[c.System]
}

const (
	nameUses    = "A ABC ASGN C I IDE L P PHON R S SNDX SRCH SYL"
	addressUses = "ABC BAD CONF DIR H HP HV IDE PHYS PST PUB SYL TMP WP"
	telecomUses = "AS BAD DIR EC H HP HV MC PG PUB TMP WP"
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

// words of a name in reading order.
func (n Name) words() string {
	parts := append([]string{}, n.Prefix...)
	parts = append(parts, n.Given...)
	parts = append(parts, n.Family)
	parts = append(parts, n.Suffix...)
	s := clean(strings.Join(parts, " "))
	if s == "" {
		s = clean(n.Full)
	}
	return s
}

func (n Name) zero() bool { return n.words() == "" }

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

func (a Address) words() string {
	parts := append([]string{}, a.Lines...)
	parts = append(parts, a.City, strings.TrimSpace(a.State+" "+a.PostalCode), a.Country)
	keep := parts[:0]
	for _, p := range parts {
		if p = clean(p); p != "" {
			keep = append(keep, p)
		}
	}
	return strings.Join(keep, ", ")
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

// quantityAttrs gives value and unit attributes; ok is false when the value is not a decimal number.
func quantityAttrs(q Quantity) (value, unit string, ok bool) {
	value = strings.TrimSpace(q.Value)
	if !decimalFits(value) {
		return "", "", false
	}
	unit = strings.TrimSpace(q.Unit)
	if strings.ContainsAny(unit, " \t\r\n") {
		return "", "", false
	}
	return value, unit, clean(unit) == unit
}

func decimalFits(s string) bool {
	s = strings.TrimLeft(s, "+-")
	whole, frac, dot := strings.Cut(s, ".")
	if len(s) > 40 || dot && frac != "" && !digits(frac) || whole != "" && !digits(whole) {
		return false
	}
	return whole != "" || frac != ""
}

func (q Quantity) words() string { return clean(q.Value + " " + q.Unit) }

// period writes an IVL_TS. needLow asks for a low bound even if unknown.
func (w *writer) period(name string, p Period, needLow bool, attrs ...string) {
	point, low, high := stamp(p.Point), stamp(p.Low), stamp(p.High)
	if low != "" && high != "" && !before(low, high) {
		high = ""
		p.OpenHigh = "UNK" // both stand in the narrative; a schema checker refuses a high before its low
	}
	if point != "" && !needLow && low == "" && high == "" {
		w.empty(name, append(attrs, "value", point)...)
		return
	}
	if point != "" && low == "" {
		low = point
	}
	if low == "" && high == "" && !needLow && p.OpenLow == "" && p.OpenHigh == "" {
		w.empty(name, append(attrs, "nullFlavor", "UNK")...)
		return
	}
	w.open(name, attrs...)
	if low != "" {
		w.empty("low", "value", low)
	} else if needLow || p.OpenLow != "" {
		w.empty("low", "nullFlavor", flavor(p.OpenLow, "UNK"))
	}
	if high != "" {
		w.empty("high", "value", high)
	} else if p.OpenHigh != "" {
		w.empty("high", "nullFlavor", flavor(p.OpenHigh, "UNK"))
	}
	w.end(name)
}

// toTheDay drops times that are less precise than a day, where the standard asks for one (CONF:81-10078).
func (p Period) toTheDay() Period {
	for _, s := range []*string{&p.Point, &p.Low, &p.High} {
		if len(stamp(*s)) < 8 {
			*s = ""
		}
	}
	return p
}

func (p Period) zero() bool { return p == Period{} }

// timeOr writes a TS element of at least so many digits (4 year, 8 day), or a null flavour.
func (w *writer) timeOr(name, value string, digits int) {
	if s := stamp(value); len(s) >= digits {
		w.empty(name, "value", s)
		return
	}
	w.empty(name, "nullFlavor", "UNK")
}
