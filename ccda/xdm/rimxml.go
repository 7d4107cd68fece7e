package xdm

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/text/encoding/htmlindex"
)

// Limits of one METADATA.XML beside its size.
const (
	maxDepth = 40
	maxNodes = 200_000
)

// node is one element. Names are matched without prefix: the default name space differs between writers.
type node struct {
	name  string
	space string
	attrs []xml.Attr
	kids  []*node
	text  strings.Builder
}

// parse reads metadata. A DOCTYPE is refused: nobody needs one here.
func parse(b []byte) (*node, error) {
	d := xml.NewDecoder(bytes.NewReader(bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))))
	d.CharsetReader = charset
	root := &node{}
	stack := []*node{root}
	count := 0
	for {
		t, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("not well-formed XML at byte %d", d.InputOffset())
		}
		switch t := t.(type) {
		case xml.Directive:
			return nil, errors.New("got a DOCTYPE, want none")
		case xml.StartElement:
			if count++; count > maxNodes || len(stack) > maxDepth {
				return nil, fmt.Errorf("%w: more than %d elements or %d levels", ErrTooLarge, maxNodes, maxDepth)
			}
			n := &node{name: t.Name.Local, attrs: append([]xml.Attr(nil), t.Attr...)}
			for _, a := range n.attrs {
				if a.Name.Local == "xmlns" || a.Name.Space == "xmlns" {
					n.space += a.Value + " "
				}
			}
			top := stack[len(stack)-1]
			top.kids = append(top.kids, n)
			stack = append(stack, n)
		case xml.EndElement:
			if len(stack) == 1 || stack[len(stack)-1].name != t.Name.Local {
				return nil, fmt.Errorf("not well-formed XML at byte %d", d.InputOffset())
			}
			stack = stack[:len(stack)-1]
		case xml.CharData:
			stack[len(stack)-1].text.Write(t)
		}
	}
	if len(stack) != 1 || len(root.kids) != 1 {
		return nil, errors.New("not well-formed XML: elements are left open or there is no root")
	}
	return root.kids[0], nil
}

func charset(name string, in io.Reader) (io.Reader, error) {
	enc, err := htmlindex.Get(name)
	if err != nil {
		return nil, errors.New("unknown character set")
	}
	return enc.NewDecoder().Reader(in), nil
}

func (x *node) attr(name string) string {
	for _, a := range x.attrs {
		if a.Name.Local == name {
			return strings.TrimSpace(a.Value)
		}
	}
	return ""
}

// find gives the first element of a name below x.
func (x *node) find(name string) *node {
	for _, k := range x.kids {
		if k.name == name {
			return k
		}
		if f := k.find(name); f != nil {
			return f
		}
	}
	return nil
}

// all gives every element of a name below x, but none inside another of the same name.
func (x *node) all(name string) []*node {
	var out []*node
	for _, k := range x.kids {
		if k.name == name {
			out = append(out, k)
			continue
		}
		out = append(out, k.all(name)...)
	}
	return out
}

// slot gives the values of a slot, trimmed, without empty ones.
func (x *node) slot(name string) []string {
	var out []string
	for _, s := range x.kids {
		if s.name != "Slot" || s.attr("name") != name {
			continue
		}
		for _, v := range s.all("Value") {
			if t := strings.TrimSpace(v.text.String()); t != "" {
				out = append(out, t)
			}
		}
	}
	return out
}

func (x *node) localized(name string) string {
	for _, k := range x.kids {
		if k.name == name {
			if l := k.find("LocalizedString"); l != nil {
				return l.attr("value")
			}
		}
	}
	return ""
}

func sameURN(a, b string) bool { return strings.EqualFold(strings.TrimSpace(a), b) }

func (x *node) identifier(scheme string) string {
	for _, k := range x.kids {
		if k.name == "ExternalIdentifier" && sameURN(k.attr("identificationScheme"), scheme) {
			return k.attr("value")
		}
	}
	return ""
}

func (x *node) classifications(scheme string) []*node {
	var out []*node
	for _, k := range x.kids {
		if k.name == "Classification" && sameURN(k.attr("classificationScheme"), scheme) {
			out = append(out, k)
		}
	}
	return out
}

func (x *node) codes(scheme string) []Code {
	var out []Code
	for _, k := range x.classifications(scheme) {
		out = append(out, Code{Code: k.attr("nodeRepresentation"), Scheme: first(k.slot("codingScheme")), Display: k.localized("Name")})
	}
	return out
}

func (x *node) authors(scheme string) []Author {
	var out []Author
	for _, k := range x.classifications(scheme) {
		out = append(out, Author{Person: first(k.slot("authorPerson")), Institutions: k.slot("authorInstitution"), Roles: k.slot("authorRole"),
			Specialties: k.slot("authorSpecialty"), Telecoms: k.slot("authorTelecommunication")})
	}
	return out
}

func (x *node) limited(marker string) bool {
	for _, k := range x.kids {
		if k.name == "Classification" && sameURN(k.attr("classificationNode"), marker) {
			return true
		}
	}
	return false
}
