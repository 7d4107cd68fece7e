package fax

import (
	"fmt"
	"image"

	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/code128"
	"github.com/boombuler/barcode/qr"
)

// Sizes of bar codes in pixels of a fine page.
const (
	qrSize     = 204 // one inch
	qrQuiet    = 4   // modules of white around a QR code (ISO/IEC 18004)
	barModule  = 3   // narrowest bar of a Code 128: 0.37 mm
	barHeight  = 84
	barQuiet   = 10 // modules of white left and right of a Code 128 (ISO/IEC 15417)
	minQRPixel = 3
)

// drawQR draws text as a QR code of level Q, one inch wide, its top right corner at x, y without the quiet zone. It returns
// the pixels of a side.
func drawQR(m *Bitmap, right, top int, text string) (int, error) {
	c, err := qr.Encode(text, qr.Q, qr.Auto)
	if err != nil {
		return 0, fmt.Errorf("fax: QR code of %d characters: %w", len(text), err)
	}
	modules := c.Bounds().Dx()
	pixel := qrSize / modules
	if pixel < minQRPixel {
		return 0, fmt.Errorf("fax: QR code of %d characters: got %d modules, want few enough for %d pixels each", len(text), modules, minQRPixel)
	}
	left := right - modules*pixel
	for y := range modules {
		for x := range modules {
			if dark(c, x, y) {
				at := image.Pt(left+x*pixel, top+y*pixel)
				m.Fill(image.Rectangle{at, at.Add(image.Pt(pixel, pixel))})
			}
		}
	}
	return modules * pixel, nil
}

func dark(c barcode.Barcode, x, y int) bool {
	r, _, _, _ := c.At(x, y).RGBA()
	return r < 0x8000
}

// drawCode128 draws text as a Code 128 with its left bar at left and returns its width in pixels.
func drawCode128(m *Bitmap, left, top int, text string) (int, error) {
	c, err := code128.Encode(text)
	if err != nil {
		return 0, fmt.Errorf("fax: Code 128 of %d characters: %w", len(text), err)
	}
	modules := c.Bounds().Dx()
	if left+(modules+barQuiet)*barModule > m.Width {
		return 0, fmt.Errorf("fax: Code 128 of %d characters: got %d modules, want fewer for the width of the page", len(text), modules)
	}
	for x := range modules {
		if dark(c, x, 0) {
			m.Fill(image.Rect(left+x*barModule, top, left+(x+1)*barModule, top+barHeight))
		}
	}
	return modules * barModule, nil
}
