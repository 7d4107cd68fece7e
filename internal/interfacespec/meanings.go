package main

import (
	"fmt"
	"slices"
	"strings"

	"refloop/channels"
	"refloop/hl7"
	"refloop/referral"
	"refloop/transform"
)

// words are the steps of a referral as the page calls them.
var words = map[referral.EventType]string{
	referral.EventRequest: "new referral", referral.EventChange: "changed referral", referral.EventCancel: "cancellation asked for",
	referral.EventStatusQuery: "question about the status", referral.EventAccept: "accepted", referral.EventDecline: "declined",
	referral.EventNoCapacity: "accepted, waiting for a place", referral.EventAsk: "question to the initiator", referral.EventAnswer: "answer of the initiator",
	referral.EventSchedule: "appointment booked", referral.EventReschedule: "appointment moved", referral.EventCancelAppointment: "appointment cancelled",
	referral.EventNoShow: "patient did not come", referral.EventSeen: "patient seen", referral.EventInterim: "interim note", referral.EventReport: "report (outcome)",
	referral.EventConfirmCancel: "cancellation confirmed", referral.EventRefuseCancel: "cancellation refused", referral.EventEnd: "referral ended by our staff",
	referral.EventAnomaly: "left to a person, nothing moves",
}

// word is the name of a step; an unknown one is a mistake of the page, and the template that asked ends with the panic as its error.
func word(ev referral.EventType) string {
	if w := words[ev]; w != "" {
		return w
	}
	panic("interfacespec: event " + string(ev) + " has no words")
}

// said is one line about what a sample message is read as.
func said(message []byte) (string, error) {
	d := decode(message, transform.Channel{})
	if d.Verdict != channels.Taken {
		return "", fmt.Errorf("sample: got verdict %d, want one that is taken up", d.Verdict)
	}
	var out []string
	for _, f := range d.Facts {
		s := word(f.Event.Type)
		if len(f.Ref) > 0 {
			s += fmt.Sprintf(" `%s` of `%s`", f.Ref[0].Value, authority(f.Ref[0].Authority))
		}
		out = append(out, s)
	}
	return "Read as: " + or(strings.Join(out, "; "), d.Ignore+d.Hold) + ".", nil
}

func authority(s string) string {
	if strings.HasPrefix(s, "partner:") {
		return "its sender"
	}
	return s
}

// from is a channel that the partner speaks on.
func from(partner string) transform.Channel {
	return transform.Channel{Name: "in", Type: channels.MLLP, Partner: partner, Validate: "lenient"}
}

const pdfOBX = "OBX|1|ED|18842-5^Note^LN||^application^pdf^Base64^JVBERi0xLjQKJSVFT0YK||||||F"

// meaning is how one order group is read, in the columns of the page.
func meaning(control, status string) ([]string, bool) {
	base := append(statusBase().with("ORC-1", control).with("ORC-5", status), "NTE|1||Please look at this.") // words, without which an empty ORC-5 says nothing
	read := func(l lines, partner string) *transform.Fact {
		ch := from(partner)
		ch.Validate = "off"
		d := decode(l.bytes(), ch)
		if d.Verdict != channels.Taken || len(d.Facts) != 1 {
			return nil
		}
		return &d.Facts[0]
	}
	f := read(base, lakeside)
	if f == nil {
		return nil, false
	}
	plain := word(f.Event.Type)
	if own := read(base, ehr); own != nil && own.Event.Type != f.Event.Type {
		plain += "; from the initiator: " + word(own.Event.Type)
	}
	row := []string{plain}
	for _, result := range []string{"", "P"} {
		with := read(append(base.with("OBR-4", "57133-1^Referral note^LN").with("OBR-25", result), pdfOBX), lakeside)
		cell := word(with.Event.Type)
		if with.IfKnown != "" && with.IfKnown != with.Event.Type {
			cell += "; of a known referral, from the recipient: " + word(with.IfKnown)
		}
		row = append(row, cell)
	}
	pending := "as otherwise"
	if f.IfCancelPending != "" {
		pending = word(f.IfCancelPending)
	}
	row = append(row, pending)
	for i, cell := range row[1:3] {
		if cell == row[0] {
			row[i+1] = "same"
		}
	}
	return row, true
}

// statuses are the codes of ORC-5, table 0038, that are told apart.
var statuses = []string{"", "A", "CA", "CM", "DC", "ER", "HD", "IP", "RP", "SC"}

// orders is what ORC-1 and ORC-5 say together.
func orders() (string, error) {
	p, err := profileOf("OSU", "O51")
	if err != nil {
		return "", err
	}
	i := slices.IndexFunc(p.Rules, func(r hl7.Rule) bool { return r.Check == hl7.InTable && r.Table == "0119" })
	if i < 0 {
		return "", fmt.Errorf("orders: got no rule with table 0119, want one")
	}
	var rows [][]string
	var keys, nothing []string
	seen := map[string]int{} // what is said -> row
	for _, control := range p.Rules[i].Values {
		all := make([][]string, len(statuses))
		taken := false
		for j, status := range statuses {
			all[j], _ = meaning(control, status)
			taken = taken || all[j] != nil
		}
		if !taken {
			nothing = append(nothing, control)
			continue
		}
		for _, r := range grouped(all) {
			key := strings.Join(r, "|")
			if at, ok := seen[key]; ok {
				keys[at] += ", " + control
				continue
			}
			seen[key] = len(rows)
			rows, keys = append(rows, r), append(keys, control)
		}
	}
	for i := range rows {
		rows[i] = append([]string{keys[i]}, rows[i]...)
	}
	head := []string{"ORC-1", "ORC-5", "means", "with a document", "with a document, OBR-25 P", "while a cancellation is pending"}
	return table(head, rows) + "\n\nEvery other code of table 0119 (" + strings.Join(nothing, " ") + ") is AE with 103.", nil
}

// grouped puts statuses with the same meaning into one row: ORC-5, then the cells.
func grouped(all [][]string) [][]string {
	var rows [][]string
	at := map[string]int{}
	for j, cells := range all {
		if cells == nil {
			cells = []string{"AE with 103", "AE with 103", "AE with 103", "AE with 103"}
		}
		key, status := strings.Join(cells, "|"), or(statuses[j], "empty")
		if i, ok := at[key]; ok {
			rows[i][0] += ", " + status
			continue
		}
		at[key] = len(rows)
		rows = append(rows, append([]string{status}, cells...))
	}
	if len(rows) == 1 {
		rows[0][0] = "any"
	}
	return rows
}

// probe reads a message with one field set to each value and groups the values by what is said.
func probe(base lines, partner, at string, values []string) (string, error) {
	var order []string
	by := map[string][]string{}
	for _, v := range values {
		d := decode(base.with(at, v).bytes(), from(partner))
		key := "ignored"
		switch {
		case d.Verdict != channels.Taken:
			return "", fmt.Errorf("probe of %s: got verdict %d", at, d.Verdict)
		case len(d.Facts) == 1:
			key = word(d.Facts[0].Event.Type)
		}
		if by[key] == nil {
			order = append(order, key)
		}
		by[key] = append(by[key], or(v, "empty"))
	}
	var out []string
	for _, key := range order {
		out = append(out, strings.Join(by[key], ", ")+": "+key)
	}
	return strings.Join(out, "; "), nil
}

// appointments is what a SIU says by its trigger and SCH-25.
func appointments() (string, error) {
	p, err := profileOf("SIU", "S12")
	if err != nil {
		return "", err
	}
	var rows [][]string
	for _, trigger := range p.Events {
		s, err := probe(siuBase().with("MSH-9", "SIU^"+trigger), lakeside, "SCH-25", []string{"", "Booked", "Pending", "Complete", "Noshow", "Cancelled", "Deleted"})
		if err != nil {
			return "", err
		}
		if list := strings.Split(s, ": "); len(list) == 2 {
			s = list[1] + ", whatever SCH-25 says"
		}
		if i := slices.IndexFunc(rows, func(r []string) bool { return r[1] == s }); i >= 0 {
			rows[i][0] += ", " + trigger
			continue
		}
		rows = append(rows, []string{trigger, s})
	}
	return table([]string{"trigger", "SCH-25 (table 0278): meaning"}, rows), nil
}

// documents is what TXA-17 says.
func documents() (string, error) {
	return probe(mdmBase(), lakeside, "TXA-17", []string{"AU", "LA", "DI", "DO", "IN", "IP", "PA", ""})
}

// results is what OBR-25 says.
func results() (string, error) {
	return probe(oruBase(), lakeside, "OBR-25", []string{"F", "C", "P", "A", "S", "R", "X"})
}
