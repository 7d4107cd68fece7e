package ccda

import (
	"strings"
)

// referral reads a Patient Referral Act.
func (d *decoder) referral(n *node) Entry {
	e := d.common(n, KindReferral)
	for _, p := range n.kids {
		if p.name != "participant" || p.attr("typeCode") != "REFT" || e.To != nil {
			continue
		}
		p.used = true
		r := p.child("participantRole")
		to := d.party(r, "playingEntity", "")
		if s := r.child("scopingEntity"); s != nil {
			to.Org = &Organization{IDs: s.ids(), Name: s.child("desc").words()}
		}
		e.To = &to
	}
	for _, r := range n.kids {
		if r.name != "entryRelationship" || r.attr("typeCode") != "SUBJ" {
			continue
		}
		for _, k := range r.kids {
			if k.name == "" || !strings.Contains(statements, " "+k.name+" ") || !strings.Contains(" RQO INT PRMS PRP ", " "+k.attr("moodCode")+" ") {
				continue
			}
			if c := d.code(k.child("code")); !c.zero() {
				r.used, k.used = true, true
				k.child("id")
				e.Services = append(e.Services, c)
			}
		}
	}
	return e
}

// coverage reads the policies of a Coverage Activity, one entry each.
func (d *decoder) coverage(n *node) []Entry {
	var out []Entry
	when, by := n.child("effectiveTime").period(), d.by(n)
	n.child("id")
	n.settle("code")
	n.child("text").take()
	n.each("entryRelationship", func(r *node) {
		if p := r.child("act"); p != nil {
			e := d.policy(p)
			e.Time, e.By = when, by
			out = append(out, e)
		}
	})
	return out
}

func (d *decoder) policy(n *node) Entry {
	c := &Coverage{Type: d.code(n.child("code"))}
	e := Entry{Kind: KindCoverage, Coverage: c}
	for _, id := range n.ids() {
		if c.PolicyID.Root == "" && (id.Extension != "" || !uuidFits(id.Root)) {
			c.PolicyID = id
		} else {
			e.IDs = append(e.IDs, id)
		}
	}
	n.each("performer", func(p *node) {
		as := p.child("assignedEntity")
		role := as.child("code").attr("code")
		party := d.party(as, "assignedPerson", "representedOrganization")
		party.Code = Code{}
		if role == "GUAR" || p.template(tpl+"4.88") {
			c.Guarantor = &party
			return
		}
		c.Payer = Organization{IDs: party.IDs, Telecoms: party.Telecoms, Addresses: party.Addresses}
		if party.Org != nil {
			c.Payer.Name = party.Org.Name
		}
	})
	n.each("participant", func(p *node) {
		r := p.child("participantRole")
		switch p.attr("typeCode") {
		case "COV":
			for _, id := range r.ids() {
				if c.MemberID.Root == "" {
					c.MemberID = id
				}
			}
			c.Relationship, c.Time = d.code(r.child("code")), p.child("time").period()
			c.Member = r.at("playingEntity", "name").personName()
			c.MemberBirth = r.child("playingEntity").extension("birthTime").attr("value")
		case "HLD":
			h := d.party(r, "playingEntity", "")
			c.Holder = &h
		}
	})
	n.each("entryRelationship", func(r *node) { d.plan(r, c) })
	d.relations(n, &e)
	return e
}

// plan reads the health plan that a policy refers to.
func (d *decoder) plan(r *node, c *Coverage) {
	a := r.child("act")
	if a == nil || a.attr("moodCode") != "DEF" {
		return
	}
	if id := a.child("id").id(); id.Extension != "" || !uuidFits(id.Root) {
		c.PlanID = id
	}
	t := a.child("text")
	t.child("reference")
	c.Plan = t.words()
}

// note reads a Note Activity: its words stand in the narrative, its file in the text element.
func (d *decoder) note(n *node) ([]Entry, error) {
	t := n.child("text")
	e := d.common(n, KindNote)
	if e.Code.Code == "34109-9" && len(e.Code.Translations) > 0 {
		first, rest := e.Code.Translations[0], e.Code.Translations[1:]
		first.Text = e.Code.Text
		e.Code = first
		if len(rest) > 0 {
			e.Code.Translations = rest
		}
	}
	at := d.anchor(t)
	e.Text = plain(at, false)
	if t.attr("representation") == "B64" {
		b, err := d.body(t)
		if err != nil {
			return nil, err
		}
		b.Reference = ""
		if at != nil {
			b.Description = described(d.anchors[at.attr("ID")+"-f"], b.MediaType)
		}
		e.Media = b
	}
	return []Entry{e}, nil
}
