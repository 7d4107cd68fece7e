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

// led gives the same codings in the order in which they are written and will be read: the one that leads first. The words for people stay.
func (c Code) led(systems []string) Code {
	for i, main := range c.Translations {
		if systems == nil || c.coded() && contains(systems, c.System) {
			break
		}
		if !main.coded() || !contains(systems, main.System) {
			continue
		}
		main.Text, main.NullFlavor, main.Translations = nonEmpty(c.Text, c.words()), "", nil
		if c.Code != "" {
			main.Translations = []Code{{Code: c.Code, System: c.System, SystemName: c.SystemName, Display: c.Display}}
		}
		main.Translations = append(append(main.Translations, c.Translations[:i]...), c.Translations[i+1:]...)
		return main
	}
	return c
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

// words leaves out the unit 1, which is UCUM's way to say that there is none.
func (q Quantity) words() string {
	if strings.TrimSpace(q.Unit) == "1" {
		return clean(q.Value)
	}
	return clean(q.Value + " " + q.Unit)
}

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
