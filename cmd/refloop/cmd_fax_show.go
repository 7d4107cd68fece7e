package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"refloop/console"
	"refloop/fax"
	"refloop/referral"
)

func faxShowCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "show ID", Short: "a page of the fax that a referral came with, or one field of it, as a PNG", Args: cobra.ExactArgs(1),
		Long: "show writes a PNG to standard output: the place on the archived page where a field was read (--crop), or a whole page (--page),\n" +
			"upright and straight. It reads the page once more to find out how it was fed. Each look is in the audit chain.",
		Example: "  refloop fax show 01JD --crop patient_dob > dob.png\n  refloop fax show 01JD --page 2 > page.png",
		RunE: func(cmd *cobra.Command, args []string) error {
			key, err := cmd.Flags().GetString("crop")
			if err != nil {
				return err
			}
			n, err := cmd.Flags().GetInt("page")
			if err != nil {
				return err
			}
			if key != "" && cmd.Flags().Changed("page") {
				return usageError{errors.New("fax show: got --crop and --page, want one of them; a field knows its page")}
			}
			return showFax(cmd, args[0], key, n)
		},
	}
	c.Flags().String("crop", "", "only the place of this `field`, such as patient_dob")
	c.Flags().Int("page", 1, "page `N` of the fax")
	return c
}

// showFax finds the field and its page, and draws it.
func showFax(cmd *cobra.Command, id, key string, n int) error {
	s, err := oneOf[console.Story](cmd, console.Query{Name: "story", ID: id})
	if err != nil {
		return err
	}
	var place [4]int
	if key != "" {
		f, err := placedField(s.Record, key)
		if err != nil {
			return err
		}
		n, place = f.Box[0], [4]int(f.Box[1:])
	}
	paper, err := faxPaper(s.Record)
	if err != nil {
		return err
	}
	var body bytes.Buffer
	if err := askQuery(cmd, console.Query{Name: "document", ID: paper.ID}, &body); err != nil {
		return err
	}
	r, err := newFaxReader(1)
	if err != nil {
		return err
	}
	picture, err := r.picture(cmd.Context(), body.Bytes(), n)
	if err = errors.Join(err, r.pool.Close()); err != nil {
		return err
	}
	return writeCrop(cmd.OutOrStdout(), picture, place)
}

// placedField is a field that was read off a page.
func placedField(r referral.Referral, key string) (referral.Field, error) {
	i := slices.IndexFunc(r.Fields, func(f referral.Field) bool { return f.Key == key })
	if i >= 0 && r.Fields[i].Box[3] > 0 && r.Fields[i].Box[4] > 0 {
		return r.Fields[i], nil
	}
	var keys []string
	for _, f := range r.Fields {
		if f.Box[3] > 0 && f.Box[4] > 0 {
			keys = append(keys, f.Key)
		}
	}
	if len(keys) == 0 {
		return referral.Field{}, fmt.Errorf("fax show: referral %s: got no fields with a place, want a referral that was read from a fax", r.ID)
	}
	return referral.Field{}, fmt.Errorf("fax show: --crop: got %q, want one of %s", key, strings.Join(keys, ", "))
}

// faxPaper is the fax that the referral came with.
func faxPaper(r referral.Referral) (referral.Document, error) {
	for _, d := range r.Documents {
		if d.Kind == "request" && (d.ContentType == "application/pdf" || strings.HasPrefix(d.ContentType, "image/")) {
			return d, nil
		}
	}
	return referral.Document{}, fmt.Errorf("fax show: referral %s: got no fax among its documents, want one that came by fax", r.ID)
}

// picture draws page n of a fax as it was read.
func (r *faxReader) picture(ctx context.Context, body []byte, n int) (*image.Gray, error) {
	doc, err := fax.Open(body, fax.Limits{Bytes: maxFaxFile})
	if err != nil {
		return nil, err
	}
	p, err := doc.Page(n)
	if err == nil && p.NeedsDrawing {
		p, err = r.draw.Page(ctx, body, n)
	}
	if err != nil {
		return nil, err
	}
	text, err := fax.ReadPage(ctx, r.pool, p)
	if err != nil {
		return nil, err
	}
	g := text.Picture(p)
	if g == nil {
		return nil, fmt.Errorf("fax show: page %d: got no image, want one", n)
	}
	return g, nil
}

// cropMargin is what is shown around a field, in pixels: enough to see its label's end and the line it stands on.
const cropMargin = 24

// writeCrop writes a place of a picture, or all of it when the place is empty, as a PNG.
func writeCrop(w io.Writer, g *image.Gray, place [4]int) error {
	r := g.Rect
	if place[2] > 0 {
		r = image.Rect(place[0], place[1], place[0]+place[2], place[1]+place[3]).Inset(-cropMargin).Intersect(g.Rect)
		if r.Empty() {
			return fmt.Errorf("fax show: the field's place is not on its page of %d x %d pixels; reprocess the message with reading", g.Rect.Dx(), g.Rect.Dy())
		}
	}
	return png.Encode(w, g.SubImage(r))
}
