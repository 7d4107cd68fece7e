package ccda

import "strings"

// decoder reads one document.
type decoder struct {
	*tree
	limits  Limits
	doc     *Document
	entries int
	section string // LOINC of the section being read, for labels
}

func (n *node) id() ID {
	if n == nil {
		return ID{}
	}
	return ID{Root: n.attr("root"), Extension: n.attr("extension"), Authority: n.attr("assigningAuthorityName"), NullFlavor: n.attr("nullFlavor")}
}

// ids gives the identifiers among the children; a lone null flavour is none.
func (n *node) ids() []ID {
	var out []ID
	n.each("id", func(k *node) {
		if id := k.id(); id.Root != "" || id.Extension != "" {
			out = append(out, id)
		}
	})
	return out
}

// code reads a coded value. The words of originalText may stand in the narrative.
func (d *decoder) code(n *node) Code {
	if n == nil {
		return Code{}
	}
	c := Code{Code: n.attr("code"), System: n.attr("codeSystem"), SystemName: n.attr("codeSystemName"), Display: n.attr("displayName"), NullFlavor: n.attr("nullFlavor")}
	if c.SystemName != "" && c.SystemName == systemNames[c.System] {
		c.SystemName = ""
	}
	if o := n.child("originalText"); o != nil {
		c.Text = d.referred(o)
	}
	n.each("translation", func(k *node) {
		if t := d.code(k); t.Code != "" || t.Display != "" {
			t.NullFlavor = ""
			c.Translations = append(c.Translations, t)
		}
	})
	if c.Text == c.Display || c.Text == c.Code {
		c.Text = ""
	}
	if c.Code != "" || c.Text == "" && c.Display == "" && len(c.Translations) == 0 && c.NullFlavor == "UNK" {
		c.NullFlavor = ""
	}
	if c.Code == "" && c.NullFlavor == "OTH" && (c.Text != "" || len(c.Translations) > 0) {
		c.NullFlavor = ""
	}
	return c
}

// referred gives the text of an element, or the piece of narrative that it points at.
func (d *decoder) referred(n *node) string {
	if n == nil {
		return ""
	}
	if s := n.words(); s != "" {
		n.child("reference")
		return s
	}
	return plain(d.anchor(n), false)
}

// anchor gives the piece of narrative that n points at by a reference child or by its own value.
func (d *decoder) anchor(n *node) *node {
	if n == nil {
		return nil
	}
	ref := n.child("reference").attr("value")
	if ref == "" {
		ref = n.attr("value")
	}
	return d.anchors[strings.TrimPrefix(ref, "#")]
}

func (n *node) personName() Name {
	if n == nil {
		return Name{}
	}
	name := Name{Use: n.attr("use")}
	list := func(part string) (out []string) {
		n.each(part, func(k *node) {
			if s := k.words(); s != "" {
				out = append(out, s)
			}
		})
		return out
	}
	name.Prefix, name.Given, name.Suffix = list("prefix"), list("given"), list("suffix")
	name.Family = strings.Join(list("family"), " ")
	if name.Family == "" && len(name.Given) == 0 {
		n.take()
		name = Name{Use: name.Use, Full: n.words()}
	}
	return name
}

func (n *node) address() Address {
	a := Address{Use: n.attr("use")}
	n.each("streetAddressLine", func(k *node) {
		if s := k.words(); s != "" {
			a.Lines = append(a.Lines, s)
		}
	})
	a.City, a.State = n.child("city").words(), n.child("state").words()
	a.PostalCode, a.Country = n.child("postalCode").words(), n.child("country").words()
	if len(a.Lines) == 0 && a.City == "" && n != nil {
		if s := n.words(); s != "" && a.State == "" && a.PostalCode == "" {
			a.Lines = []string{s}
			n.take()
		}
	}
	return a
}

func (n *node) addresses() []Address {
	var out []Address
	n.each("addr", func(k *node) {
		if a := k.address(); a.words() != "" {
			out = append(out, a)
		}
	})
	return out
}

func (n *node) telecoms() []Telecom {
	var out []Telecom
	n.each("telecom", func(k *node) {
		if v := k.attr("value"); v != "" {
			out = append(out, Telecom{Use: k.attr("use"), Value: v})
		}
	})
	return out
}

func (n *node) organization() *Organization {
	if n == nil {
		return nil
	}
	o := &Organization{IDs: n.ids(), Name: n.child("name").words(), Telecoms: n.telecoms(), Addresses: n.addresses()}
	if len(o.IDs) == 0 && o.Name == "" && len(o.Telecoms) == 0 && len(o.Addresses) == 0 {
		return nil
	}
	return o
}

// party reads a role: its ids, code, addresses, telecoms, and the person and organisation below the named elements.
func (d *decoder) party(n *node, person, org string) Party {
	return Party{IDs: n.ids(), Code: d.code(n.child("code")), Name: n.at(person, "name").personName(), Addresses: n.addresses(),
		Telecoms: n.telecoms(), Org: n.child(org).organization()}
}

func (p Party) zero() bool {
	return len(p.IDs) == 0 && p.Code.zero() && p.Name.zero() && len(p.Addresses) == 0 && len(p.Telecoms) == 0 && p.Org == nil
}

func (d *decoder) author(n *node) Author {
	a := Author{Time: n.child("time").attr("value")}
	as := n.child("assignedAuthor")
	a.Party = d.party(as, "assignedPerson", "representedOrganization")
	if dev := as.child("assignedAuthoringDevice"); dev != nil {
		a.Device = &Device{Model: dev.child("manufacturerModelName").words(), Software: dev.child("softwareName").words()}
	}
	return a
}

// by reads the author of an entry.
func (d *decoder) by(n *node) *Author {
	x := n.child("author")
	if x == nil {
		return nil
	}
	a := d.author(x)
	if a.Time == "" && a.Party.zero() && a.Device == nil {
		return nil
	}
	return &a
}

// performer reads the first performer of an entry.
func (d *decoder) performer(n *node) *Party {
	x := n.at("performer", "assignedEntity")
	if x == nil {
		return nil
	}
	p := d.party(x, "assignedPerson", "representedOrganization")
	if p.zero() {
		return nil
	}
	return &p
}

// period reads TS, IVL_TS and what comes near.
func (n *node) period() Period {
	if n == nil {
		return Period{}
	}
	p := Period{Point: n.attr("value")}
	low, high := n.child("low"), n.child("high")
	p.Low, p.High = low.attr("value"), high.attr("value")
	if c := n.child("center").attr("value"); c != "" && p.Point == "" && p.Low == "" {
		p.Point = c
	}
	if p.Low == "" && low != nil {
		p.OpenLow = low.attr("nullFlavor")
	}
	if p.High == "" && high != nil {
		p.OpenHigh = high.attr("nullFlavor")
	}
	if p.Point != "" && (p.Low != "" || p.High != "") {
		p.Point = ""
	}
	return p
}

func (n *node) quantity() Quantity {
	if n == nil {
		return Quantity{}
	}
	q := Quantity{Value: n.attr("value"), Unit: n.attr("unit")}
	if q.Value == "" {
		q.Unit = ""
	}
	return q
}

// value reads an observation's value by its xsi:type, or by its shape when the type is missing or empty.
func (d *decoder) value(n *node) Value {
	if n == nil {
		return Value{}
	}
	kind := n.attr("type")
	if i := strings.IndexByte(kind, ':'); i >= 0 {
		kind = kind[i+1:]
	}
	switch kind {
	case "PQ":
		v := Value{Quantity: n.quantity()}
		if v.Quantity.Value == "" {
			v.Text = n.at("translation", "originalText").words()
		}
		return v
	case "IVL_PQ", "IVL_REAL", "IVL_INT":
		return Value{Low: n.child("low").quantity(), High: n.child("high").quantity(), Quantity: n.child("center").quantity()}
	case "CD", "CE", "CO", "CV", "CS":
		return Value{Code: d.code(n)}
	case "ST", "ED":
		return Value{Text: d.referred(n)}
	case "TS":
		return Value{Time: n.attr("value")}
	case "INT", "REAL", "BL", "MO":
		return Value{Other: clean(n.attr("value") + " " + n.attr("unit") + n.attr("currency"))}
	case "IVL_TS":
		return Value{Other: humanPeriod(n.period())}
	case "RTO", "RTO_PQ_PQ", "RTO_QTY_QTY":
		return Value{Other: clean(n.child("numerator").quantity().words() + " / " + n.child("denominator").quantity().words())}
	}
	switch {
	case n.attr("code") != "":
		return Value{Code: d.code(n)}
	case n.attr("value") != "":
		return Value{Quantity: n.quantity()}
	}
	return Value{Text: d.referred(n)}
}
