package fax

import (
	"fmt"
	"image"
)

// replyTop is the first row of the tick-box area; its places are fixed so that a program can find them on a page that comes back.
const replyTop = 1560

// replyBottom is the row below the tick-box area.
const replyBottom = footerTop - 12

const tickSize = 36

// Tick is one box of the reply area: what ticking it means, and its place on page 2 in pixels of 204 x 196 dots per inch.
// Tell turned and scaled pages apart by the QR code, whose top right corner is at x 1586, y 110.
type Tick struct {
	Means string // accepted, declined, no_capacity, not_our_specialty, insurance, more_information, not_our_patient
	Place image.Rectangle
	words string
}

// Ticks lists the boxes that Draw prints when Letter.Reply is set.
func Ticks() []Tick {
	at := func(column, row int) image.Rectangle {
		x, y := marginLeft+24, replyTop+84+row*62
		if row == 2 || row == 3 { // reasons stand below "declined"
			x += tickSize + 20
		}
		if column == 1 {
			x += 640
		}
		return image.Rect(x, y, x+tickSize, y+tickSize)
	}
	return []Tick{
		{"accepted", at(0, 0), "Accepted. Appointment (date, time):"},
		{"declined", at(0, 1), "Declined, because:"},
		{"no_capacity", at(0, 2), "no appointment in time"},
		{"not_our_specialty", at(1, 2), "not our specialty"},
		{"insurance", at(0, 3), "insurance not accepted"},
		{"more_information", at(1, 3), "we need more information:"},
		{"not_our_patient", at(0, 4), "Wrong number or not our patient. Please destroy these pages and send this one back."},
	}
}

// reply draws the tick boxes at the foot of page 2.
func (d *drawer) reply(m *Bitmap) error {
	head, err := d.style(true, sizeHead)
	if err != nil {
		return err
	}
	text, err := d.style(false, sizeText)
	if err != nil {
		return err
	}
	bottom := replyBottom
	box(m, image.Rect(marginLeft, replyTop, marginRight, bottom), 4)
	title := "REPLY: tick and fax this page back"
	if f := d.letter.Cover.From.Fax; f != "" {
		title = fmt.Sprintf("REPLY: tick and fax this page back to %s", clean(f))
	}
	head.text(m, marginLeft+24, replyTop+20, title)
	for _, t := range Ticks() {
		box(m, t.Place, 4)
		x, y := t.Place.Max.X+20, t.Place.Min.Y+(tickSize-text.line)/2
		w := text.text(m, x, y, t.words)
		if t.Means == "accepted" || t.Means == "more_information" {
			rule(m, x+w+16, marginRight-30, t.Place.Max.Y)
		}
	}
	y := bottom - 34
	w := text.text(m, marginLeft+24, y-text.ascent, "Name")
	rule(m, marginLeft+24+w+16, marginLeft+820, y)
	w = text.text(m, marginLeft+850, y-text.ascent, "Date")
	rule(m, marginLeft+850+w+16, marginRight-30, y)
	return nil
}

// rule is a line to write on.
func rule(m *Bitmap, left, right, y int) { m.Fill(image.Rect(left, y, right, y+2)) }
