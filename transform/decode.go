package transform

import (
	"errors"
	"slices"
	"strings"

	"refloop/channels"
	"refloop/hl7"
	"refloop/referral"
	"refloop/transform/rules"
)

// Decode says what an opened message means: the facts it states, or why it is ignored, held, or must be repaired or refused. A message
// that is no more than a receipt (an MDN) has no facts.
func Decode(s Source) Decoded {
	var out Decoded
	messages := messagesOf(s)
	switch {
	case s.Opened.Hold != "":
		out.Partner, out.Hold = senderPartner(s), s.Opened.Hold
		return out
	case len(messages) > 0:
		decodeMessages(s, messages, &out)
	case partOf(s.Opened.Parts, channels.KindFields) != nil:
		decodeFax(s, &out)
	case partOf(s.Opened.Parts, channels.KindCDA) != nil:
		decodePlainCDA(s, &out)
	case len(s.Opened.Receipts) > 0:
		out.Partner = firstOf(s.Opened.Partner, s.Channel.Partner)
	default:
		out.Partner = senderPartner(s)
		out.Hold = "nothing in it can be read as a referral or an answer to one; a person must look"
	}
	finish(s, &out)
	return out
}

// partOf returns the first part of a kind; nil when there is none.
func partOf(parts []channels.Part, kind string) *channels.Part {
	for i := range parts {
		if parts[i].Kind == kind {
			return &parts[i]
		}
	}
	return nil
}

// senderPartner is who speaks: proven by the rail, bound to the channel, or the owner of the sender's Direct address.
func senderPartner(s Source) string {
	if p := firstOf(s.Opened.Partner, s.Message.Partner, s.Channel.Partner); p != "" {
		return p
	}
	p, _ := s.Directory.ByDirect(firstOf(s.Opened.Sender, s.Message.Sender))
	return p.ID
}

// decodeMessage reads an HL7 v2 message, with the documents that came beside it.
func decodeMessage(s Source, body []byte, out *Decoded) {
	s.Opened.Partner = senderPartner(s)
	r := decodeHL7(s, body, out)
	if r == nil || r.nameless() && !r.typed() || r.ignored() || !r.acceptable() || !r.typed() {
		return
	}
	if r.partner == "" && s.Channel.Type == channels.MLLP {
		out.Hold = "unknown sender: MSH-3 and MSH-4 belong to no partner"
		return
	}
	if !r.valid() {
		if r.onlyChanges() { // it is ignored anyhow, unless it speaks of a referral: its sender need not mend it for us
			out.Verdict, out.Problems, out.Ignore = channels.Taken, nil, r.unless[0]
		}
		return
	}
	if r.unreadText() {
		return
	}
	r.facts()
	r.markUnless()
	if out.Verdict != channels.Taken || out.Ignore != "" {
		out.Facts, out.Documents = nil, nil
		return
	}
	if s.Opened.Type != "" { // a rail's own type (direct/360x) stands above the message inside
		out.Type = s.Opened.Type
	}
	if len(out.Facts) == 0 {
		out.Hold = firstOf(out.Hold, "nothing in it speaks of a referral; a person must look")
		return
	}
	attachParts(s, out)
	settle(out)
	r.rules()
}

// ignored runs the channel's when: on each order of an ORM or OMG, of which only those that count are read; on any other message once.
// It is true when nothing counts, or when the rule failed.
func (r *hl7Reader) ignored() bool {
	r.orders = r.m.Orders()
	if r.s.Channel.Rules == nil {
		return false
	}
	if len(r.orders) == 0 || !r.perOrder() {
		return r.skip(r.m)
	}
	all := r.orders
	r.orders = nil
	for _, g := range all {
		skip := r.skip(scoped{g, r.m})
		if r.out.Hold != "" {
			return true
		}
		if skip && !changes(g) {
			continue
		}
		rule := ""
		if skip {
			rule = r.out.Ignore
		}
		r.orders, r.unless = append(r.orders, g), append(r.unless, rule)
	}
	if len(r.orders) > 0 {
		r.out.Ignore = ""
	}
	return len(r.orders) == 0
}

// changes reports whether an order group cancels or changes an order that exists. No rule turns it away before it is known whether that
// order is a referral: a cancellation often carries less than the order did.
func changes(g hl7.Group) bool {
	switch g.First("ORC").Field(1).String() {
	case "CA", "DC", "XO", "RO":
		return true
	}
	return false
}

// onlyChanges reports whether every order left is one that the channel's rule would have turned away.
func (r *hl7Reader) onlyChanges() bool {
	return len(r.unless) > 0 && !slices.Contains(r.unless, "")
}

// markUnless writes the rule into the facts that it turns away when no referral is known.
func (r *hl7Reader) markUnless() {
	if len(r.unless) != len(r.out.Facts) {
		return
	}
	for i, rule := range r.unless {
		r.out.Facts[i].IgnoreUnknown = rule
	}
}

// perOrder reports whether each order of the message is a referral of its own.
func (r *hl7Reader) perOrder() bool { return r.m.Code() == "ORM" || r.m.Code() == "OMG" }

// skip runs when on a view; true when it is false or failed (then the message is held).
func (r *hl7Reader) skip(v rules.View) bool {
	ok, err := r.s.Channel.Rules.When(r.message(v))
	if err != nil {
		r.out.Hold = ruleFailed(err)
		return true
	}
	if !ok {
		r.out.Ignore = r.s.Channel.Rules.WhenName()
	}
	return !ok
}

// message is what rules see of the message; msg() reads from v.
func (r *hl7Reader) message(v rules.View) rules.Message {
	return rules.Message{
		Type: r.m.Type(), Version: r.m.Version(), Channel: r.s.Channel.Name, Partner: r.partner, Direction: "in",
		Sender: r.m.Get("MSH-3") + "|" + r.m.Get("MSH-4"), Receiver: r.m.Get("MSH-5") + "|" + r.m.Get("MSH-6"), View: v,
		Looked: r.s.Watch.looked(),
	}
}

// rules runs the channel's set on every record, each with the view of its own order.
func (r *hl7Reader) rules() {
	set := r.s.Channel.Rules
	if set == nil {
		return
	}
	for i := range r.out.Facts {
		rec := r.out.Facts[i].Event.Payload.Record
		if rec == nil {
			continue
		}
		var v rules.View = r.m
		if r.perOrder() && len(r.orders) == len(r.out.Facts) {
			v = scoped{r.orders[i], r.m}
		}
		changed, err := set.Apply(r.message(v), *rec)
		if err != nil {
			r.out.Hold = ruleFailed(err)
			return
		}
		*rec = changed
	}
}

// scoped looks a path up in one order first, then in the whole message (PID, MSH).
type scoped struct {
	hl7.Group
	m *hl7.Message
}

// Get implements rules.View.
func (s scoped) Get(path string) string {
	if p, err := hl7.ParsePath(path); err == nil && !s.Group.First(p.Segment).Exists() {
		return s.m.Get(path)
	}
	return s.Group.Get(path)
}

// ruleFailed says which rule failed, for the person who looks at the held message.
func ruleFailed(err error) string {
	var re *rules.Error
	if errors.As(err, &re) {
		return re.Error()
	}
	return "a rule of the channel failed"
}

// attachParts adds the documents that travelled beside an HL7 message (XDM) to its first fact, and what the C-CDA says to its record.
func attachParts(s Source, out *Decoded) {
	if len(out.Facts) == 0 {
		return
	}
	f := &out.Facts[0]
	kind := "attachment"
	switch f.Event.Type {
	case referral.EventReport, referral.EventInterim:
		kind = string(f.Event.Type)
	}
	final := f.Event.Type == referral.EventReport || f.final
	for _, why := range s.Opened.Doubts {
		f.doubt(why)
	}
	if s.Channel.Type == channels.Direct {
		f.oneNumber()
	}
	for _, p := range s.Opened.Parts {
		if about, ok := packagePatient(p); ok {
			f.agree(about, "the message and the metadata of its package")
		}
		f.packageNumbers(p)
		switch p.Kind {
		case channels.KindCDA:
			fromCDA(p, bodyOf(p, kind, final), f, out)
		case channels.KindPDF, channels.KindImage, channels.KindOther, channels.KindText:
			out.file(bodyOf(p, kind, final))
		}
		f.setID(p)
	}
	if rec := f.Event.Payload.Record; rec != nil && s.Channel.Type == channels.Direct {
		envelope(s, rec)
	}
}

// envelope keeps what the mail around a request says: the sender's Direct address and the numbers of mail and package.
func envelope(s Source, rec *referral.Referral) {
	if rec.Initiator.Direct == "" && strings.Contains(s.Opened.Sender, "@") {
		rec.Initiator.Direct = s.Opened.Sender
	}
	rec.Identifiers = addID(rec.Identifiers, referral.Identifier{Value: firstOf(s.Opened.ControlID, s.Message.ControlID), Kind: referral.KindMessageID})
}

// setID keeps the number of the submission set that a part came in, by which a package that comes again is known (xdm.md, check 9).
func (f *Fact) setID(p channels.Part) {
	id := referral.Identifier{Value: p.Attrs["set_id"], Kind: referral.KindXDM}
	if rec := f.Event.Payload.Record; rec != nil {
		rec.Identifiers = addID(rec.Identifiers, id)
		return
	}
	f.Event.Payload.Identifiers = addID(f.Event.Payload.Identifiers, id)
}

// packageNumbers takes what the metadata of a part says of the referral's number; one that contradicts the message is a doubt.
func (f *Fact) packageNumbers(p channels.Part) {
	ids := packageIDs(p)
	f.sameNumbers(ids, "the metadata of the package", func(id referral.Identifier) bool {
		return p.Attrs["referral_id"] == id.Value && p.Attrs["referral_authority"] == id.Authority
	})
	for _, id := range ids {
		f.Ref = addNumber(f.Ref, id)
		if rec := f.Event.Payload.Record; rec != nil {
			rec.Identifiers = addNumber(rec.Identifiers, id)
		}
	}
}

// packageIDs is what XDM metadata says about the referral (referenceIdList): its number as a referral or as an order, never without an
// authority.
func packageIDs(p channels.Part) []referral.Identifier {
	var out []referral.Identifier
	for _, key := range []string{"referral", "order"} {
		if authority := p.Attrs[key+"_authority"]; authority != "" {
			out = addID(out, referral.Identifier{Value: p.Attrs[key+"_id"], Authority: authority, Kind: referral.KindPlacer})
		}
	}
	return out
}

// bodyOf describes a part as a document; signed when the message says that it is final.
func bodyOf(p channels.Part, kind string, signed bool) Body {
	media := p.ContentType
	if p.Kind == channels.KindCDA {
		media = "text/xml"
	}
	return Body{Bytes: p.Body, Document: referral.Document{Kind: kind, ContentType: media, Name: p.Name, Title: p.Title, Signed: signed}}
}
