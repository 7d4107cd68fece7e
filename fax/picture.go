package fax

import "image"

// Picture draws the page as it was read: square pixels, upright, straight, so
// that the places in t fit it. p must be the page that t was read from. It is
// what a person is shown beside a field; nil when the page holds no image.
func (t PageText) Picture(p *Page) *image.Gray {
	if p == nil || p.NeedsDrawing || p.Width < 32 || p.Height < 32 {
		return nil
	}
	s := newScan(p)
	body := straighten(s.bits.Turn(t.Turned).Gray(), t.Skew)
	if t.Turned != 0 || s.head == nil {
		return body
	}
	head := s.head.Gray()
	out := image.NewGray(image.Rect(0, 0, body.Rect.Dx(), s.cut+body.Rect.Dy()))
	for y := range s.cut {
		copy(out.Pix[y*out.Stride:], head.Pix[y*head.Stride:y*head.Stride+head.Rect.Dx()])
	}
	for y := range body.Rect.Dy() {
		copy(out.Pix[(s.cut+y)*out.Stride:], body.Pix[y*body.Stride:y*body.Stride+body.Rect.Dx()])
	}
	return out
}
