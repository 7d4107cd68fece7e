package synth

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"

	"codeberg.org/go-pdf/fpdf"

	"refloop/fax"
)

// layout is one way to print a document.
type layout struct {
	name, kind, story string
	draw              func(*paper)
}

var layouts = []layout{
	{"grid_form", "referral", "", gridForm}, {"line_form", "referral", "", lineForm}, {"sidebar", "referral", "", sidebar}, {"beneath", "referral", "", beneath},
	{"hand_form", "referral", "", handForm}, {"printout", "referral", "", printout}, {"portal_summary", "referral", "", summary}, {"letter_re", "referral", "", letterRE},
	{"letter_prose", "referral", "", letterProse}, {"imaging_form", "imaging_order", "imaging", imagingForm}, {"program_form", "referral", "behavioral", programForm},
	{"consult_reply", "consult_report", "", consultReply}, {"lab_report", "lab_result", "", labReport}, {"refill", "refill_request", "", refillRequest}, {"advert", "advertisement", "", advert},
}

var levels = []string{Fine, Standard, Bad, Bad, Clean, Standard, Fine}

// Make writes per faxes of each layout and a few of two patients and with a cover to dir/fax, and their truth to dir/truth. It gives their number.
// With held it makes only the layouts that are kept for measuring.
func Make(dir string, seed uint64, per int, held bool, fonts *Fonts) (int, error) {
	for _, d := range []string{"fax", "truth"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			return 0, err
		}
	}
	n := 0
	add := func(level string, cover bool, ls ...layout) error {
		n++
		return write(dir, fmt.Sprintf("s-%03d", n), level, cover, rand.New(rand.NewPCG(seed, uint64(n))), fonts, ls)
	}
	list := layouts
	if held {
		list = heldLayouts
	}
	for i, l := range list {
		count := per
		if l.kind != "referral" && l.kind != "imaging_order" {
			count = max(1, per/2)
		}
		for k := range count {
			if err := add(levels[(i+k*3)%len(levels)], false, l); err != nil {
				return n, err
			}
		}
	}
	if held {
		return n, nil
	}
	for _, level := range []string{Fine, Bad} {
		for _, two := range [][]layout{{layouts[0], layouts[6]}, {layouts[2], layouts[1]}} {
			if err := add(level, false, two...); err != nil {
				return n, err
			}
		}
		if err := add(level, true, layouts[7]); err != nil {
			return n, err
		}
	}
	return n, nil
}

func write(dir, id, level string, cover bool, r *rand.Rand, fonts *Fonts, ls []layout) error {
	var pages []*canvas
	var docs []map[string]any
	var names []string
	total := len(ls)
	if cover {
		total++
	}
	from := ""
	for _, l := range ls {
		f := invent(r, l.story)
		from = f.Values["referring_fax"]
		if cover {
			c := newPaper(fonts, r, f)
			coverPage(c)
			pages = append(pages, c.canvas)
		}
		p := newPaper(fonts, r, f)
		l.draw(p)
		pages = append(pages, p.canvas)
		p.truth["document_type"], p.truth["page_count"] = l.kind, total
		p.truth["pages"] = fmt.Sprintf("%d-%d", len(pages), len(pages))
		if p.truth["part2"] == nil {
			p.truth["part2"] = false
		}
		docs, names = append(docs, p.truth), append(names, l.name)
	}
	truth := maps.Clone(docs[0])
	if len(docs) > 1 {
		truth = map[string]any{"document_type": "multiple", "page_count": total, "documents": docs}
	}
	to := "218555" + "0100"
	meta := map[string]any{"id": id, "level": level, "layouts": names, "header_from": from, "header_to": to}
	truth["_meta"] = meta
	b, err := json.MarshalIndent(truth, "", " ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "truth", id+".json"), b, 0o644); err != nil {
		return err
	}
	if level == Clean {
		return writePDF(filepath.Join(dir, "fax", id+".pdf"), pages)
	}
	var out []*fax.Bitmap
	squeezed := false
	for i, c := range pages {
		turn := []int{0, 0, 0, 0, 0, 180, 90}[r.IntN(7)]
		m, s := transmit(c, r, level, turn, headerLine(r, from, to, i+1, total))
		out, squeezed = append(out, m), squeezed || s
	}
	if squeezed {
		for i, m := range out {
			if m.Height > fax.FineHeight*3/4 {
				out[i] = m.StretchRows(m.Height / 2)
			}
		}
	}
	return writeTIFF(filepath.Join(dir, "fax", id+".tif"), out, squeezed)
}

func writeTIFF(path string, pages []*fax.Bitmap, squeezed bool) error {
	b, err := fax.EncodeTIFF(pages)
	if err != nil {
		return err
	}
	if squeezed {
		var fine, standard []byte
		for _, v := range []uint32{fax.FineX, 1, fax.FineY, 1} {
			fine = binary.LittleEndian.AppendUint32(fine, v)
		}
		for _, v := range []uint32{fax.FineX, 1, fax.FineY / 2, 1} {
			standard = binary.LittleEndian.AppendUint32(standard, v)
		}
		b = bytes.ReplaceAll(b, fine, standard)
	}
	return os.WriteFile(path, b, 0o644)
}

// writePDF writes the texts of pages with the fonts that every reader has, each stretched to its width.
func writePDF(path string, pages []*canvas) error {
	pdf := fpdf.New("P", "pt", "Letter", "")
	for _, c := range pages {
		pdf.AddPage()
		for _, r := range c.black {
			pdf.Rect(float64(r.Min.X)*72/dpi, float64(r.Min.Y)*72/dpi, float64(r.Dx())*72/dpi, float64(r.Dy())*72/dpi, "F")
		}
		for _, t := range c.texts {
			pdf.SetFont("Helvetica", "", t.size)
			if w := pdf.GetStringWidth(t.s); w > 0 {
				pdf.SetFontSize(min(t.size, t.size*float64(t.w)*72/dpi/w*1.02))
			}
			pdf.Text(float64(t.x)*72/dpi, float64(t.y)*72/dpi, t.s)
		}
	}
	return pdf.OutputFileAndClose(path)
}
