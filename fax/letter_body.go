package fax

import (
	"fmt"
	"image"
)

// body draws cover, form and summary; page numbers and codes come when the count is known.
func (d *drawer) body() error {
	d.pages = append(d.pages, NewBitmap(FineWidth, FineHeight)) // the cover is drawn last
	if d.letter.Title == "" && len(d.letter.Form)+len(d.letter.Summary) == 0 && !d.letter.Reply && !d.letter.Part2 && d.letter.CopyOf == "" {
		return nil // a cover for attached pages
	}
	d.newPage()
	if d.letter.Reply {
		d.bottom = replyTop - 20
	}
	if d.letter.CopyOf != "" {
		if err := d.paragraph("COPY. "+d.letter.CopyOf, true, sizeHead); err != nil {
			return err
		}
	}
	if d.letter.Part2 {
		if err := d.statement(); err != nil {
			return err
		}
	}
	for _, s := range d.letter.Form {
		if err := d.section(s, true); err != nil {
			return err
		}
	}
	if d.letter.Reply {
		if err := d.reply(d.pages[1]); err != nil {
			return err
		}
	}
	if len(d.letter.Summary) == 0 {
		return nil
	}
	d.newPage()
	for _, s := range d.letter.Summary {
		if err := d.section(s, false); err != nil {
			return err
		}
	}
	return nil
}

// statement draws the Part 2 notice in a frame.
func (d *drawer) statement() error {
	top := d.y
	s, err := d.style(false, sizeNotice)
	if err != nil {
		return err
	}
	d.y += 12
	text := Statement1
	if d.letter.Consent != "" {
		text += "\n" + d.letter.Consent
	}
	for _, line := range s.wrap(text, marginRight-marginLeft-32) {
		if err := d.room(s.line); err != nil {
			return err
		}
		s.text(d.page(), marginLeft+16, d.y, line)
		d.y += s.line
	}
	d.y += 10
	box(d.page(), image.Rect(marginLeft, top, marginRight, d.y), 3)
	d.y += 18
	return nil
}

// section draws a heading with a rule, labelled lines and paragraphs.
func (d *drawer) section(s Section, form bool) error {
	head, err := d.style(true, sizeHead)
	if err != nil {
		return err
	}
	value, err := d.style(form, sizeValue)
	if err != nil {
		return err
	}
	if err := d.room(head.line + 2*value.line + 40); err != nil { // no heading alone at the foot of a page
		return err
	}
	if s.Title != "" {
		head.text(d.page(), marginLeft, d.y, clean(s.Title))
		d.y += head.line
		d.page().Fill(image.Rect(marginLeft, d.y, marginRight, d.y+3))
		d.y += 12
	}
	if err := d.lines(s.Lines, form); err != nil {
		return err
	}
	for _, p := range s.Paragraphs {
		if err := d.paragraph(p, false, sizeText); err != nil {
			return err
		}
	}
	d.y += 14
	return nil
}

// lines draws labels and values, half lines two abreast.
func (d *drawer) lines(list []Line, form bool) error {
	for i := 0; i < len(list); i++ {
		if list[i].Half && i+1 < len(list) && list[i+1].Half {
			middle := (marginLeft + marginRight) / 2
			if err := d.row(form, cell{list[i], marginLeft, middle - gutter/2}, cell{list[i+1], middle + gutter/2, marginRight}); err != nil {
				return err
			}
			i++
			continue
		}
		if err := d.row(form, cell{list[i], marginLeft, marginRight}); err != nil {
			return err
		}
	}
	return nil
}

// cell is a line with its place across the page.
type cell struct {
	Line
	left, right int
}

// labelWidth is the column of labels, so that values stand below each other.
const labelWidth = 250

// row draws cells side by side, their values wrapped. A row higher than a page goes on on the next.
func (d *drawer) row(form bool, cells ...cell) error {
	label, err := d.style(true, sizeLabel)
	if err != nil {
		return err
	}
	size := float64(sizeText)
	if form {
		size = sizeValue
	}
	value, err := d.style(false, size)
	if err != nil {
		return err
	}
	high := 0
	texts := make([][]string, len(cells))
	for i, c := range cells {
		texts[i] = value.wrap(c.Value, c.right-c.left-labelWidth)
		high = max(high, len(texts[i]))
	}
	if err := d.room(value.line); err != nil {
		return err
	}
	for n := range high {
		if err := d.room(value.line); err != nil {
			return err
		}
		for i, c := range cells {
			if n == 0 {
				label.text(d.page(), c.left, d.y+value.ascent-label.ascent, clean(c.Label))
			}
			if n < len(texts[i]) {
				value.text(d.page(), c.left+labelWidth, d.y, texts[i][n])
			}
		}
		d.y += value.line
	}
	d.y += 6
	return nil
}

// finish draws what needs the number of pages: heading, codes and footer.
func (d *drawer) finish(n int) error {
	m := d.pages[n]
	if n == 0 {
		return d.cover(m)
	}
	heading := d.heading
	if n >= d.own {
		heading = d.attachHeading
	}
	if err := heading(m, n); err != nil {
		return err
	}
	s, err := d.style(false, sizeFooter)
	if err != nil {
		return err
	}
	footer := fmt.Sprintf("From %s", clean(firstOf(d.letter.Cover.From.Organization, d.letter.Cover.From.Name)))
	if f := d.letter.Cover.From.Fax; f != "" {
		footer += "   fax " + clean(f)
	}
	if p := d.letter.Cover.From.Phone; p != "" {
		footer += "   phone " + clean(p)
	}
	y := footerTop
	if d.letter.Part2 && n >= 2 {
		s.text(m, marginLeft, y, Statement2)
		y += s.line
	}
	s.text(m, marginLeft, y, footer)
	page := fmt.Sprintf("Page %d of %d", n+1, len(d.pages))
	s.text(m, marginRight-s.width(page), footerTop, page)
	return nil
}

// heading draws title, page count and codes at the top of a page.
func (d *drawer) heading(m *Bitmap, n int) error {
	title, err := d.style(true, sizeTitle)
	if err != nil {
		return err
	}
	small, err := d.style(false, sizeText)
	if err != nil {
		return err
	}
	text := clean(d.letter.Title)
	if n > 1 && d.letter.Heading != "" {
		text = clean(d.letter.Heading)
	}
	title.text(m, marginLeft, marginTop, text)
	small.text(m, marginLeft, marginTop+title.line+4, fmt.Sprintf("Page %d of %d     %s", n+1, len(d.pages), clean(d.letter.Cover.Date)))
	if d.letter.Referral == "" {
		return nil
	}
	return d.codes(m, n, marginTop+title.line+small.line+22)
}

// codes draws the QR code top right and the Code 128 with the same words in plain type left of it.
func (d *drawer) codes(m *Bitmap, n, top int) error {
	c := Code{Referral: d.letter.Referral, Page: n + 1, Pages: len(d.pages)}
	if err := c.Valid(); err != nil {
		return fmt.Errorf("%w: %w", ErrLetter, err)
	}
	text := c.String()
	side, err := drawQR(m, marginRight-qrQuiet*8, marginTop, text)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrLetter, err)
	}
	if _, err := drawCode128(m, marginLeft+barQuiet*barModule, top, text); err != nil {
		return fmt.Errorf("%w: %w", ErrLetter, err)
	}
	plain, err := d.style(true, sizeLabel)
	if err != nil {
		return err
	}
	plain.text(m, marginLeft+barQuiet*barModule, top+barHeight+4, text)
	small, err := d.style(false, sizeNotice)
	if err != nil {
		return err
	}
	word := "Keep this code on replies"
	small.text(m, marginRight-small.width(word), marginTop+side+qrQuiet*8, word)
	return nil
}

func firstOf(list ...string) string {
	for _, s := range list {
		if s != "" {
			return s
		}
	}
	return ""
}
