package fax

import "bytes"

const (
	maxPDFOps      = 2_000_000
	maxPDFOperands = 64
	maxPDFStates   = 256 // nested q
	maxPDFForms    = 8   // nested form XObjects
)

// pdfDrawing is what a page's content streams do, as far as it matters for taking its image.
type pdfDrawing struct {
	images []pdfDrawn
	text   bool   // text that can be seen
	paint  bool   // lines or areas that are not white
	fault  string // why it was not read to the end
	ops    int
}

type pdfDrawn struct {
	stream *pdfStream
	at     matrix
}

// pdfState is the part of the graphics state that matters.
type pdfState struct {
	ctm       matrix
	white     bool // fill colour
	invisible bool // text rendering mode 3 or 7
}

func (f *pdfFile) draw(p pdfPage) *pdfDrawing {
	d := new(pdfDrawing)
	var parts []any
	switch v := f.resolve(p.dict["Contents"]).(type) {
	case *pdfStream:
		parts = []any{v}
	case []any:
		parts = v
	}
	if len(parts) > maxPDFParts {
		d.fault = "has very many content streams"
		return d
	}
	var b []byte
	for _, part := range parts {
		s, ok := f.resolve(part).(*pdfStream)
		if !ok {
			continue
		}
		c, filter, _, err := f.unfilter(s, maxPDFContent-len(b))
		if err != nil || filter != "" {
			d.fault = "has a content stream that cannot be unpacked"
			return d
		}
		b = append(append(b, c...), '\n')
	}
	resources, _ := f.resolve(p.resources).(pdfDict)
	f.run(d, b, resources, pdfState{ctm: matrix{1, 0, 0, 1, 0, 0}}, 0)
	return d
}

// run goes through one content stream.
func (f *pdfFile) run(d *pdfDrawing, b []byte, resources pdfDict, state pdfState, depth int) {
	l := pdfLexer{b: b}
	var args []any
	var stack []pdfState
	for d.fault == "" {
		v, ok := l.next()
		if !ok {
			return
		}
		op, isOp := v.(pdfOp)
		if !isOp {
			if len(args) < maxPDFOperands {
				args = append(args, v)
			}
			continue
		}
		if d.ops++; d.ops > maxPDFOps {
			d.fault = "has very many drawing operators"
		}
		switch op {
		case "q":
			if len(stack) >= maxPDFStates {
				d.fault = "has very deeply nested graphics states"
			}
			stack = append(stack, state)
		case "Q":
			if n := len(stack); n > 0 {
				state, stack = stack[n-1], stack[:n-1]
			}
		case "Do":
			f.invoke(d, args, resources, state, depth)
		case "BI":
			d.paint = true // an inline image: let it be drawn
			skipInline(&l)
		default:
			d.step(op, args, &state)
		}
		args = args[:0]
	}
}

// step is one operator without objects of its own.
func (d *pdfDrawing) step(op pdfOp, args []any, s *pdfState) {
	number := func(i int) float64 {
		if i < len(args) {
			return pdfNumber(args[i])
		}
		return 0
	}
	switch op {
	case "cm":
		if len(args) == 6 {
			s.ctm = matrix{number(0), number(1), number(2), number(3), number(4), number(5)}.times(s.ctm)
		}
	case "g":
		s.white = number(0) >= 0.99
	case "rg":
		s.white = number(0) >= 0.99 && number(1) >= 0.99 && number(2) >= 0.99
	case "k", "cs", "sc", "scn":
		s.white = false
	case "Tr":
		s.invisible = number(0) == 3 || number(0) == 7
	case "Tj", "TJ", "'", "\"":
		d.text = d.text || !s.invisible
	case "f", "F", "f*":
		d.paint = d.paint || !s.white
	case "S", "s", "B", "B*", "b", "b*", "sh":
		d.paint = true
	}
}

// invoke draws an XObject: an image is noted, a form is gone through.
func (f *pdfFile) invoke(d *pdfDrawing, args []any, resources pdfDict, state pdfState, depth int) {
	if len(args) == 0 {
		return
	}
	name, _ := args[len(args)-1].(pdfName)
	objects, _ := f.resolve(resources["XObject"]).(pdfDict)
	s, ok := f.resolve(objects[name]).(*pdfStream)
	if !ok {
		return
	}
	switch f.resolve(s.dict["Subtype"]) {
	case pdfName("Image"):
		if len(d.images) < 2 { // more than one is all we need to know
			d.images = append(d.images, pdfDrawn{stream: s, at: state.ctm})
		}
	case pdfName("Form"):
		if depth >= maxPDFForms {
			d.fault = "has deeply nested forms"
			return
		}
		b, filter, _, err := f.unfilter(s, maxPDFContent)
		if err != nil || filter != "" {
			d.fault = "has a form that cannot be unpacked"
			return
		}
		if m, _ := f.resolve(s.dict["Matrix"]).([]any); len(m) == 6 {
			d.step("cm", m, &state)
		}
		inner, ok := f.resolve(s.dict["Resources"]).(pdfDict)
		if !ok {
			inner = resources
		}
		d.ops += 1000 + len(b)/16 // unpacking is work too
		f.run(d, b, inner, state, depth+1)
	}
}

// skipInline moves behind an inline image (ISO 32000-1 section 8.9.7).
func skipInline(l *pdfLexer) {
	for {
		i := bytes.Index(l.b[l.at:], []byte("EI"))
		if i < 0 {
			l.at = len(l.b)
			return
		}
		end := l.at + i
		l.at = end + 2
		if end > 0 && isPDFSpace(l.b[end-1]) && (l.at == len(l.b) || isPDFSpace(l.b[l.at])) {
			return
		}
	}
}
