package enginetest

import (
	"fmt"
	"strings"
)

// Person is the patient of most messages.
const Person = "PID|1||700411^^^NSEHR&2.16.840.1.113883.3.72.5.9.1.1&ISO^MR||Testerly^Zelda^Q^^^^L||19610214|F|||44 Birch Ave^^Madison^WI^53703"

// Segments joins segments into a message.
func Segments(s ...string) string { return strings.Join(s, "\r") + "\r" }

// MSH is the header of a message of our own EHR.
func MSH(kind, control string) string {
	return fmt.Sprintf(`MSH|^~\&|NSEHR|NORTHSIDE|REFLOOP|REFLOOP|20261123080000-0600||%s|%s|P|2.5.1`, kind, control)
}

// Request is REF^I12 to Dr Ruiz of Lakeside.
func Request(control, number string) string { return RequestTo(control, number, LakesideNPI) }

// RequestTo is REF^I12 to the provider with this NPI; empty: to nobody.
func RequestTo(control, number, npi string) string {
	return Segments(
		MSH("REF^I12^REF_I12", control),
		`RF1|P^Pending^HL70283|R^Routine^HL70280|Med^Medical^HL70281||O^Outpatient^HL70284|`+number+`^NSEHR|20261123||20261123|R07.9^Chest pain^I10`,
		`PRD|RP^Referring Provider^HL70286|Morgan^Alex^T^^^MD|12 Elm St^^Madison^WI^53703||^WPN^PH^^^608^5550101||1487654307^NPI`,
		`PRD|RT^Referred to Provider^HL70286|Ruiz^Ana^^^^MD|||||`+npi+`^NPI`,
		Person, `DG1|1||R07.9^Chest pain, unspecified^I10|||W`, `PR1|1||57133-1^Cardiology consultation^LN||20261123`,
	)
}

// Cancel is REF^I14 for a number.
func Cancel(control, number string) string {
	return Segments(
		MSH("REF^I14^REF_I12", control), `RF1|||||O^Outpatient^HL70284|`+number+`^NSEHR||||wrong_clinic^Wrong clinic`,
		`PRD|RP^Referring Provider^HL70286|Morgan^Alex^T^^^MD|||||1487654307^NPI`, Person,
	)
}

// Order is one ORC/OBR group of an ORM; kind is OBR-24.
func Order(control, number, kind string) string {
	return Segments(
		`ORC|`+control+`|`+number+`^NSEHR||||||||||1487654307^Morgan^Alex^T^^^MD^^^&2.16.840.1.113883.4.6&ISO^L^^^NPI`,
		`OBR|1|`+number+`^NSEHR||57133-1^Cardiology consultation^LN||||||||||||1487654307^Morgan^Alex^T^^^MD^^^&2.16.840.1.113883.4.6&ISO^L^^^NPI||||||||`+kind+`|||^^^^^R||||^Palpitations`,
	)
}

// Orders is ORM^O01 with these groups.
func Orders(control string, groups ...string) string {
	return Segments(MSH("ORM^O01", control), Person) + strings.Join(groups, "")
}

// Says is OSU^O51 of Lakeside about a referral of ours: ORC-1, ORC-5, and more segments.
func Says(control, referralID, orc1, orc5 string, more ...string) string {
	id := referralID + "^^2.16.840.1.113883.3.72.5.9.1^ISO"
	return Segments(append([]string{
		fmt.Sprintf(`MSH|^~\&|LAKE|LAKESIDE|REFLOOP|NORTHSIDE|20261123100000-0600||OSU^O51^OSU_O51|%s|P|2.5.1`, control),
		Person, fmt.Sprintf(`ORC|%s|%s|||%s`, orc1, id, orc5),
	}, more...)...)
}

// Report is OSU^O51 with a note as its outcome.
func Report(control, referralID, words string) string {
	return Says(control, referralID, "SC", "CM", `OBX|1|ED|11488-4^Consult note^LN||^text^plain^A^`+words+`||||||F`)
}

// Books is SIU of Lakeside: trigger S12, S13, S15 or S26, and the start of the appointment.
func Books(control, referralID, trigger, start string) string {
	return Segments(
		fmt.Sprintf(`MSH|^~\&|LAKE|LAKESIDE|REFLOOP|NORTHSIDE|20261123100000-0600||SIU^%s^SIU_S12|%s|P|2.5.1`, trigger, control),
		`SCH||A-77^LAKE||||57133-1^Cardiology consultation^LN||||||||||Registrar||||Registrar|||||Booked|`+referralID+`^^2.16.840.1.113883.3.72.5.9.1^ISO`,
		`TQ1|1||||||`+start+`|`+start, Person, `RGS|1|A`,
	)
}

// Field reads a field of a message the simple way; MSH-1 is the separator.
func Field(body, segment string, n int) string {
	for _, s := range strings.Split(body, "\r") {
		f := strings.Split(s, "|")
		if f[0] != segment {
			continue
		}
		if segment == "MSH" {
			n--
		}
		if n < len(f) {
			parts := strings.Split(f[n], "^")
			if segment == "MSH" && n == 8 && len(parts) > 2 {
				return parts[0] + "^" + parts[1]
			}
			return f[n]
		}
	}
	return ""
}
