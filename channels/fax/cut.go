package fax

import (
	"context"
	"fmt"

	"refloop/channels/fax/gateway"
	"refloop/fax"
)

// Pages counts the pages of an archived fax.
func (c *Channel) Pages(body []byte) (int, error) {
	doc, err := fax.Open(c.file(body), fax.Limits{Bytes: c.d.Max})
	if err != nil {
		return 0, err
	}
	return doc.Len(), nil
}

// Cut makes a TIFF of some pages of an archived fax, in the order given, as they were received. A page that cannot be decoded is an error:
// nothing is cut without it.
func (c *Channel) Cut(ctx context.Context, body []byte, pages []int) ([]byte, error) {
	body = c.file(body)
	doc, err := fax.Open(body, fax.Limits{Bytes: c.d.Max})
	if err != nil {
		return nil, err
	}
	out := make([]*fax.Bitmap, 0, len(pages))
	for _, n := range pages {
		p, err := doc.Page(n)
		if err == nil && p.NeedsDrawing {
			if c.d.Draw == nil {
				return nil, fmt.Errorf("fax: cut: page %d: got one that must be drawn (%s), want pdftoppm installed", n, p.Why)
			}
			p, err = c.d.Draw.Page(ctx, body, n)
		}
		if err != nil {
			return nil, err
		}
		if p.Bits != nil {
			out = append(out, p.Square().Bits)
		} else {
			out = append(out, fax.Threshold(p.Square().Gray(), 128))
		}
	}
	return fax.EncodeTIFF(out)
}

// file is the fax of an archived message: itself, or what a mail has attached.
func (c *Channel) file(body []byte) []byte {
	if contentType(body) == "application/octet-stream" {
		if n, _, err := gateway.ParseMail(body, c.patterns, gateway.Limits{File: c.d.Max}); err == nil && len(n.File) > 0 {
			return n.File
		}
	}
	return body
}
