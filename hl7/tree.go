package hl7

import "iter"

// Tree is a message, or a part of it, in the groups of its structure: RESULT in ORDER in ORU_R01. A leaf is a segment.
type Tree struct {
	Name      string  // of the structure, the group or the segment
	Segment   Segment // of a leaf
	Parts     []*Tree // of a group, in message order
	Misplaced bool    // a segment that cannot stand here by the structure; it hangs where it was met. Z segments and names unknown to the structure are not misplaced

	element element
	next    int // first part of the grammar that may still come
}

// Tree reads the message by the structure of its type and event (MSH-9.1 and 9.2; MSH-9.3 is not asked). It is lenient: what is missing is left out,
// what stands in the wrong place is kept and marked. False: there is no structure for this type here; those of the messages that move a
// referral are known.
func (m *Message) Tree() (*Tree, bool) {
	name := structureOf(m)
	if name == "" {
		return nil, false
	}
	root := &Tree{Name: name, element: element{group: name, parts: grammar(name)}}
	path := []*Tree{root} // open groups, outermost first
	following := root.following(m)
	for s := range m.Segments() {
		path = hang(path, s, following[s.i])
	}
	return root, true
}

// following tells for each segment the name of the first one after it that has another name and is known to the structure; "" when there is none.
func (t *Tree) following(m *Message) []string {
	out := make([]string, m.Len())
	known := map[string]bool{}
	next, after := "", "" // the next known name, and the next known name that is not that
	for i := m.Len() - 1; i >= 0; i-- {
		name := Segment{m, i}.Name()
		if out[i] = next; next == name {
			out[i] = after
		}
		is, asked := known[name]
		if !asked {
			is = t.element.holds(name)
			known[name] = is
		}
		if is && name != next {
			next, after = name, next
		}
	}
	return out
}

// hang puts a segment where it belongs: as deep as possible, then further out. A segment for which the structure would have to be left so far
// behind that the next one finds no place any more is itself the one in the wrong place.
func hang(path []*Tree, s Segment, next string) []*Tree {
	name := s.Name()
	if depth, i := find(path, name); depth >= 0 && (next == "" || !strands(path, depth, i, next)) {
		return descend(path[:depth+1], i, s)
	}
	inner := path[len(path)-1]
	inner.Parts = append(inner.Parts, &Tree{Name: name, Segment: s, Misplaced: name[0] != 'Z' && path[0].element.holds(name)})
	return path
}

// find is the place for a name: the depth of the group and the number of its part; -1 when there is none.
func find(path []*Tree, name string) (depth, part int) {
	for depth := len(path) - 1; depth >= 0; depth-- {
		g := path[depth]
		for _, fits := range []func(element, string) bool{element.begins, element.holds} {
			for i := g.next; i < len(g.element.parts); i++ {
				if fits(g.element.parts[i], name) {
					return depth, i
				}
			}
		}
	}
	return -1, -1
}

// strands tells whether the segment after this one has a place now and would have none when part i is taken.
func strands(path []*Tree, depth, i int, next string) bool {
	if d, _ := find(path, next); d < 0 {
		return false
	}
	for d := depth; d >= 0; d-- {
		from := path[d].next
		if d == depth {
			from = i
		}
		for _, e := range path[d].element.parts[min(from, len(path[d].element.parts)):] {
			if e.holds(next) {
				return false
			}
		}
	}
	return true
}

// descend opens groups down to the place of a segment: part i of the innermost open group, and in it the first part that holds the name.
func descend(path []*Tree, i int, s Segment) []*Tree {
	for {
		g := path[len(path)-1]
		e := g.element.parts[i]
		g.next = i + 1
		if e.repeats {
			g.next = i
		}
		if e.names != nil {
			g.Parts = append(g.Parts, &Tree{Name: s.Name(), Segment: s})
			return path
		}
		sub := &Tree{Name: e.group, element: e}
		g.Parts = append(g.Parts, sub)
		path = append(path[:len(path):len(path)], sub)
		_, i = find(path[len(path)-1:], s.Name())
	}
}

// All iterates over the groups or segments of a name, at any depth, in message order.
func (t *Tree) All(name string) iter.Seq[*Tree] {
	return func(yield func(*Tree) bool) { t.walk(name, yield) }
}

func (t *Tree) walk(name string, yield func(*Tree) bool) bool {
	for _, p := range t.Parts {
		if p.Name == name && !yield(p) || !p.walk(name, yield) {
			return false
		}
	}
	return true
}

// First returns the first segment of a name in the group, at any depth; the zero Segment when there is none.
func (t *Tree) First(name string) Segment {
	for p := range t.All(name) {
		return p.Segment
	}
	return Segment{}
}

// sequence lists what does not keep to the structure: required segments that are missing, and segments in the wrong place.
func (t *Tree) sequence(c *checker, root string) {
	for _, p := range t.Parts {
		if p.Misplaced {
			c.structural(p.Name, p.Segment.Occurrence(), p.Name+": the segment cannot stand here in "+root+"; send the segments in the order of the standard")
		}
		if p.element.parts != nil {
			p.sequence(c, root)
		}
	}
	for _, e := range t.element.parts {
		if e.required && !t.has(e) {
			lead := first(e)
			c.structural(lead, 1, lead+": the segment is missing in "+t.Name+" of "+root)
		}
	}
}

// has tells whether a group holds an element.
func (t *Tree) has(e element) bool {
	for _, p := range t.Parts {
		if p.Misplaced {
			continue
		}
		if e.names == nil && p.Name == e.group && p.element.parts != nil {
			return true
		}
		if e.names != nil && p.Segment.Exists() && e.holds(p.Name) {
			return true
		}
	}
	return false
}

// first is the segment that begins an element.
func first(e element) string {
	for e.names == nil {
		e = e.parts[0]
	}
	return e.names[0]
}
