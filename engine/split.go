package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"refloop/channels"
	"refloop/referral"
)

// cutter is implemented by channels whose messages are pages.
type cutter interface {
	Pages(body []byte) (int, error)                                             // how many an archived message has
	Cut(ctx context.Context, body []byte, pages []int) (tiff []byte, err error) // some of them, as they were received
}

// SplitInput says which pages of a paper go where.
type SplitInput struct {
	Groups [][]int // pages, from 1; each group is one new case
	To     string  // a referral that takes the pages (of the one group) instead; empty: new cases
	Note   string
}

// SplitDone is what a split made.
type SplitDone struct {
	Messages []string          // the new faxes, one a group; their cases appear when they are read
	Referral referral.Referral // the case that was split, as it is now; zero when a message was split that is no case
}

// paperSource is the paper that is split.
type paperSource struct {
	body     []byte
	message  referral.Message // it came with
	document referral.Document
	cut      cutter
	pages    int
}

// Split takes pages of a referral's paper to new cases, each a fax of its own that goes through the whole intake, or to another referral
// as an attachment. When all pages go, the case ends (pages_moved).
func (e *Engine) Split(ctx context.Context, actor, id string, in SplitInput) (SplitDone, error) {
	r, err := e.store.Referral(ctx, id)
	if err != nil {
		return SplitDone{}, err
	}
	doc, ok := r.Paper()
	if !ok {
		return SplitDone{}, wrongInput("split: got a referral without pages, want one that came by fax")
	}
	src, err := e.paper(ctx, doc.MessageID, doc.ID)
	if err != nil {
		return SplitDone{}, err
	}
	src.document = doc
	if err := in.check(src.pages, id); err != nil {
		return SplitDone{}, err
	}
	set := e.setup.Load()
	now := e.now().UTC().Truncate(time.Microsecond)
	left := in.left(src.pages)
	ev := referral.Event{Type: referral.EventSplit, EventTime: now, ReceiveTime: now, Actor: actor, Origin: referral.OriginStaff, Grade: referral.GradeA, ConfigHash: set.Hash,
		By: r.Role.Side(), Note: strings.TrimSuffix(in.words()+"; "+in.Note, "; ")}
	ev.Payload.Left = left
	var rest referral.Blob
	if keep := kept(left); len(keep) > 0 {
		if rest, err = e.cutBlob(ctx, src, keep, &ev.Payload.Documents, "request"); err != nil {
			return SplitDone{}, err
		}
	} else {
		ev.Type, ev.Payload.EndReason, ev.Reason = referral.EventEnd, referral.EndPagesMoved, string(referral.EndPagesMoved)
	}
	done, err := e.giveAway(ctx, actor, set, src, in, now, func(tx Tx, made SplitDone) error {
		if len(made.Messages) > 0 {
			ev.Note += "; new fax " + strings.Join(made.Messages, ", ")
		}
		now, err := tx.Referral(id)
		if err != nil {
			return err
		}
		for _, d := range ev.Payload.Documents {
			if err := tx.AddDocument(d, id, rest); err != nil {
				return err
			}
		}
		return e.transition(tx, set, now, ev)
	})
	if err != nil {
		return SplitDone{}, e.explain(ctx, id, "split", err)
	}
	done.Referral, err = e.store.Referral(ctx, id)
	return done, err
}

// SplitMessage does the same with a fax that became no case: one that a person must split or file. When all pages went somewhere it is
// settled.
func (e *Engine) SplitMessage(ctx context.Context, actor, id string, in SplitInput) (SplitDone, error) {
	src, err := e.paper(ctx, id, "")
	if err != nil {
		return SplitDone{}, err
	}
	if src.message.State != referral.MessageHeld && src.message.State != referral.MessageFailed {
		return SplitDone{}, &NotAllowed{Verb: "split", Of: "message", Got: string(src.message.State), Why: "only one that is held for a person has pages to be given out"}
	}
	if err := in.check(src.pages, ""); err != nil {
		return SplitDone{}, err
	}
	now := e.now().UTC().Truncate(time.Microsecond)
	return e.giveAway(ctx, actor, e.setup.Load(), src, in, now, func(tx Tx, _ SplitDone) error {
		if len(kept(in.left(src.pages))) > 0 {
			return e.auditAct(tx, actor, "message.split", id, in.words(), now)
		}
		return e.settleMessage(tx, actor, src.message, "split", "given out page by page by a person: "+in.words(), now)
	})
}

// NotOurs settles a fax that became no case because it came to the wrong practice.
func (e *Engine) NotOurs(ctx context.Context, actor, id string) error {
	m, err := e.store.Message(ctx, id)
	if err != nil {
		return err
	}
	if m.State != referral.MessageHeld && m.State != referral.MessageFailed || m.Direction != referral.Inbound {
		return &NotAllowed{Verb: "not-ours", Of: "message", Got: string(m.State), Why: "only one that is held for a person can be put aside"}
	}
	now := e.now().UTC().Truncate(time.Microsecond)
	return e.write(ctx, func(tx Tx) error {
		item := referral.Incident{Kind: "misdirected", Key: m.ID, MessageID: m.ID, Note: "it came to us and is not ours: its sender must hear of it"}
		if err := e.openIncident(tx, item, now); err != nil {
			return err
		}
		return e.settleMessage(tx, actor, m, "not_ours", "not ours: said by a person", now)
	})
}

// settleMessage takes a message from the worklist.
func (e *Engine) settleMessage(tx Tx, actor string, m referral.Message, action, reason string, at time.Time) error {
	m.State, m.Reason = referral.MessageIgnored, reason
	for _, kind := range []string{"message_failed", "message_held", "match_review", "anomaly.unknown_referral"} {
		if err := tx.ResolveIncidents(kind, m.ID, at); err != nil {
			return err
		}
	}
	if err := tx.SetMessage(m); err != nil {
		return err
	}
	return e.auditAct(tx, actor, "message."+action, m.ID, "", at)
}

// paper opens the paper of a document, or of a message when there is no document.
func (e *Engine) paper(ctx context.Context, messageID, documentID string) (paperSource, error) {
	m, err := e.store.Message(ctx, messageID)
	if err != nil {
		return paperSource{}, err
	}
	src := paperSource{message: m}
	c, ok := e.setup.Load().Channels[m.Channel]
	if src.cut, _ = c.Rail.(cutter); !ok || src.cut == nil || m.Direction != referral.Inbound {
		return paperSource{}, wrongInput("split: got a message that has no pages, or whose channel %q is gone; want one that came by fax", m.Channel)
	}
	if documentID != "" {
		src.body, err = e.store.Document(ctx, documentID)
	} else {
		src.body, err = e.store.Body(ctx, messageID)
	}
	if err != nil {
		return paperSource{}, err
	}
	if src.pages, err = src.cut.Pages(src.body); err != nil {
		return paperSource{}, wrongInput("split: %v", err)
	}
	return src, nil
}

// giveAway brings each group of pages to its new case or to the referral that takes it, then does the rest in the commit of the last step.
// New cases come first: what is cut off is safe before anything is taken off. A repeat after a crash finds them as duplicates.
func (e *Engine) giveAway(ctx context.Context, actor string, set *Setup, src paperSource, in SplitInput, now time.Time, rest func(Tx, SplitDone) error) (SplitDone, error) {
	var done SplitDone
	if in.To != "" {
		return done, e.attach(ctx, actor, set, src, in, now, rest)
	}
	for _, pages := range in.Groups {
		b, err := src.cut.Cut(ctx, src.body, pages)
		if err != nil {
			return done, wrongInput("split: %v", err)
		}
		out, err := e.Receive(ctx, channels.Inbound{
			Channel: src.message.Channel, Partner: src.message.Partner, Peer: "split of " + src.message.ID, Type: "fax", ContentType: "image/tiff", Body: b, Later: true,
			Sender: src.message.Sender,
		})
		if err != nil {
			return done, err
		}
		done.Messages = append(done.Messages, out.MessageID)
	}
	return done, e.write(ctx, func(tx Tx) error { return rest(tx, done) })
}

// attach brings the pages to a referral as an attachment.
func (e *Engine) attach(ctx context.Context, actor string, set *Setup, src paperSource, in SplitInput, now time.Time, rest func(Tx, SplitDone) error) error {
	ev := referral.Event{Type: referral.EventAttach, EventTime: now, ReceiveTime: now, Actor: actor, Origin: referral.OriginStaff, Grade: referral.GradeA, ConfigHash: set.Hash,
		EvidenceRef: src.message.ID, Note: in.words()}
	blob, err := e.cutBlob(ctx, src, in.Groups[0], &ev.Payload.Documents, "attachment")
	if err != nil {
		return err
	}
	return e.write(ctx, func(tx Tx) error {
		to, err := tx.Referral(in.To)
		if errors.Is(err, referral.ErrNotFound) {
			return wrongInput("--to: got an id that no referral has")
		}
		if err != nil {
			return err
		}
		ev.By = to.Role.Side()
		for _, d := range ev.Payload.Documents {
			if err := tx.AddDocument(d, to.ID, blob); err != nil {
				return err
			}
		}
		if err := e.transition(tx, set, to, ev); err != nil {
			return err
		}
		return rest(tx, SplitDone{})
	})
}

// cutBlob seals some pages and describes them as a document.
func (e *Engine) cutBlob(ctx context.Context, src paperSource, pages []int, docs *[]referral.Document, kind string) (referral.Blob, error) {
	b, err := src.cut.Cut(ctx, src.body, pages)
	if err != nil {
		return referral.Blob{}, wrongInput("split: %v", err)
	}
	blob, err := e.store.Stow(ctx, b)
	if err != nil {
		return referral.Blob{}, err
	}
	d := src.document
	d.ID, d.MessageID, d.Kind, d.ContentType, d.Name = blob.ID, src.message.ID, kind, "image/tiff", "fax.tif"
	d.Title, d.SHA256, d.Bytes = fmt.Sprintf("Fax as received, pages %s", pageList(pages)), blob.SHA256, blob.Bytes
	*docs = []referral.Document{d}
	return blob, nil
}

// check refuses groups that are none of this paper.
func (in SplitInput) check(pages int, self string) error {
	seen := map[int]bool{}
	switch {
	case len(in.Groups) == 0:
		return wrongInput("--pages: got nothing, want pages such as 3-4 of 1-%d", pages)
	case in.To != "" && len(in.Groups) > 1:
		return wrongInput("--pages: got several groups, want one with --to")
	case in.To != "" && in.To == self:
		return wrongInput("--to: got the referral that is split, want another one")
	}
	for _, g := range in.Groups {
		for _, n := range g {
			if n < 1 || n > pages {
				return wrongInput("--pages: got page %d, want 1 to %d", n, pages)
			}
			if seen[n] {
				return wrongInput("--pages: got page %d twice, want each once", n)
			}
			seen[n] = true
		}
	}
	if self != "" && len(seen) == pages && in.To == "" && len(in.Groups) == 1 {
		return wrongInput("--pages: got all %d pages for one new case, want some; a case that is not ours: act not-ours, one that belongs elsewhere: --to", pages)
	}
	return nil
}

// left is the number that each page has when the groups are gone; 0: it went.
func (in SplitInput) left(pages int) []int {
	out := make([]int, pages)
	n := 0
	for i := range out {
		if !slices.ContainsFunc(in.Groups, func(g []int) bool { return slices.Contains(g, i+1) }) {
			n++
			out[i] = n
		}
	}
	return out
}

// kept are the pages that stay, in order.
func kept(left []int) (out []int) {
	for i, n := range left {
		if n > 0 {
			out = append(out, i+1)
		}
	}
	return out
}

// words says what went where, without anything about a patient.
func (in SplitInput) words() string {
	var parts []string
	for _, g := range in.Groups {
		to := "a new case"
		if in.To != "" {
			to = in.To
		}
		parts = append(parts, "pages "+pageList(g)+" to "+to)
	}
	return strings.Join(parts, ", ")
}

// pageList writes pages as a person does: 1, 3-5.
func pageList(pages []int) string {
	var parts []string
	for i := 0; i < len(pages); i++ {
		from := i
		for i+1 < len(pages) && pages[i+1] == pages[i]+1 {
			i++
		}
		if i > from {
			parts = append(parts, fmt.Sprintf("%d-%d", pages[from], pages[i]))
		} else {
			parts = append(parts, fmt.Sprint(pages[i]))
		}
	}
	return strings.Join(parts, ", ")
}

// ParsePages reads pages as a person writes them: 3, 3-4 or 1,3-5; each once, in the order given.
func ParsePages(text string) ([]int, error) {
	const most = 5000
	var out []int
	for _, part := range strings.Split(text, ",") {
		lo, hi, span := strings.Cut(strings.TrimSpace(part), "-")
		from, err := strconv.Atoi(lo)
		to := from
		if err == nil && span {
			to, err = strconv.Atoi(hi)
		}
		if err != nil || from < 1 || to < from || to > most {
			return nil, wrongInput("--pages: got %d characters that are no pages, want some such as 3-4 or 1,3-5", len(text))
		}
		for n := from; n <= to; n++ {
			if !slices.Contains(out, n) {
				out = append(out, n)
			}
		}
	}
	return out, nil
}

// splitOf reads the pages of an act.
func (in ActInput) splitOf() (SplitInput, error) {
	out := SplitInput{To: in.To, Note: in.Note}
	for _, text := range in.Pages {
		pages, err := ParsePages(text)
		if err != nil {
			return out, err
		}
		out.Groups = append(out.Groups, pages)
	}
	return out, nil
}

// ActMessage does what a person says of a fax that became no case: split, not-ours or accept-as.
func (e *Engine) ActMessage(ctx context.Context, actor, id, verb string, in ActInput) error {
	if verb == "accept-as" {
		_, err := e.AcceptAs(ctx, actor, id, in.Kind)
		return err
	}
	switch referral.ActionFor(verb) {
	case referral.EventNotOurs:
		return e.NotOurs(ctx, actor, id)
	case referral.EventSplit:
		groups, err := in.splitOf()
		if err != nil {
			return err
		}
		_, err = e.SplitMessage(ctx, actor, id, groups)
		return err
	}
	return &NotAllowed{Verb: verb, Of: "message", Got: "no referral", Want: []string{"accept-as", "split", "not-ours"}}
}
