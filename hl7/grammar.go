package hl7

import "strings"

// element is one place of a grammar: a segment (or one of several), or a group.
type element struct {
	names    []string  // segments that may stand here; nil for a group
	group    string    // name of a group
	parts    []element // of a group
	required bool
	repeats  bool
}

// holds tells whether a segment name can stand somewhere in the element.
func (e element) holds(name string) bool {
	for _, n := range e.names {
		if n == name {
			return true
		}
	}
	for _, p := range e.parts {
		if p.holds(name) {
			return true
		}
	}
	return false
}

// begins tells whether an element can begin with a segment of that name.
func (e element) begins(name string) bool {
	for _, n := range e.names {
		if n == name {
			return true
		}
	}
	for _, p := range e.parts {
		if p.begins(name) {
			return true
		}
		if p.required {
			return false
		}
	}
	return false
}

// structures are the grammars of the messages that move a referral (chapters 4, 7, 9, 10 and 11), as the union of the versions 2.3 to 2.8: what only a
// later version has (SFT, UAC, PRT, TQ1, ARV) is optional and never an error. Read: X? optional, X* optional and repeating, X+ required and
// repeating, NAME( ... ) a group, A|B one of them.
var structures = map[string]string{
	"ACK": `MSH SFT* UAC? MSA ERR*`,
	"REF_I12": `MSH SFT* UAC? RF1? AUTHORIZATION(AUT CTD*)? PROVIDER(PRD CTD*)+ PID PD1? NK1* GT1* INSURANCE(IN1 IN2? IN3?)* ACC? DG1* DRG* AL1*
		PROCEDURE(PR1 AUTHORIZATION(AUT CTD*)?)* OBSERVATION(OBR NTE* RESULT(OBX PRT* NTE*)*)* VISIT(PV1 PV2?)? NTE*`,
	"RRI_I12": `MSH SFT* UAC? MSA? ERR* RF1? AUTHORIZATION(AUT CTD*)? PROVIDER(PRD CTD*)+ PID ACC? DG1* DRG* AL1*
		PROCEDURE(PR1 AUTHORIZATION(AUT CTD*)?)* OBSERVATION(OBR NTE* RESULT(OBX PRT* NTE*)*)* VISIT(PV1 PV2?)? NTE*`,
	"ORM_O01": `MSH SFT* NTE* PATIENT(PID PD1? NTE* VISIT(PV1 PV2?)? INSURANCE(IN1 IN2? IN3?)* GT1? AL1*)?
		ORDER(ORC TIMING(TQ1 TQ2*)* DETAIL(OBR|RQD|RQ1|RXO|ODS|ODT NTE* CTD? DG1* RESULT(OBX NTE*)*)? FT1* CTI* BLG?)+`,
	"ORR_O02": `MSH SFT* MSA ERR* NTE* RESPONSE(PATIENT(PID NTE*)? ORDER(ORC DETAIL(OBR|RQD|RQ1|RXO|ODS|ODT)? NTE* CTI*)+)?`,
	"OMG_O19": `MSH SFT* UAC? NTE* PATIENT(PID PD1? PRT* NTE* NK1* ARV* VISIT(PV1 PV2? PRT*)? INSURANCE(IN1 IN2? IN3?)* GT1? AL1*)?
		ORDER(ORC PRT* TIMING(TQ1 TQ2*)* OBR NTE* PRT* CTD? DG1* RESULT(OBX PRT* NTE*)* SPECIMEN(SPM OBX* CONTAINER(SAC OBX*)*)* PRIOR(PATIENT(PID PD1?)?
		VISIT(PV1 PV2?)? AL1* ORDER(ORC? OBR NTE* TIMING(TQ1 TQ2*)* CTD? RESULT(OBX NTE*)+)+)* FT1* CTI* BLG?)+`,
	"ORG_O20": `MSH MSA ERR* SFT* UAC? NTE* RESPONSE(PATIENT(PID NTE*)? ORDER(ORC TIMING(TQ1 TQ2*)* OBR? NTE* CTI* SPECIMEN(SPM SAC*)*)+)?`,
	"OSU_O51": `MSH SFT* UAC? NTE* PATIENT(PID PD1?)? ORDER(ORC PRT* TIMING(TQ1 TQ2*)* NTE* DETAIL(OBR NTE*)? RESULT(OBX PRT* NTE*)*)+`,
	"SIU_S12": `MSH SFT* UAC? SCH TIMING(TQ1 TQ2*)* NTE* PATIENT(PID PD1? PV1? PV2? OBX* DG1*)*
		RESOURCES(RGS SERVICE(AIS NTE*)* GENERAL(AIG NTE*)* LOCATION(AIL NTE*)* PERSONNEL(AIP NTE*)*)+`,
	"MDM_T02": `MSH SFT* UAC? EVN PID PV1 ORDER(ORC TIMING(TQ1 TQ2*)* OBR NTE*)* TXA CON* RESULT(OBX PRT* NTE*)*`,
	"ORU_R01": `MSH SFT* UAC? RESULTS(PATIENT(PID PD1? PRT* NTE* NK1* ARV* VISIT(PV1 PV2? PRT*)?)?
		ORDER(ORC? PRT* OBR NTE* PRT* TIMING(TQ1 TQ2*)* CTD? RESULT(OBX PRT* NTE*)* FT1* CTI* SPECIMEN(SPM OBX*)*)+)+ DSC?`,
}

// knownSegment tells whether a name stands in one of the structures, MSH aside.
func knownSegment(name string) bool {
	if name == "MSH" {
		return false
	}
	for _, text := range structures {
		for rest := text; ; {
			i := strings.Index(rest, name)
			if i < 0 {
				break
			}
			if (i == 0 || !nameByte(rest[i-1])) && (i+3 == len(rest) || !nameByte(rest[i+3]) && rest[i+3] != '(') {
				return true
			}
			rest = rest[i+3:]
		}
	}
	return false
}

// structureOf is the name of the grammar for a message, by MSH-9.1 and 9.2: senders disagree about MSH-9.3.
func structureOf(m *Message) string {
	switch code := m.Code(); code {
	case "REF", "RRI":
		return code + "_I12"
	case "SIU":
		return "SIU_S12"
	case "MDM":
		return "MDM_T02"
	case "ORU":
		return "ORU_R01"
	case "ORM":
		return "ORM_O01"
	case "ORR":
		return "ORR_O02"
	case "OMG":
		return "OMG_O19"
	case "ORG":
		return "ORG_O20"
	case "OSU":
		return "OSU_O51"
	case "ACK":
		return "ACK"
	}
	return ""
}

// grammar reads one of the texts above.
func grammar(name string) []element {
	r := grammarReader{text: structures[name]}
	return r.list()
}

type grammarReader struct {
	text string
	at   int
}

// list reads elements until a closing bracket or the end.
func (r *grammarReader) list() []element {
	var out []element
	for {
		word := r.word()
		if word == "" || word == ")" {
			return out
		}
		var e element
		if r.at < len(r.text) && r.text[r.at] == '(' {
			r.at++
			e.group, e.parts = word, r.list()
		} else {
			e.names = strings.Split(word, "|")
		}
		e.required = true
		if r.at < len(r.text) {
			switch r.text[r.at] {
			case '?':
				e.required = false
				r.at++
			case '*':
				e.required, e.repeats = false, true
				r.at++
			case '+':
				e.repeats = true
				r.at++
			}
		}
		out = append(out, e)
	}
}

// word reads a name, or a closing bracket.
func (r *grammarReader) word() string {
	for r.at < len(r.text) && strings.IndexByte(" \t\n", r.text[r.at]) >= 0 {
		r.at++
	}
	from := r.at
	for r.at < len(r.text) && strings.IndexByte(" \t\n()?*+", r.text[r.at]) < 0 {
		r.at++
	}
	if from == r.at && r.at < len(r.text) && r.text[r.at] == ')' {
		r.at++
		return ")"
	}
	return r.text[from:r.at]
}
