package fax

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
)

// pagesAtOnce bounds the pages of one document that are held in memory and worked on at the same time. How many are recognised at the
// same time is for the Recognizer to say.
const pagesAtOnce = 4

// Texts reads every page of a document, several at a time, and gives them in order. A page that cannot be read
// has its Failure set. draw makes an image of a PDF page that is more than an
// image (pdftoppm in a limited child process, say) and may be called by several goroutines; nil leaves such pages
// unread. The error is rec's own (no engine, closed) or the end of ctx.
func Texts(ctx context.Context, rec Recognizer, doc *Document, draw func(context.Context, int) (*Page, error)) ([]PageText, error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	out := make([]PageText, doc.Len())
	var next atomic.Int64
	var wg sync.WaitGroup
	for range min(pagesAtOnce, len(out)) {
		wg.Go(func() {
			for ctx.Err() == nil {
				n := int(next.Add(1))
				if n > len(out) {
					return
				}
				t, err := pageText(ctx, rec, doc, n, draw)
				if err != nil {
					stop(err) // the first one counts
					return
				}
				out[n-1] = t
			}
		})
	}
	wg.Wait()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
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
