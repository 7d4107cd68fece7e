package fax

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"refloop/channels"
	"refloop/channels/fax/gateway"
	"refloop/channels/mailbox"
	"refloop/fax"
)

// Call is what a source knew of a fax when it came. All of it but Source, Via and Peer was typed in by the sender's side, or passed on by a
// gateway: Number (the calling number) is evidence for who sent it, Station (what the sender's machine calls itself) a hint; neither decides.
type Call struct {
	Source  string       `json:"source"` // hylafax, smtp, mailbox, webhook
	ID      string       `json:"id,omitempty"`
	Number  string       `json:"number,omitempty"`
	Station string       `json:"station,omitempty"`
	To      string       `json:"to,omitempty"`
	Pages   int          `json:"pages,omitempty"`   // as the source says; 0: it does not
	Partial string       `json:"partial,omitempty"` // why pages may be missing
	Failure string       `json:"failure,omitempty"` // why there is no fax in it
	Peer    string       `json:"peer,omitempty"`    // who brought it: a network address
	Via     *mailbox.Via `json:"via,omitempty"`
}

// evidence is what is kept beside the bytes: the call as the source knew it, and, once Prepare has been, everything that was read off the
// pages, before any of it was given a meaning.
type evidence struct {
	Version int            `json:"version"`
	Call    *Call          `json:"call,omitempty"`
	Unread  bool           `json:"unread,omitempty"`  // Prepare has not been yet
	Failure string         `json:"failure,omitempty"` // why the file cannot be read at all
	Station string         `json:"station,omitempty"` // the sender's station ID as the file has it; a hint only
	Pages   []fax.PageText `json:"pages,omitempty"`

	Proposed []fax.Proposal `json:"proposed,omitempty"` // what a model server said, when one is asked
}

const evidenceVersion = 1

// mailType is the content type of a fax that is inside a mail.
const mailType = "message/rfc822"

func readEvidence(b []byte) (evidence, error) {
	var e evidence
	if err := json.Unmarshal(b, &e); err != nil || e.Version != evidenceVersion {
		return evidence{}, fmt.Errorf("fax: got evidence of %d bytes that cannot be used, want version %d; reprocess the message with reading", len(b), evidenceVersion)
	}
	return e, nil
}

// Prepared implements channels.Staged: it tells whether Prepare has been.
func (c *Channel) Prepared(b []byte) bool {
	e, err := readEvidence(b)
	return err == nil && !e.Unread
}

// Prepare reads all pages; what the source knew of the call stays. A file that cannot be read gives evidence that says why; an error means
// that reading is not possible now.
func (c *Channel) Prepare(ctx context.Context, a channels.Archived) ([]byte, error) {
	e := evidence{Version: evidenceVersion}
	if len(a.Evidence) > 0 {
		if before, err := readEvidence(a.Evidence); err == nil {
			e.Call = before.Call
		}
	}
	if n, err := c.inside(a); err != nil || n.Kind != gateway.Received {
		return marshal(e) // there is no fax in it: Open says so
	} else if e.Call == nil || e.Call.Failure == "" {
		text, err := Read(ctx, c.d.Reader, c.d.Draw, n.File, fax.Limits{Bytes: c.d.Max, Pages: c.cfg.Pages})
		var u *fax.Unreadable
		switch {
		case errors.As(err, &u):
			e.Failure = u.Error()
		case err != nil:
			return nil, err
		default:
			e.Station, e.Pages = text.Station, text.Pages
			e.Proposed = c.proposed(ctx, a.ID, text.Pages)
		}
	}
	return marshal(e)
}

func marshal(e evidence) ([]byte, error) {
	b, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("fax: keeping what was read: %w", err)
	}
	return b, nil
}

// inside is what an archived message holds: a mail with a fax or a confirmation, or the fax itself. It is pure.
func (c *Channel) inside(a channels.Archived) (gateway.Notice, error) {
	if a.ContentType != mailType {
		return gateway.Notice{Kind: gateway.Received, File: a.Body}, nil
	}
	n, _, err := gateway.ParseMail(a.Body, c.patterns, gateway.Limits{File: c.d.Max})
	return n, err
}

// errNotPrepared says that Prepare must run first.
var errNotPrepared = errors.New("fax: got no evidence, want what Prepare kept; reprocess the message with reading")

// Open finds the fields in what Prepare kept. It gives the fields as JSON (fax.Result) and the file itself; of a confirmation of a gateway
// a receipt; of what holds no fax a reason for a person. It is pure.
func (c *Channel) Open(a channels.Archived) (channels.Opened, error) {
	if len(a.Evidence) == 0 {
		return channels.Opened{}, errNotPrepared
	}
	e, err := readEvidence(a.Evidence)
	if err != nil {
		return channels.Opened{}, err
	}
	if e.Unread {
		return channels.Opened{}, errNotPrepared
	}
	n, err := c.inside(a)
	switch {
	case err != nil:
		return held("the mail cannot be read: " + strings.TrimPrefix(err.Error(), "gateway: ")), nil
	case n.Kind == gateway.Status:
		return confirmation(n, a), nil
	case n.Kind != gateway.Received:
		return held("a mail without a fax attached; want TIFF, PDF, PNG or JPEG"), nil
	case e.Call != nil && e.Call.Failure != "":
		return held(e.Call.Failure), nil
	case e.Failure != "":
		return channels.Opened{}, fmt.Errorf("%s; ask the sender for the pages in another way", e.Failure)
	}
	rules := c.d.Rules
	if e.Call != nil {
		rules = rules.From(e.Call.Number)
	}
	result := rules.Weigh(rules.Extract(e.Pages), e.Pages, e.Proposed)
	fields, err := json.Marshal(result)
	if err != nil {
		return channels.Opened{}, fmt.Errorf("fax: fields: %w", err)
	}
	attrs := c.attrs(e)
	kind, extension, ctype := channels.KindImage, ".tif", contentType(n.File)
	switch ctype {
	case "application/pdf":
		kind, extension = channels.KindPDF, ".pdf"
	case "image/png":
		extension = ".png"
	case "image/jpeg":
		extension = ".jpg"
	}
	o := channels.Opened{Type: channels.Fax, Parts: []channels.Part{
		{Kind: channels.KindFields, Name: "fields.json", ContentType: "application/json", Title: "Fields read from the fax", Body: fields, Attrs: attrs},
		{Kind: kind, Name: "fax" + extension, ContentType: ctype, Title: "Fax as received", Body: n.File, Attrs: attrs},
	}}
	for _, n := range result.Failed {
		o.Warnings = append(o.Warnings, fmt.Sprintf("page %d could not be read", n))
	}
	return o, nil
}

// attrs are the facts about the fax that are not on its pages. caller is the calling number, station what the sender's machine calls itself;
// partial says why pages may be missing, and reply_expires for how long a page of ours counts as an answer.
func (c *Channel) attrs(e evidence) map[string]string {
	attrs := map[string]string{"page_count": strconv.Itoa(len(e.Pages)), "reply_expires": c.cfg.Replies.D().String()}
	put := func(key, value string) {
		if value != "" {
			attrs[key] = value
		}
	}
	put("station", e.Station)
	if e.Call == nil {
		return attrs
	}
	put("caller", e.Call.Number)
	put("station", e.Call.Station)
	put("partial", e.Call.Partial)
	if e.Call.Pages > len(e.Pages) && e.Call.Partial == "" {
		attrs["partial"] = fmt.Sprintf("%d of %d pages are here", len(e.Pages), e.Call.Pages)
	}
	return attrs
}

// held is what goes to a person without having been read.
func held(why string) channels.Opened {
	return channels.Opened{Type: channels.Fax, Parts: []channels.Part{{Kind: channels.KindFields, ContentType: "application/json", Body: []byte("{}"), Attrs: map[string]string{"hold": "fax: " + why}}}}
}

// confirmation makes a receipt of what a gateway says of a fax of ours. One that says neither yes nor no says nothing.
func confirmation(n gateway.Notice, a channels.Archived) channels.Opened {
	o := channels.Opened{Type: "fax/status"}
	r := statusReceipt(n)
	r.At = a.ReceivedAt
	o.Receipts = []channels.Receipt{r}
	return o
}

// statusReceipt makes a receipt of a status. A machine confirmed pages, nobody said that they were read: grade D.
func statusReceipt(n gateway.Notice) channels.Receipt {
	r := channels.Receipt{DeliveryID: deliveryOf(n.Reference), Code: n.Cause, Pages: n.Pages, Grade: "D", Level: channels.LevelSent}
	switch n.State {
	case gateway.Done:
		r.Level, r.Code, r.Text = channels.LevelDelivered, "done", "the gateway confirmed it"
	case gateway.Failed:
		r.Level, r.Permanent, r.Text = channels.LevelFailed, permanent(n.Cause), "the gateway gave up"
	}
	return r
}
