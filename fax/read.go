package fax

import (
	"context"
	"errors"
)

// Texts reads every page of a document in order. A page that cannot be read
// has its Failure set. draw makes an image of a PDF page that is more than an
// image (pdftoppm in a limited child process, say); nil leaves such pages
// unread. The error is rec's own (no engine, closed) or the end of ctx.
func Texts(ctx context.Context, rec Recognizer, doc *Document, draw func(context.Context, int) (*Page, error)) ([]PageText, error) {
	var out []PageText
	for n := 1; n <= doc.Len(); n++ {
		t, err := pageText(ctx, rec, doc, n, draw)
		if err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	return out, nil
}

func pageText(ctx context.Context, rec Recognizer, doc *Document, n int, draw func(context.Context, int) (*Page, error)) (PageText, error) {
	p, err := doc.Page(n)
	if err == nil && p.NeedsDrawing && draw != nil {
		p, err = draw(ctx, n)
	}
	var u *Unreadable
	switch {
	case ctx.Err() != nil:
		return PageText{}, ctx.Err()
	case errors.As(err, &u):
		return PageText{Number: n, Failure: u.Error()}, nil
	case err != nil:
		return PageText{Number: n, Failure: "the page could not be drawn"}, nil
	}
	return ReadPage(ctx, rec, p)
}
