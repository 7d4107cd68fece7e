package hl7

import (
	"iter"
	"slices"
)

// Group is a run of segments that belong together, such as one order with its observations.
type Group struct {
	m    *Message
	segs []int
}

// Len returns the number of segments in the group.
func (g Group) Len() int { return len(g.segs) }

// Lead returns the first segment of the group, the zero Segment when the group is empty.
func (g Group) Lead() Segment {
	if len(g.segs) == 0 {
		return Segment{}
	}
	return Segment{g.m, g.segs[0]}
}

// Segments iterates over the segments of the group with one of the names; without names over all.
func (g Group) Segments(names ...string) iter.Seq[Segment] {
	return func(yield func(Segment) bool) {
		for _, i := range g.segs {
			s := Segment{g.m, i}
			if s.is(names) && !yield(s) {
				return
			}
		}
	}
}

// First returns the first segment of that name in the group, or the zero Segment.
func (g Group) First(name string) Segment { return g.nth(name, 1) }

func (g Group) nth(name string, occurrence int) Segment {
	for _, i := range g.segs {
		if g.m.named(i, name) {
			if occurrence--; occurrence <= 0 {
				return Segment{g.m, i}
			}
		}
	}
	return Segment{}
}

// Value returns what the path names within the group.
func (g Group) Value(p Path) Value { return p.in(g.nth(p.Segment, max(p.Occurrence, 1))) }

// Field returns field n of the first segment of that name in the group.
func (g Group) Field(segment string, n int) Value { return g.nth(segment, 1).Field(n) }

// Get returns the decoded text at a path within the group, as [Message.Get] does for a message.
func (g Group) Get(path string) string {
	p, err := ParsePath(path)
	if err != nil {
		return ""
	}
	return g.Value(p).String()
}

// Groups finds the groups that begin with a segment named lead and go on while the names that follow are among members (Z segments,
// NTE and PRT always are). Without members a group goes on to the next lead or the end of the message. It is lenient: order and number are not checked.
//
//	m.Groups("PRD", "CTD")               // providers with their contacts
//	m.Groups("IN1", "IN2", "IN3")        // insurances
//	m.Groups("RGS")                      // resources of an appointment
func (m *Message) Groups(lead string, members ...string) []Group {
	var out []Group
	open := false
	for i := range m.segs {
		switch {
		case m.named(i, lead):
			out, open = append(out, Group{m: m, segs: []int{i}}), true
		case !open:
		case len(members) == 0 || m.accompanies(i) || (Segment{m, i}).is(members):
			g := &out[len(out)-1]
			g.segs = append(g.segs, i)
		default:
			open = false
		}
	}
	return out
}

// accompanies tells whether a segment may stand anywhere without ending a group.
func (m *Message) accompanies(i int) bool {
	return m.buf[m.segs[i].lo] == 'Z' || m.named(i, "NTE") || m.named(i, "PRT")
}

// orderEnds lists what ends an order group: the next patient, a document header, or the visit that comes after the orders in REF.
var orderEnds = []string{"PID", "PV1", "TXA", "RGS", "DSC", "BTS", "FTS"}

// Orders returns one group per order of ORM, OMG, OSU, ORU, MDM or REF: it begins at ORC, or at an OBR whose group has one already (or that has no ORC
// before it), and holds the TQ1, NTE, CTD, DG1, OBX, SPM ... until the next.
func (m *Message) Orders() []Group {
	var out []Group
	open, hasOBR := false, false
	for i := range m.segs {
		obr := m.named(i, "OBR")
		switch {
		case m.named(i, "ORC"), obr && (!open || hasOBR):
			out, open, hasOBR = append(out, Group{m: m, segs: []int{i}}), true, obr
		case !open:
		case (Segment{m, i}).is(orderEnds):
			open = false
		default:
			hasOBR = hasOBR || obr
			g := &out[len(out)-1]
			g.segs = append(g.segs, i)
		}
	}
	return out
}

// Providers returns one group per PRD with its CTDs.
func (m *Message) Providers() []Group { return m.Groups("PRD", "CTD") }

// Provider returns the first PRD group whose PRD-1 holds one of the role codes of table 0286 in any repetition.
func (m *Message) Provider(roles ...string) (Group, bool) {
	for _, g := range m.Providers() {
		for r := range g.Lead().Field(1).All() {
			if slices.Contains(roles, r.String()) {
				return g, true
			}
		}
	}
	return Group{}, false
}
