package console

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
)

// FaxNumbers is implemented by backends that keep fax numbers from being used.
type FaxNumbers interface {
	// BlockFax keeps all faxes from a number of a partner until two different people have checked it.
	BlockFax(ctx context.Context, actor, partner, number, reason string) error
	// VerifyFax records that somebody checked it; open: faxes may go to it again.
	VerifyFax(ctx context.Context, actor, partner, number string) (open bool, err error)
}

// faxNumber is the body of a request about a number. A number is no part of an address: addresses are logged.
type faxNumber struct {
	Number string `json:"number"`
	Reason string `json:"reason,omitempty"`
}

// faxAnswer says how a number is now.
type faxAnswer struct {
	Partner string `json:"partner"`
	State   string `json:"state"` // blocked, checked_once, open
}

func (l *Local) faxNumber(verify bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var in faxNumber
		if !l.decode(w, r, &in) {
			return
		}
		out := faxAnswer{Partner: r.PathValue("id"), State: "blocked"}
		err := fmt.Errorf("%wthis daemon keeps no fax numbers", ErrInput)
		if b, ok := l.backend.(FaxNumbers); ok && verify {
			var open bool
			open, err = b.VerifyFax(r.Context(), actor(r), out.Partner, in.Number)
			out.State = map[bool]string{true: "open", false: "checked_once"}[open]
		} else if ok {
			err = b.BlockFax(r.Context(), actor(r), out.Partner, in.Number, in.Reason)
		}
		if err != nil {
			l.fail(w, err)
			return
		}
		l.answer(w, out)
	}
}

// BlockFax asks for a number of a partner to be used no more until two people have checked it.
func (c *Client) BlockFax(ctx context.Context, partner, number, reason string) error {
	return c.call(ctx, "/v1/partners/"+url.PathEscape(partner)+"/block-fax", faxNumber{number, reason}, &faxAnswer{})
}

// VerifyFax tells that the caller has checked a number; open: so has another person before.
func (c *Client) VerifyFax(ctx context.Context, partner, number string) (open bool, err error) {
	var a faxAnswer
	err = c.call(ctx, "/v1/partners/"+url.PathEscape(partner)+"/verify-fax", faxNumber{Number: number}, &a)
	return a.State == "open", err
}
