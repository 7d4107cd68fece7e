package hl7

// one wraps texts as components of one subcomponent each.
func one(texts ...string) [][]string {
	out := make([][]string, len(texts))
	for i, t := range texts {
		out[i] = []string{t}
	}
	return out
}

func (h HD) list() []string { return []string{h.Namespace, h.ID, h.Type} }

// Components implements [Composite].
func (h HD) Components() [][]string { return one(h.Namespace, h.ID, h.Type) }

// Components implements [Composite].
func (e EI) Components() [][]string {
	return one(e.ID, e.Authority.Namespace, e.Authority.ID, e.Authority.Type)
}

// Components implements [Composite].
func (c CX) Components() [][]string {
	return [][]string{{c.ID}, nil, nil, c.Authority.list(), {c.Type}, c.Facility.list()}
}

// Components implements [Composite].
func (x XPN) Components() [][]string {
	return one(x.Family, x.Given, x.Middle, x.Suffix, x.Prefix, x.Degree, x.Type)
}

// Components implements [Composite].
func (x XCN) Components() [][]string {
	n := x.Name
	out := one(x.ID, n.Family, n.Given, n.Middle, n.Suffix, n.Prefix, n.Degree, "")
	return append(out, x.Authority.list(), []string{n.Type}, nil, nil, []string{x.IDType})
}

// Components implements [Composite].
func (p PLN) Components() [][]string { return one(p.ID, p.Type, p.Qualifier) }

// Components implements [Composite].
func (x XON) Components() [][]string {
	return [][]string{{x.Name}, nil, nil, nil, nil, x.Authority.list(), {x.IDType}, nil, nil, {x.ID}}
}

// Components implements [Composite].
func (x XAD) Components() [][]string {
	return one(x.Street, x.Other, x.City, x.State, x.Zip, x.Country, x.Type)
}

// Components implements [Composite].
func (x XTN) Components() [][]string {
	return one(x.Whole, x.Use, x.Equipment, x.Address, x.Country, x.Area, x.Local, x.Extension, x.Any, "", "", x.Unformatted)
}

// Components implements [Composite].
func (c Coded) Components() [][]string {
	return one(c.Code, c.Text, c.System, c.AltCode, c.AltText, c.AltSystem, "", "", c.Original)
}
