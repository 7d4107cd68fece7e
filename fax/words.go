package fax

import (
	"image"

	"refloop/fax/ocr"
)

// Word is one word with its place: Text, Conf 0..1, Box in pixels, Line number within its reading.
type Word = ocr.Word

// PageText is everything that was read off one page, before any of it is
// given a meaning. It is what a caller archives: Extract on stored PageTexts
// gives the same fields again without reading the image a second time.
//
// All places are in pixels of the page turned upright, with square pixels and
// skew taken out.
type PageText struct {
	Number        int        `json:"number"`             // from 1
	Width, Height int        `json:",omitempty"`         // pixels of the upright page
	DPI           int        `json:"dpi,omitempty"`      // dots per inch in both directions; 0 means 204
	Turned        int        `json:"turned,omitempty"`   // degrees clockwise the received page was turned
	Skew          float64    `json:"skew,omitempty"`     // degrees clockwise the content leaned
	Readings      [][]Word   `json:"readings,omitempty"` // independent readings of the same page, best first
	Exact         bool       `json:"exact,omitempty"`    // the first reading is a text layer, not OCR
	Header        []Word     `json:"header,omitempty"`   // the line the sending machine printed on top
	Checks        []CheckBox `json:"checks,omitempty"`
	Again         []Again    `json:"again,omitempty"`   // parts that were read once more by themselves
	Rulings       Rulings    `json:"rulings,omitzero"`  // lines of the form
	Codes         []string   `json:"codes,omitempty"`   // texts of bar codes
	Reply         []TickMark `json:"reply,omitempty"`   // boxes of our own reply area, when it is on the page
	Damage        float64    `json:"damage,omitempty"`  // 0..1: share of rows that were concealed or missing
	Failure       string     `json:"failure,omitempty"` // why the page could not be read; the rest is then empty
}

// CheckBox is a small square box found on the page.
type CheckBox struct {
	Box  image.Rectangle `json:"b"`
	Ink  float64         `json:"i"` // 0..1: black share of its inside
	Tick bool            `json:"t"` // something was put into it
}
