package main

import (
	"slices"
	"strconv"
	"strings"
)

// lines is a message of the page while it is put together: one segment each, usual delimiters, without segment ends.
type lines []string

// bytes is the message as it travels.
func (l lines) bytes() []byte { return []byte(strings.Join(l, "\r") + "\r") }

// with returns the message with one field of its first segment of that name set; at is PID-3. A segment that is missing is put at the end.
func (l lines) with(at, value string) lines {
	name, field, _ := strings.Cut(at, "-")
	n, err := strconv.Atoi(field)
	if err != nil {
		n = 0 // the segment alone
	}
	out := slices.Clone(l)
	i := slices.IndexFunc(out, func(s string) bool { return strings.HasPrefix(s, name) })
	if i < 0 {
		i, out = len(out), append(out, name)
	}
	if n == 0 {
		return out
	}
	if name == "MSH" {
		n-- // MSH-1 is the separator itself
	}
	parts := strings.Split(out[i], "|")
	for len(parts) <= n {
		parts = append(parts, "")
	}
	parts[n] = value
	out[i] = strings.Join(parts, "|")
	return out
}

// without returns the message without the segments of these names.
func (l lines) without(names ...string) lines {
	return slices.DeleteFunc(slices.Clone(l), func(s string) bool { return slices.Contains(names, s[:3]) })
}

const header = `MSH|^~\&|NSEHR|NORTHSIDE|REFLOOP|HUB|20261103101500-0500||`

const person = `PID|1||MRN4471^^^NORTHSIDE^MR||O'Dell^Maria||19610322|F`

// The least that each family needs to be taken up.
func refBase() lines {
	return lines{header + "REF^I12^REF_I12|NS-000417|P|2.5.1", "RF1||||||R-88213^NORTHSIDE", "PRD|RP|Marsh^Ellen", "PRD|RT|Ruiz^Ana", person}
}

func orderBase(kind string) lines {
	return lines{header + kind + "|NS-000418|P|2.5.1", person, "ORC|NW|P-9001^NSEHR", "OBR|1|P-9001^NSEHR||57133-1^Referral note^LN"}
}

func statusBase() lines {
	return lines{
		`MSH|^~\&|LAKE|CARDIO|REFLOOP|HUB|20261103101500-0500||OSU^O51^OSU_O51|60001|P|2.5.1`, person,
		"ORC|SC|7K2M9QX4T1B8C3DW^^" + ownOID + "^ISO",
	}
}

func siuBase() lines {
	return lines{
		`MSH|^~\&|LAKE|CARDIO|REFLOOP|HUB|20261103101500-0500||SIU^S12^SIU_S12|60002|P|2.5.1`,
		"SCH||A-340^^" + lakeOID + "^ISO||||57133-1^^LN||||||||||^Desk||||^Desk||||||7K2M9QX4T1B8C3DW^^" + ownOID + "^ISO",
		"TQ1|1||||||20261112091500-0500", person, "RGS|1|A",
	}
}

func rriBase() lines {
	return lines{`MSH|^~\&|LAKE|CARDIO|REFLOOP|HUB|20261103101500-0500||RRI^I12^RRI_I12|60003|P|2.5.1`, "MSA|AA|NS-000417", "RF1|A|||||R-88213^NORTHSIDE", "PRD|RT|Ruiz^Ana", person}
}

func mdmBase() lines {
	return lines{
		`MSH|^~\&|LAKE|CARDIO|REFLOOP|HUB|20261103101500-0500||MDM^T02^MDM_T02|60004|P|2.5.1`, "EVN|T02|20261103101500-0500", person, "PV1|1|O",
		"TXA|1|CN|TX|20261103||||||||D-17^LAKE||7K2M9QX4T1B8C3DW^^" + ownOID + "^ISO|||AU", "OBX|1|TX|11488-4^Consult note^LN||Stable angina.||||||F",
	}
}

func oruBase() lines {
	return lines{
		`MSH|^~\&|LAKE|CARDIO|REFLOOP|HUB|20261103101500-0500||ORU^R01^ORU_R01|60005|P|2.5.1`, person,
		"OBR|1|7K2M9QX4T1B8C3DW^^" + ownOID + "^ISO||11488-4^Consult note^LN", "OBX|1|TX|11488-4^Consult note^LN||Stable angina.||||||F",
	}
}
