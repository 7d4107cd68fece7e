package fax

import "math"

// pdfPage is one page with what it inherits (ISO 32000-1 section 7.7.3.4).
type pdfPage struct {
	dict      pdfDict
	resources any
	box       [4]float64 // left, bottom, right, top in points
	rotate    int        // clockwise
}

const (
	maxPDFTree    = 64 // levels of the page tree
	maxPDFParts   = 64 // content streams of one page
	defaultWidth  = 612
	defaultHeight = 792
)

// walkPages lists the pages in order.
func (f *pdfFile) walkPages(root any) error {
	nodes := 0
	seen := map[pdfRef]bool{}
	var walk func(v any, from pdfPage, depth int) error
	walk = func(v any, from pdfPage, depth int) error {
		if r, ok := v.(pdfRef); ok {
			if seen[r] {
				return nil
			}
			seen[r] = true
		}
		d, ok := f.resolve(v).(pdfDict)
		if nodes++; !ok || depth > maxPDFTree || nodes > 8*f.limits.Pages+100 {
			return nil
		}
		p := f.inherit(d, from)
		kids, ok := f.resolve(d["Kids"]).([]any)
		if !ok {
			if len(f.pages) >= f.limits.Pages {
				return tooLarge("PDF: got more than %d pages, want at most that", f.limits.Pages)
			}
			f.pages = append(f.pages, p)
			return nil
		}
		for _, k := range kids {
			if err := walk(k, p, depth+1); err != nil {
				return err
			}
		}
		return nil
	}
	if err := walk(root, pdfPage{box: [4]float64{0, 0, defaultWidth, defaultHeight}}, 0); err != nil {
		return err
	}
	if len(f.pages) == 0 {
		return broken("PDF: got no page, want at least one")
	}
	return nil
}

func (f *pdfFile) inherit(d pdfDict, from pdfPage) pdfPage {
	p := pdfPage{dict: d, resources: from.resources, box: from.box, rotate: from.rotate}
	if d["Resources"] != nil {
		p.resources = d["Resources"]
	}
	p.rotate = f.intOr(d["Rotate"], p.rotate)
	for _, key := range []pdfName{"MediaBox", "CropBox"} {
		list, _ := f.resolve(d[key]).([]any)
		if len(list) != 4 {
			continue
		}
		var b [4]float64
		for i := range b {
			b[i] = pdfNumber(f.resolve(list[i]))
		}
		if b[0] > b[2] {
			b[0], b[2] = b[2], b[0]
		}
		if b[1] > b[3] {
			b[1], b[3] = b[3], b[1]
		}
		if b[2]-b[0] > 1 && b[3]-b[1] > 1 {
			p.box = b
		}
	}
	return p
}

// page takes the image out of a page that is just one image, or says why it cannot.
func (f *pdfFile) page(n int) (*Page, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	in := f.pages[n]
	d := f.draw(in)
	draw := func(why string) (*Page, error) {
		return &Page{NeedsDrawing: true, HasText: d.text, Why: why}, nil
	}
	switch annots, _ := f.resolve(in.dict["Annots"]).([]any); {
	case d.fault != "":
		return draw(d.fault)
	case d.text:
		return draw("has visible text")
	case d.paint:
		return draw("has lines or areas")
	case len(d.images) != 1:
		return draw("is not exactly one image")
	case f.visible(annots):
		return draw("has annotations")
	}
	drawn := d.images[0]
	turn, ok := drawn.at.turn()
	if !ok {
		return draw("its image is slanted or mirrored")
	}
	w, h := drawn.at.size()
	if w < 0.5*(in.box[2]-in.box[0]) && h < 0.5*(in.box[3]-in.box[1]) {
		return draw("its image covers a small part of it")
	}
	p, err := f.image(drawn.stream)
	if err != nil {
		if isKind(err, TooLarge) {
			return nil, err
		}
		return draw("its image is of a kind that is not read directly: " + err.Error())
	}
	width, height := p.size()
	p.XRes, p.YRes = float64(width)*72/w, float64(height)*72/h
	if math.IsInf(p.XRes, 0) || math.IsInf(p.YRes, 0) {
		p.XRes, p.YRes = 0, 0
	}
	if turn += in.rotate; turn%360 != 0 {
		p.guessResolution() // while rows are still the sender's rows
		guessed := p.Guessed
		p = p.Turn(turn)
		p.Guessed = guessed
	}
	return p, nil
}

func (p *Page) size() (w, h int) {
	if p.Bits != nil {
		p.Width, p.Height = p.Bits.Width, p.Bits.Height
	} else {
		p.Width, p.Height = p.Tones.Rect.Dx(), p.Tones.Rect.Dy()
	}
	return p.Width, p.Height
}

// visible tells whether an annotation other than a link may show something.
func (f *pdfFile) visible(annots []any) bool {
	for i, v := range annots {
		d, _ := f.resolve(v).(pdfDict)
		kind, _ := f.resolve(d["Subtype"]).(pdfName)
		if kind != "Link" && kind != "Popup" && kind != "" || i > 1000 {
			return true
		}
	}
	return false
}

// matrix is a transformation as PDF writes it: x' = ax + cy + e, y' = bx + dy + f.
type matrix [6]float64

func (m matrix) times(n matrix) matrix {
	return matrix{
		m[0]*n[0] + m[1]*n[2], m[0]*n[1] + m[1]*n[3],
		m[2]*n[0] + m[3]*n[2], m[2]*n[1] + m[3]*n[3],
		m[4]*n[0] + m[5]*n[2] + n[4], m[4]*n[1] + m[5]*n[3] + n[5],
	}
}

// size is how large the unit square becomes, in points, along the image's own axes.
func (m matrix) size() (w, h float64) {
	return math.Hypot(m[0], m[1]), math.Hypot(m[2], m[3])
}

// turn is how far the image must be turned clockwise to lie as it is drawn; ok is false when it is not a quarter turn.
func (m matrix) turn() (degrees int, ok bool) {
	w, h := m.size()
	zero := func(v float64) bool { return math.Abs(v) < 0.01*max(w, h) }
	switch {
	case w == 0 || h == 0:
		return 0, false
	case zero(m[1]) && zero(m[2]) && m[0] > 0 && m[3] > 0:
		return 0, true
	case zero(m[1]) && zero(m[2]) && m[0] < 0 && m[3] < 0:
		return 180, true
	case zero(m[0]) && zero(m[3]) && m[1] > 0 && m[2] < 0:
		return 270, true
	case zero(m[0]) && zero(m[3]) && m[1] < 0 && m[2] > 0:
		return 90, true
	}
	return 0, false
}
