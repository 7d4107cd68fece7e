package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"

	"refloop/channels"
	"refloop/config"
	"refloop/engine"
	"refloop/hl7"
	"refloop/referral"
	"refloop/transform"
	"refloop/transform/rules"
)

// deps is what rails are given when they are opened.
type deps struct {
	handler channels.Handler
	budget  channels.Budget
	max     int // limits.message
	now     func() time.Time
	log     *slog.Logger
	direct  *directRoom
	ocr     *ocrRoom
}

// kind is one rail type: how its part of the configuration is read, and how it is opened. This table is the only place that knows
// every rail.
type kind struct {
	channel func(*plan, config.Channel, *config.Problems) openChannel
	rail    func(*plan, config.Rail, string, *config.Problems) (transform.Dialect, openSender)
}

type openChannel func(deps) (channels.Channel, error)

type openSender func(deps) (channels.Sender, error)

// kinds is the table of rails, by `type:`.
func kinds() map[string]kind {
	return map[string]kind{
		channels.MLLP:   {channel: mllpChannel, rail: mllpRail},
		channels.Direct: {channel: directChannel, rail: directRail},
		channels.Fax:    {channel: faxChannel, rail: faxRail},
		channels.File:   {channel: fileChannel, rail: fileRail},
	}
}

// plan is a whole configuration, read and compiled, with nothing opened.
type plan struct {
	cfg       *config.Config
	directory *transform.Directory
	channels  []plannedChannel
	senders   []plannedSender
	routes    []engine.Route
	wide      map[string]int
	retries   map[string]engine.Retry // by lane
	direct    directPlan
}

type plannedChannel struct {
	name, print string // print changes when the channel must be opened anew
	rules       transform.Channel
	open        openChannel
}

type plannedSender struct {
	lane, print string
	open        openSender
}

// noticeLane carries MDNs: they go to whoever wrote to us, in the directory or not.
const noticeLane = "direct/notices"

// wideLanes is how many mails or faxes of one lane are under way at once.
const wideLanes = 4

// makePlan reads everything that config leaves to others: each rail's own keys, then the rules. Every mistake goes to p.
func makePlan(cfg *config.Config, p *config.Problems) *plan {
	pl := &plan{cfg: cfg, wide: map[string]int{}, retries: map[string]engine.Retry{}, directory: &transform.Directory{}}
	pl.direct = planDirect(cfg, p)
	pl.directory.Own = transform.Organization{
		Name: cfg.Organization.Name, OID: cfg.Organization.OID, NPI: cfg.Organization.NPI, Phone: cfg.Organization.Phone, Fax: cfg.Organization.Fax, Direct: pl.direct.address(),
	}
	for _, c := range cfg.Channels {
		pl.planChannel(c, p)
	}
	for _, partner := range cfg.Partners {
		pl.planPartner(partner, p)
	}
	for _, r := range cfg.Routes {
		pl.planRoute(r, p)
	}
	pl.direct.owner = func(address string) string { partner, _ := pl.directory.ByDirect(address); return partner.ID }
	pl.direct.check(p)
	if pl.direct.present {
		pl.direct.watch = pl.watchDirect()
		pl.senders = append(pl.senders, plannedSender{lane: noticeLane, print: pl.direct.print + pl.direct.watch.print(), open: pl.direct.notices()})
		pl.wide[noticeLane] = wideLanes
	}
	return pl
}

func (pl *plan) planChannel(c config.Channel, p *config.Problems) {
	set := compileRules(pl.cfg, c, p)
	k, ok := kinds()[c.Type]
	if !ok {
		return // config reported it
	}
	open := k.channel(pl, c, p)
	print := fingerprint(c.Node) + filesPrint(c.Words.Files, c.Templates.Files)
	if c.Type == channels.Direct {
		print += pl.direct.print
	}
	pl.channels = append(pl.channels, plannedChannel{
		name: c.Name, print: print, open: open,
		rules: transform.Channel{Name: c.Name, Type: c.Type, Partner: c.Partner, Validate: c.Validate, Charset: c.Charset, Processing: c.Processing, ReviewBelow: c.ReviewBelow, Patients: c.Patients, Rules: set},
	})
}

func (pl *plan) planPartner(c config.Partner, p *config.Problems) {
	partner := transform.Partner{
		ID: c.ID, Name: c.Name, Application: c.Application, Facility: c.Facility, Own: c.Own, NPI: c.NPI, OID: c.OID, Part2: c.Part2, Specialties: c.Specialties,
	}
	if partner.Name == "" {
		partner.Name = c.ID
	}
	for _, cl := range c.Clinicians {
		partner.Clinicians = append(partner.Clinicians, transform.Clinician{Name: cl.Name, NPI: cl.NPI, Direct: cl.Direct})
	}
	seen := map[string]int{}
	for _, r := range c.Rails {
		k, ok := kinds()[r.Type]
		if !ok {
			continue
		}
		lane := c.ID + "/" + r.Type
		if seen[r.Type]++; seen[r.Type] > 1 {
			lane = fmt.Sprintf("%s.%d", lane, seen[r.Type])
		}
		dialect, open := k.rail(pl, r, lane, p)
		partner.Rails = append(partner.Rails, transform.Rail{Type: r.Type, Address: r.Address, Lane: lane, Dialect: dialect, Profile: profileOf(c.Profile, r.Profile, p)})
		print := fingerprint(r.Node)
		if r.Type == channels.Direct {
			print += pl.direct.print
		}
		pl.senders = append(pl.senders, plannedSender{lane: lane, print: print, open: open})
		if r.Retry != nil {
			pl.retries[lane] = retryOf(r)
		}
		if r.Type == channels.Direct || r.Type == channels.Fax || r.Type == channels.File {
			pl.wide[lane] = wideLanes
		}
	}
	pl.directory.Partners = append(pl.directory.Partners, partner)
}

func (pl *plan) planRoute(r config.Route, p *config.Problems) {
	route, mistakes := rules.CompileRoute(sourceOf(r.When.Node.Key(), r.When))
	report(mistakes, p)
	if route == nil {
		return
	}
	pl.routes = append(pl.routes, engine.Route{To: r.To, Place: r.When.Node.Pos(), Match: func(ref referral.Referral) (bool, error) { return route.Match(ref) }})
}

// compileRules compiles when, set and lookup of a channel.
func compileRules(cfg *config.Config, c config.Channel, p *config.Problems) *rules.Set {
	key := "channels[" + c.Name + "]"
	rc := rules.Channel{When: sourceOf(key+".when", c.When), Tables: map[string]rules.Table{}}
	for _, partner := range cfg.Partners {
		rc.Partners = append(rc.Partners, partner.ID)
	}
	rc.CheckPath = func(path string) error { _, err := hl7.ParsePath(path); return err }
	for _, s := range c.Set {
		rc.Set = append(rc.Set, rules.Assign{Target: s.Target, Place: placeOf(s.Place), Source: sourceOf(key+".set."+s.Target, s.Expr)})
	}
	for _, l := range c.Lookup {
		if l.Bytes == nil { // config reported that it cannot be read
			rc.Tables[l.Name] = rules.Table{}
			continue
		}
		table, mistakes := rules.ParseTable(l.Path, key+".lookup."+l.Name, l.Bytes)
		report(mistakes, p)
		rc.Tables[l.Name] = table
	}
	set, mistakes := rules.Compile(rc)
	report(mistakes, p)
	return set
}

func sourceOf(key string, e config.Expr) rules.Source {
	if e.Text == "" {
		return rules.Source{}
	}
	return rules.Source{Key: key, Text: e.Text, At: func(i int) rules.Place { return placeOf(e.At(i)) }}
}

func placeOf(p config.Position) rules.Place {
	return rules.Place{File: p.File, Line: p.Line, Col: p.Col}
}

func report(mistakes []rules.Mistake, p *config.Problems) {
	for _, m := range mistakes {
		p.AddAt(config.Position{File: m.File, Line: m.Line, Col: m.Col}, m.Key, "%s", m.Text)
	}
}

// fingerprint is a digest of a node's content and of the certificates and keys it names, so that a reload opens anew only what changed.
func fingerprint(n config.Node) string {
	var b strings.Builder
	writeNode(&b, n)
	sum := sha256.Sum256([]byte(b.String()))
	return hex.EncodeToString(sum[:])
}

// filesPrint is a digest of the files of a channel's folders.
func filesPrint(lists ...[]config.File) string {
	h := sha256.New()
	for _, list := range lists {
		for _, f := range list {
			fmt.Fprintf(h, "%q %d;", f.Name, len(f.Bytes))
			h.Write(f.Bytes)
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

func writeNode(b *strings.Builder, n config.Node) {
	if s, ok := n.Scalar(); ok {
		fmt.Fprintf(b, "%q;", s)
		return
	}
	for _, f := range n.Fields() {
		fmt.Fprintf(b, "%q:{", f.Name)
		if file, ok := f.Value.Scalar(); ok && slices.Contains([]string{"certificate", "key", "client_ca", "ca", "file"}, f.Name) {
			writeFile(b, f.Value.Resolve(file))
		}
		writeNode(b, f.Value)
		b.WriteString("}")
	}
	for _, item := range n.Items() {
		b.WriteString("[")
		writeNode(b, item)
		b.WriteString("]")
	}
}

// writeFile writes the digest of a file; certificates are renewed under their old names. What cannot be read is reported where it is used.
func writeFile(b *strings.Builder, path string) {
	if content, err := os.ReadFile(path); err == nil {
		fmt.Fprintf(b, "%x;", sha256.Sum256(content))
	}
}

// watcherOf returns the background work of a sender, if it has any.
func watcherOf(s channels.Sender, h channels.Handler) func(take, hold context.Context) error {
	w, ok := s.(channels.Watcher)
	if !ok {
		return nil
	}
	return func(take, hold context.Context) error { return w.Watch(take, hold, h) }
}
