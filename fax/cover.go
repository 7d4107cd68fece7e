package fax

import (
	"fmt"
	"image"
)

// confidential is the notice of the cover page. It says nothing of the kind of care.
const confidential = `CONFIDENTIAL. This fax is meant only for the receiver named above and may hold information that the law protects. If it reached you by mistake, please do not read, copy or pass on the pages that follow: call or fax the sender at the number above, then destroy them.`

// cover draws page 1: who, to whom, how many pages, and the notice. Nothing else of the letter.
func (d *drawer) cover(m *Bitmap) error {
	huge, err := d.style(true, sizeHuge)
	if err != nil {
		return err
	}
	value, err := d.style(false, sizeTitle-2)
	if err != nil {
		return err
	}
	label, err := d.style(true, sizeHead)
	if err != nil {
		return err
	}
	c := d.letter.Cover
	y := marginTop + 60
	huge.text(m, marginLeft, y, "FAX")
	y += huge.line + 10
	m.Fill(image.Rect(marginLeft, y, marginRight, y+6))
	y += 50
	write := func(name string, lines ...string) {
		first := true
		for _, text := range lines {
			if text == "" {
				continue
			}
			for _, line := range value.wrap(text, marginRight-marginLeft-300) {
				if y > FineHeight-500 {
					return
				}
				if first {
					label.text(m, marginLeft, y+value.ascent-label.ascent, name)
					first = false
				}
				value.text(m, marginLeft+300, y, line)
				y += value.line
			}
		}
		if !first {
			y += 24
		}
	}
	write("TO", c.To.Name, c.To.Organization)
	write("FAX", c.To.Fax)
	write("FROM", c.From.Name, c.From.Organization)
	write("PHONE", c.From.Phone)
	write("REPLY FAX", c.From.Fax)
	write("DATE", c.Date)
	write("PAGES", fmt.Sprintf("%d, this one included", len(d.pages)))
	write("NOTE", c.Note)
	d.y, d.bottom = max(y+60, 1400), marginBottom
	text, err := d.style(false, sizeHead)
	if err != nil {
		return err
	}
	m.Fill(image.Rect(marginLeft, d.y-30, marginRight, d.y-26))
	for _, line := range text.wrap(confidential, marginRight-marginLeft) {
		text.text(m, marginLeft, d.y, line)
		d.y += text.line
	}
	return nil
}
