package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"refloop/channels"
	"refloop/hl7"
)

// flat is a value as paths: patient.name.family, identifiers[1].value. Empty values are not in it.
type flat map[string]string

// flatten writes v, as its JSON is, under a prefix.
func (f flat) flatten(prefix string, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		return // nothing that is given here fails to be JSON
	}
	var tree any
	if json.Unmarshal(b, &tree) == nil {
		f.tree(prefix, tree)
	}
}

func (f flat) tree(at string, v any) {
	switch v := v.(type) {
	case map[string]any:
		for k, sub := range v {
			if at != "" && !strings.HasSuffix(at, ": ") {
				k = "." + k
			}
			f.tree(at+k, sub)
		}
	case []any:
		kinds := map[string]int{}
		for i, sub := range v {
			f.tree(fmt.Sprintf("%s[%s]", at, label(i, sub, kinds)), sub)
		}
	case nil:
	case string:
		if v != "" && v != "0001-01-01T00:00:00Z" {
			f[at] = v
		}
	case bool:
		if v {
			f[at] = "true"
		}
	default:
		if s := fmt.Sprint(v); s != "0" {
			f[at] = s
		}
	}
}

// label names an entry of a list: by its index, or by its kind when it has one, so that one more number of another kind moves nothing.
func label(i int, v any, kinds map[string]int) string {
	m, ok := v.(map[string]any)
	if !ok {
		return strconv.Itoa(i)
	}
	kind, ok := m["kind"].(string)
	if !ok || kind == "" {
		return strconv.Itoa(i)
	}
	if kinds[kind]++; kinds[kind] > 1 {
		return fmt.Sprintf("%s %d", kind, kinds[kind])
	}
	return kind
}

// changed lists the paths in which two values differ, in order.
func (f flat) changed(other flat) []string {
	seen := map[string]bool{}
	for k, v := range f {
		if other[k] != v {
			seen[k] = true
		}
	}
	for k, v := range other {
		if f[k] != v {
			seen[k] = true
		}
	}
	return slices.Sorted(maps.Keys(seen))
}

// flatOf is all that a dry run says, in paths. What a field of the message changes in here is what it became.
func flatOf(r dryResult) flat {
	f := flat{"verdict": verdictWord(r.decoded.Verdict), "message.partner": r.decoded.Partner, "message.ignored": r.decoded.Ignore, "message.held": r.decoded.Hold}
	for i, p := range r.decoded.Problems {
		f[fmt.Sprintf("problems[%d]", i)] = p.Severity + " " + p.Code + " " + p.Location
	}
	for i, fact := range r.decoded.Facts {
		at := ""
		if len(r.decoded.Facts) > 1 {
			at = fmt.Sprintf("order %d: ", i+1)
		}
		ev := fact.Event
		f[at+"event"] = string(ev.Type)
		f[at+"event_time"] = ev.EventTime.String()
		for n, id := range fact.Ref {
			f[fmt.Sprintf("%sreferral_number[%d]", at, n)] = id.Value + "^" + id.Authority
		}
		f.flatten(at+"reason", ev.Reason)
		f.flatten(at+"note", ev.Note)
		payload := ev.Payload
		if payload.Record != nil {
			f.flatten(at, *payload.Record)
			payload.Record, payload.Patient, payload.Identifiers = nil, nil, nil
		}
		f.flatten(at+"event", payload)
	}
	for i, p := range r.decoded.Patients {
		at := "patient_list"
		if len(r.decoded.Patients) > 1 {
			at = fmt.Sprintf("patient_list[%d]", i)
		}
		f.flatten(at, p.Patient)
		f.flatten(at+".merged", p.Former)
	}
	for i, d := range r.decoded.Documents {
		at := fmt.Sprintf("documents[%d]", i)
		f.flatten(at, d.Document)
		f[at+".content"] = digestOfBytes(d.Bytes)
	}
	for _, fact := range r.facts {
		if fact.partner.ID != "" {
			f["route"] = fact.partner.ID
		}
	}
	f.answer(r.answer)
	maps.DeleteFunc(f, func(k, v string) bool { return v == "" || strings.Contains(k, ".since") })
	return f
}

// answer adds the leaves of an ACK.
func (f flat) answer(b []byte) {
	m, err := hl7.Parse(b, hl7.Limits{})
	if err != nil {
		return
	}
	for l := range leavesOf(m) {
		f["answer "+l.path.String()] = string(l.value.Raw())
	}
}

// decisive tells whether two runs differ in what the message is taken for: then a list of all that went with it would say nothing.
func decisive(a, b dryResult) []string {
	var out []string
	x, y := a.decoded, b.decoded
	if x.Type != y.Type {
		out = append(out, "message type")
	}
	if x.Verdict != y.Verdict {
		out = append(out, "verdict")
	}
	if (x.Ignore != "") != (y.Ignore != "") {
		out = append(out, "when")
	}
	if (x.Hold != "") != (y.Hold != "") {
		out = append(out, "held")
	}
	if len(out) == 0 && x.Hold == "" && len(x.Facts) != len(y.Facts) && x.Verdict == channels.Taken && y.Verdict == channels.Taken {
		out = append(out, "number of orders")
	}
	for i := range min(len(x.Facts), len(y.Facts)) {
		if x.Facts[i].Event.Type != y.Facts[i].Event.Type {
			out = append(out, "event")
		}
	}
	return slices.Compact(out)
}
