package ccda_test

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"
	"unicode/utf16"

	"golang.org/x/text/encoding/charmap"

	"refloop/ccda"
)

// head is a CDA header as systems write it; the document template is given.
func head(templates string) string {
	return `<realmCode code="US"/><typeId root="2.16.840.1.113883.1.3" extension="POCD_HD000040"/>` + templates + `<id root="1.2.3" extension="9"/>
<code code="34133-9" codeSystem="2.16.840.1.113883.6.1"/><title>Résumé</title><effectiveTime value="20261103"/><confidentialityCode code="N" codeSystem="2.16.840.1.113883.5.25"/>
<recordTarget><patientRole><id root="1.2.3.4" extension="77"/><patient><name><given>Marta</given><family>Example</family></name><administrativeGenderCode code="F"/><birthTime value="19680514"/></patient></patientRole></recordTarget>
<author><time value="20261103"/><assignedAuthor><id root="1.2"/><assignedPerson><name>Ann Author</name></assignedPerson></assignedAuthor></author>`
}

const cdaSpaces = `xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:sdtc="urn:hl7-org:sdtc"`

// written is a document with these sections.
func written(templates string, sections ...string) string {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0"?>` + "\n" + `<ClinicalDocument ` + cdaSpaces + `>` + head(templates) + `<component><structuredBody>`)
	for _, s := range sections {
		b.WriteString(`<component>` + s + `</component>`)
	}
	return b.String() + `</structuredBody></component></ClinicalDocument>`
}

func sectionOf(template, code, title, text string, entries ...string) string {
	return `<section>` + template + code + `<title>` + title + `</title><text>` + text + `</text>` + strings.Join(entries, "") + `</section>`
}

const (
	r11Problems = `<templateId root="2.16.840.1.113883.10.20.22.2.5.1"/>`
	codeOf      = `<code code="11450-4" codeSystem="2.16.840.1.113883.6.1" codeSystemName="LOINC" displayName="Problem list"/>`
	narrative   = `<table border="1" width="100%"><caption>All <sub>of</sub> it</caption><colgroup><col width="2"/></colgroup><thead><tr><th>Problem</th><th>Since</th></tr></thead>
<tfoot><tr><td>foot words</td></tr></tfoot><tbody><tr styleCode="xRowNormal" ID="r1"><td ID="p1">Angina<br/>pectoris<footnote ID="f1">worse in the cold</footnote></td><td>2024<footnoteRef IDREF="f1"/></td></tr>
<tr><td colspan="2"><list listType="ordered"><caption>Listed</caption><item>first <content styleCode="Bold">bold</content>ly</item><item><paragraph>second<sup>nd</sup></paragraph></item></list></td></tr></tbody></table>
<content revised="delete">struck</content><renderMultiMedia referencedObject="MM1"><caption>a picture of it</caption></renderMultiMedia>loose words<linkHtml href="http://example.org/x">see there</linkHtml>`
)

// concern is a problem as R1.1 systems write it, with more on it than the reader has fields for.
const concern = `<entry typeCode="DRIV"><act classCode="ACT" moodCode="EVN"><templateId root="2.16.840.1.113883.10.20.22.4.3"/><id root="1.2.9" extension="c1"/><code code="CONC" codeSystem="2.16.840.1.113883.5.6"/><statusCode code="active"/><effectiveTime><low value="2024"/></effectiveTime>
<entryRelationship typeCode="SUBJ"><observation classCode="OBS" moodCode="EVN"><templateId root="2.16.840.1.113883.10.20.22.4.4"/><id root="1.2.9" extension="o1"/><code code="64572001" codeSystem="2.16.840.1.113883.6.96"><translation code="75323-6" codeSystem="2.16.840.1.113883.6.1"/></code>
<text><reference value="#p1"/></text><statusCode code="completed"/><effectiveTime><low value="20240101"/></effectiveTime><value xsi:type="CD" code="194828000" codeSystem="2.16.840.1.113883.6.96" displayName="Angina"><originalText><reference value="#p1"/></originalText>
<qualifier><name code="363698007"/><value code="80891009"/></qualifier><translation code="I20.9" codeSystem="2.16.840.1.113883.6.90"/><translation code="413.9" codeSystem="2.16.840.1.113883.6.103"/></value><methodCode code="M-77"/><targetSiteCode code="80891009-a"/><targetSiteCode code="T-2"/>
<performer><assignedEntity><id root="1.2"/><code code="207RC0000X"/></assignedEntity></performer><participant typeCode="VRF"><participantRole><code code="PR-1"/><playingEntity><code code="PE-1"/></playingEntity></participantRole></participant>
<entryRelationship typeCode="REFR" inversionInd="true"><observation classCode="OBS" moodCode="EVN"><code code="33999-4" codeSystem="2.16.840.1.113883.6.1"/><value xsi:type="CE" code="55561003" codeSystem="2.16.840.1.113883.6.96"/></observation></entryRelationship>
<entryRelationship typeCode="REFR"><observation classCode="OBS" moodCode="EVN"><code code="11323-3"/><value xsi:type="CD" code="81323004"/></observation></entryRelationship>
<entryRelationship typeCode="COMP"><act classCode="ACT" moodCode="EVN"><code code="48767-8"/><text>a comment</text><author><assignedAuthor><id root="1.2"/><code code="AC-1"/></assignedAuthor></author></act></entryRelationship>
<entryRelationship typeCode="CAUS"><observation classCode="OBS" moodCode="EVN"><code code="D-1"/><entryRelationship typeCode="COMP"><observation classCode="OBS" moodCode="EVN"><code code="D-2"/><value xsi:type="CD" code="D-3"/></observation></entryRelationship></observation></entryRelationship>
<precondition><criterion><code code="CR-1"/></criterion></precondition></observation></entryRelationship>
<entryRelationship typeCode="SUBJ"><observation classCode="OBS" moodCode="EVN" negationInd="true"><code code="55607006"/><value xsi:type="CD" code="38341003"/></observation></entryRelationship></act></entry>`

// values are observations of every data type, two values and ranges among them.
const values = `<entry><organizer classCode="BATTERY" moodCode="EVN"><templateId root="2.16.840.1.113883.10.20.22.4.1"/><id root="1.3"/><code code="58410-2" codeSystem="2.16.840.1.113883.6.1"><translation code="LOCAL-1"/></code><statusCode code="completed"/><specimen><specimenRole><specimenPlayingEntity><code code="BLD-1"/></specimenPlayingEntity></specimenRole></specimen>
<component><observation classCode="OBS" moodCode="EVN"><code code="718-7"/><value xsi:type="PQ" value="13.2" unit="g/dL"><translation value="132" code="gpl-1"/></value><interpretationCode code="N"/><interpretationCode code="HX-2"/><referenceRange><observationRange><code code="RR-1"/><text>12 to 15</text></observationRange></referenceRange><referenceRange><observationRange><value xsi:type="IVL_PQ"><low value="1"/></value><interpretationCode code="RR-2"/></observationRange></referenceRange></observation></component>
<component><observation classCode="OBS" moodCode="EVN"><code code="T-IVL"/><value xsi:type="IVL_PQ"><low value="1" unit="mg"/><high value="2" unit="mg"/></value></observation></component>
<component><observation classCode="OBS" moodCode="EVN"><code code="T-RTO"/><value xsi:type="RTO_PQ_PQ"><numerator value="1"/><denominator value="128"/></value></observation></component>
<component><observation classCode="OBS" moodCode="EVN"><code code="T-NOTYPE"/><value code="V-NOTYPE"/></observation></component>
<component><observation classCode="OBS" moodCode="EVN"><code code="T-EMPTYTYPE"/><value xsi:type="" code="V-EMPTYTYPE"/></observation></component>
<component><observation classCode="OBS" moodCode="EVN"><code code="T-PREFIX"/><value xsi:type="cda:CD" code="V-PREFIX"/></observation></component>
<component><observation classCode="OBS" moodCode="EVN"><code code="T-BL"/><value xsi:type="BL" value="true"/></observation></component>
<component><observation classCode="OBS" moodCode="EVN"><code code="T-ST"/><value xsi:type="ST"><![CDATA[<none seen>]]></value></observation></component>
<component><observation classCode="OBS" moodCode="EVN"><code code="T-TWO"/><value xsi:type="CD" code="V-ONE"/><value xsi:type="CD" code="V-TWO"/></observation></component>
<component><observation classCode="OBS" moodCode="EVN"><code nullFlavor="OTH"><translation code="T-OTH" codeSystem="1.2.3"/></code><value xsi:type="CD" nullFlavor="OTH"><originalText>in words</originalText><translation code="V-OTH"/></value></observation></component>
<component><organizer classCode="CLUSTER" moodCode="EVN"><code code="INNER-1"/><component><observation classCode="OBS" moodCode="EVN"><code code="INNER-2"/><value xsi:type="INT" value="7"/></observation></component></organizer></component>
<component><act classCode="ACT" moodCode="EVN"><code code="ACT-IN-ORG"/></act></component></organizer></entry>`

// drugs have schedules and supplies of every kind.
const drugs = `<entry><substanceAdministration classCode="SBADM" moodCode="EVN"><templateId root="2.16.840.1.113883.10.20.22.4.16"/><id root="1.4"/><code code="DRUG-ACT"/><statusCode code="active"/><effectiveTime xsi:type="IVL_TS"><low value="20260101"/><high nullFlavor="UNK"/></effectiveTime>
<effectiveTime xsi:type="PIVL_TS" institutionSpecified="true" operator="A"><period value="8" unit="h"/></effectiveTime><effectiveTime xsi:type="EIVL_TS" operator="A"><event code="HS"/></effectiveTime><priorityCode code="R"/><routeCode code="C38288"/><approachSiteCode code="AS-1"/><doseQuantity><low value="1"/><high value="2"/></doseQuantity><rateQuantity value="3" unit="mL/h"/><maxDoseQuantity><numerator value="4"/><denominator value="1"/></maxDoseQuantity><administrationUnitCode code="C42998"/>
<consumable><manufacturedProduct classCode="MANU"><id root="1.4.1"/><manufacturedMaterial><code code="314076" codeSystem="2.16.840.1.113883.6.88" displayName="lisinopril 10 MG"><originalText>Lisinopril</originalText><translation code="00093-1" codeSystem="2.16.840.1.113883.6.69"/></code><name>Prinivil</name><lotNumberText>L-7</lotNumberText></manufacturedMaterial><manufacturerOrganization><name>Maker</name></manufacturerOrganization></manufacturedProduct></consumable>
<participant typeCode="CSM"><participantRole classCode="MANU"><code code="412307009"/><playingEntity><code code="VEH-1"/></playingEntity></participantRole></participant>
<entryRelationship typeCode="RSON"><observation classCode="OBS" moodCode="EVN"><templateId root="2.16.840.1.113883.10.20.22.4.19"/><code code="IND-A"/><value xsi:type="CD" code="IND-1"/></observation></entryRelationship><entryRelationship typeCode="RSON"><observation classCode="OBS" moodCode="EVN"><code code="IND-B"/><value xsi:type="CD" code="IND-2"/></observation></entryRelationship>
<entryRelationship typeCode="REFR"><supply classCode="SPLY" moodCode="INT"><code code="SUP-1"/><quantity value="30"/><product><manufacturedProduct><manufacturedMaterial><code code="SUP-2"/></manufacturedMaterial></manufacturedProduct></product></supply></entryRelationship>
<entryRelationship typeCode="SUBJ" inversionInd="true"><act classCode="ACT" moodCode="INT"><templateId root="2.16.840.1.113883.10.20.22.4.20"/><code code="INSTR-1"/><text>with food</text></act></entryRelationship><precondition typeCode="PRCN"><criterion><code code="ASSERTION"/><value xsi:type="CD" code="PRN-1"/></criterion></precondition></substanceAdministration></entry>`

// shots, visits and the rest, with the extensions of HL7's sdtc name space.
const others = `<entry><substanceAdministration classCode="SBADM" moodCode="EVN" negationInd="true"><templateId root="2.16.840.1.113883.10.20.22.4.52"/><effectiveTime value="20251001"/><consumable><manufacturedProduct><manufacturedMaterial><code code="88" codeSystem="2.16.840.1.113883.12.292"><translation code="90658"/></code></manufacturedMaterial></manufacturedProduct></consumable>
<entryRelationship typeCode="RSON"><observation classCode="OBS" moodCode="EVN"><templateId root="2.16.840.1.113883.10.20.22.4.53"/><code code="PATOBJ"/></observation></entryRelationship><entryRelationship typeCode="CAUS"><observation classCode="OBS" moodCode="EVN"><templateId root="2.16.840.1.113883.10.20.22.4.9"/><value xsi:type="CD" code="RASH-1"/></observation></entryRelationship></substanceAdministration></entry>
<entry><encounter classCode="ENC" moodCode="EVN"><templateId root="2.16.840.1.113883.10.20.22.4.49"/><code code="99213"><translation code="AMB"/></code><effectiveTime value="2026"/><sdtc:dischargeDispositionCode code="DISCH-1"/><performer><assignedEntity><code code="59058001"/></assignedEntity></performer><participant typeCode="LOC"><participantRole classCode="SDLOC"><code code="1160-1"/><playingEntity classCode="PLC"><name>Clinic</name></playingEntity></participantRole></participant>
<entryRelationship typeCode="COMP"><act classCode="ACT" moodCode="EVN"><code code="29308-4"/><entryRelationship typeCode="SUBJ"><observation classCode="OBS" moodCode="EVN"><code code="282291009"/><value xsi:type="CD" code="DX-IN-ENC"/></observation></entryRelationship></act></entryRelationship></encounter></entry>
<entry><procedure classCode="PROC" moodCode="EVN"><code code="73761001"><qualifier><value code="QV-1"/></qualifier></code><methodCode code="PM-1"/><approachSiteCode code="PA-1"/><targetSiteCode code="71854001"/><specimen><specimenRole><specimenPlayingEntity><code code="SPE-1"/></specimenPlayingEntity></specimenRole></specimen><participant typeCode="DEV"><participantRole><playingDevice><code code="DEV-1"/></playingDevice></participantRole></participant></procedure></entry>
<entry><organizer classCode="CLUSTER" moodCode="EVN"><templateId root="2.16.840.1.113883.10.20.22.4.45"/><subject><relatedSubject classCode="PRS"><code code="FTH"/><subject><sdtc:id root="1.2"/><administrativeGenderCode code="GENDER-M"/><sdtc:deceasedInd value="true"/></subject></relatedSubject></subject><component><observation classCode="OBS" moodCode="EVN"><code code="FH-A"/><value xsi:type="CD" code="22298006"/><entryRelationship typeCode="CAUS"><observation classCode="OBS" moodCode="EVN"><code code="FH-B"/><value xsi:type="CD" code="419099009"/></observation></entryRelationship></observation></component></organizer></entry>
<entry><observation classCode="OBS" moodCode="EVN" sdtc:valueSet="1.2"><code code="SOC-1"/><value xsi:type="CD" code="SOC-2"/><sdtc:category code="CAT-1"/></observation></entry>
<entry><regionOfInterest classCode="ROIOVL" moodCode="EVN"><id root="1"/><code code="ROI-1"/><value value="1"/></regionOfInterest></entry><entry><supply classCode="SPLY" moodCode="EVN"><participant typeCode="PRD"><participantRole><playingDevice><code code="PUMP-1"/></playingDevice></participantRole></participant></supply></entry>
<entry><act classCode="ACT" moodCode="EVN"><code code="48768-6"/><entryRelationship typeCode="COMP"><act classCode="ACT" moodCode="EVN"><code code="SELF-PAY"><translation code="81"/></code><performer typeCode="PRF"><assignedEntity><code code="PAYOR-X"/></assignedEntity></performer></act></entryRelationship></act></entry>`

// vendors are documents in the manner of systems that are not among the samples.
func vendors() map[string]string {
	local := `<code code="LOC-1" codeSystem="9.9.9" displayName="Anything"/>`
	nested := sectionOf("", local, "Outer", "<paragraph>outermost</paragraph>", values,
		`<component>`+sectionOf("", `<code nullFlavor="NI"/>`, "Middle", "middle words", drugs, `<component>`+sectionOf("", codeOf, "Inner", narrative, concern)+`</component>`)+`</component>`)
	return map[string]string{
		"R1.1":   written(`<templateId root="2.16.840.1.113883.10.20.22.1.2"/>`, sectionOf(r11Problems, codeOf, "Problems", narrative, concern), sectionOf("", `<code code="30954-2" codeSystem="2.16.840.1.113883.6.1"/>`, "Results", "", values)),
		"R2.0":   written(`<templateId root="2.16.840.1.113883.10.20.22.1.14" extension="2014-06-09"/>`, sectionOf(`<templateId root="2.16.840.1.113883.10.20.22.2.1.1" extension="2014-06-09"/>`, "", "Medications without a code", "take them", drugs)),
		"R4":     written(`<templateId root="2.16.840.1.113883.10.20.22.1.4" extension="2024-05-01"/>`, sectionOf(`<templateId root="2.16.840.1.113883.10.20.22.2.5.1" extension="2024-05-01"/>`, codeOf, "P", narrative, concern, others)),
		"C32":    written(`<templateId root="2.16.840.1.113883.3.88.11.32.1"/><templateId root="2.16.840.1.113883.10.20.1"/>`, sectionOf(`<templateId root="2.16.840.1.113883.10.20.1.11"/>`, codeOf, "Conditions", narrative, strings.ReplaceAll(concern, "2.16.840.1.113883.10.20.22.4.3", "2.16.840.1.113883.10.20.1.27"), others)),
		"free":   written("", sectionOf("", local, "Anything", narrative, concern, values, drugs, others), sectionOf("", "", "", "no code at all")),
		"nested": written("", nested),
		"null flavours": written("", `<section nullFlavor="NI"><code nullFlavor="UNK"/><title nullFlavor="NI"/><text nullFlavor="NI">still said</text><entry nullFlavor="NI"><observation classCode="OBS" moodCode="EVN" nullFlavor="UNK"><code nullFlavor="OTH"><translation code="NF-1"/></code><effectiveTime nullFlavor="NASK"/><value xsi:type="CD" nullFlavor="MSK"/></observation></entry></section>`,
			sectionOf("", `<code code="48765-2"/>`, "Allergies", "masked", `<entry><act classCode="ACT" moodCode="EVN"><entryRelationship typeCode="SUBJ"><observation classCode="OBS" moodCode="EVN" nullFlavor="MSK"><value xsi:type="CD" nullFlavor="UNK"/><participant typeCode="CSM"><participantRole><playingEntity><code nullFlavor="OTH"><translation code="NF-2"/></code><name>dust mites</name></playingEntity></participantRole></participant></observation></entryRelationship></act></entry>`)),
		"comments and instructions": strings.NewReplacer("<title>", "<!-- a comment --><title><?audit x?>", "loose words", "loose<!-- cut --> words<?pi?>", "Angina<br/>", "<![CDATA[Ang]]>ina<![CDATA[ & > more ]]><br/>").Replace(
			strings.Replace(written("", sectionOf("", codeOf, "P", narrative, concern)), "<ClinicalDocument", `<?xml-stylesheet type="text/xsl" href="CDA.xsl"?><!-- made by a machine --><ClinicalDocument`, 1)),
		"one line": strings.ReplaceAll(written("", sectionOf("", codeOf, "P", narrative, concern, others)), "\n", " "),
	}
}

// prefixed puts every element of the HL7 name space under a prefix.
func prefixed(s, prefix string) string {
	s = strings.NewReplacer(`xmlns="urn:hl7-org:v3"`, `xmlns:`+prefix+`="urn:hl7-org:v3"`, "sdtc:", "ext:", "</sdtc:", "</ext:").Replace(s)
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		b.WriteByte(s[i])
		if s[i] != '<' {
			continue
		}
		if s[i+1] == '/' {
			i++
			b.WriteByte('/')
		}
		if next := s[i+1:]; !strings.HasPrefix(next, "!") && !strings.HasPrefix(next, "?") && !strings.HasPrefix(next, "ext:") {
			b.WriteString(prefix + ":")
		}
	}
	return strings.Replace(b.String(), "xmlns:sdtc", "xmlns:ext", 1)
}

// encodings are the bytes of a document under character sets and with marks that real systems use.
func encodings(s string) map[string][]byte {
	declare := func(name string) string {
		return strings.Replace(s, `<?xml version="1.0"?>`, `<?xml version="1.0" encoding="`+name+`"?>`, 1)
	}
	latin := func(name string, m *charmap.Charmap) []byte {
		out, err := m.NewEncoder().String(declare(name))
		if err != nil {
			panic(err) // the document holds no other letters
		}
		return []byte(out)
	}
	wide := func(text string, mark bool, big bool) []byte {
		var out []byte
		units := utf16.Encode([]rune(text))
		if mark {
			units = append([]uint16{0xfeff}, units...)
		}
		for _, u := range units {
			if big {
				out = append(out, byte(u>>8), byte(u))
			} else {
				out = append(out, byte(u), byte(u>>8))
			}
		}
		return out
	}
	return map[string][]byte{
		"BOM": []byte("\xef\xbb\xbf" + declare("utf-8")), "lower case": []byte(declare("utf-8")), "single quotes": []byte(strings.ReplaceAll(declare("UTF-8"), `version="1.0" encoding="UTF-8"`, `version='1.0' encoding='UTF-8' standalone='yes'`)),
		"UTF-16LE": wide(declare("UTF-16"), true, false), "UTF-16BE": wide(declare("utf-16"), true, true), "UTF-16LE without mark": wide(declare("UTF-16LE"), false, false), "UTF-16BE without mark": wide(declare("UTF-16"), false, true),
		"ISO-8859-1": latin("ISO-8859-1", charmap.ISO8859_1), "ISO-8859-15": latin("iso-8859-15", charmap.ISO8859_15), "windows-1252": latin("Windows-1252", charmap.Windows1252),
		"says UTF-8, is windows-1252": latin("UTF-8", charmap.Windows1252), "blank before": []byte("\r\n " + s),
	}
}

// TestVendorsLoseNothing: documents in the manner of systems whose own nobody here has, under every encoding and prefix.
func TestVendorsLoseNothing(t *testing.T) {
	for name, s := range vendors() {
		d := nothingLost(t, name, []byte(s), read(t, []byte(s)))
		if len(d.Patient.Names) != 1 || d.Patient.Names[0].Family != "Example" || d.Title != "Résumé" || d.Authors[0].Name.Full != "Ann Author" {
			t.Errorf("%s: header lost: %+v, %q", name, d.Patient, d.Title)
		}
		for _, prefix := range []string{"cda", "n1", "hl7"} {
			nothingLost(t, name+" under "+prefix, []byte(s), read(t, []byte(prefixed(s, prefix))))
		}
		for how, b := range encodings(s) {
			nothingLost(t, name+" as "+how, []byte(s), read(t, b))
		}
		if _, err := ccda.Marshal(d); err != nil {
			t.Errorf("%s: cannot be written again: %v", name, err)
		}
	}
}

// TestVendorFields: the values that a referral needs come out of those documents, not only their bytes.
func TestVendorFields(t *testing.T) {
	d := read(t, []byte(vendors()["R1.1"]))
	e := d.Sections[0].Entries[0]
	if d.Release != "R1.1" || e.Kind != ccda.KindProblem || e.Code.Code != "194828000" || e.Code.Translations[0].Code != "I20.9" || e.Time.Low != "20240101" || e.ClinicalStatus.Code != "55561003" || e.Status != "active" || e.Text != "a comment" {
		t.Errorf("problem: %+v", e)
	}
	if len(d.Sections[0].Entries) != 2 || !d.Sections[0].Entries[1].Negated {
		t.Errorf("a second observation of the concern, negated: %+v", d.Sections[0].Entries)
	}
	panel := d.Sections[1].Entries[0]
	want := map[string]string{"718-7": "13.2 g/dL", "T-IVL": "1 mg to 2 mg", "T-RTO": "1 / 128", "T-NOTYPE": "V-NOTYPE", "T-EMPTYTYPE": "V-EMPTYTYPE", "T-PREFIX": "V-PREFIX", "T-BL": "true", "T-ST": "<none seen>", "T-TWO": "V-ONE"}
	for _, p := range panel.Parts {
		v := p.Value
		got := strings.TrimSpace(v.Quantity.Value+" "+v.Quantity.Unit) + v.Code.Code + v.Text + v.Other
		if v.Low.Value != "" {
			got = v.Low.Value + " " + v.Low.Unit + " to " + v.High.Value + " " + v.High.Unit
		}
		if w, ok := want[p.Code.Code]; ok && got != w {
			t.Errorf("%s: got %q, want %q", p.Code.Code, got, w)
		}
	}
	if m := read(t, []byte(vendors()["R2.0"])).Sections[0]; m.LOINC != ccda.SectionMedications || m.Entries[0].Code.Code != "314076" || m.Entries[0].Frequency.Value != "8" || m.Entries[0].Dose.Value != "1" || m.Entries[0].Lot != "L-7" {
		t.Errorf("medication of a section without code: %+v", m)
	}
	if r := read(t, []byte(vendors()["R4"])); r.Release != "R4" || r.Type != ccda.TypeConsult {
		t.Errorf("R4: got %s %s", r.Release, r.Type)
	}
	if r := read(t, []byte(vendors()["C32"])); r.Release != "C32" || r.Sections[0].LOINC != ccda.SectionProblems || r.Sections[0].Entries[0].Kind != ccda.KindProblem {
		t.Errorf("C32: got %s %+v", r.Release, r.Sections[0].Entries[0])
	}
}

// TestVendorBodies: nonXMLBody as base64, compressed in every way that is known, as plain text, and by reference.
func TestVendorBodies(t *testing.T) {
	want := []byte("Ä report,\nwith lines.")
	plain := base64.StdEncoding.EncodeToString(want)
	for name, text := range map[string]string{
		"base64":          `<text mediaType="application/pdf" representation="B64">` + plain + `</text>`,
		"wrapped":         `<text mediaType="application/pdf" representation="B64">` + "\n" + plain[:8] + "\r\n\t" + plain[8:] + "\n</text>",
		"unpadded":        `<text mediaType="application/pdf" representation="B64">` + strings.TrimRight(plain, "=") + `</text>`,
		"CDATA":           `<text mediaType="application/pdf" representation="B64"><![CDATA[` + plain + `]]></text>`,
		"compressed":      `<text mediaType="application/pdf" representation="B64" compression="DF">` + deflated(t, want) + `</text>`,
		"lower case":      `<text mediaType="application/pdf" representation="b64">` + plain + `</text>`,
		"plain":           `<text mediaType="text/plain">Ä report,` + "\n" + `with lines.</text>`,
		"with thumbnail":  `<text mediaType="application/pdf" representation="B64">` + plain + `<thumbnail mediaType="image/png" representation="B64">AAAA</thumbnail></text>`,
		"integrity check": `<text mediaType="application/pdf" representation="B64" integrityCheck="AAAA" integrityCheckAlgorithm="SHA-1">` + plain + `</text>`,
	} {
		s := `<?xml version="1.0"?><ClinicalDocument ` + cdaSpaces + `>` + head(`<templateId root="2.16.840.1.113883.10.20.22.1.10"/>`) + `<component><nonXMLBody>` + text + `</nonXMLBody></component></ClinicalDocument>`
		if d := read(t, []byte(s)); d.Type != ccda.TypeUnstructured || d.Body == nil || !bytes.Equal(d.Body.Data, want) {
			t.Errorf("%s: got %+v", name, d.Body)
		}
	}
	s := `<ClinicalDocument ` + cdaSpaces + `>` + head("") + `<component><nonXMLBody><text mediaType="application/pdf"><reference value="SCAN 1.PDF"/></text></nonXMLBody></component></ClinicalDocument>`
	if d := read(t, []byte(s)); d.Body == nil || d.Body.Reference != "SCAN 1.PDF" || d.Body.MediaType != "application/pdf" {
		t.Errorf("reference: got %+v", d.Body)
	}
}
