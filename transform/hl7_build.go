package transform

import (
	"strconv"
	"strings"
	"time"

	"refloop/hl7"
	"refloop/referral"
)

// isOID reports whether s is an object identifier.
func isOID(s string) bool {
	if len(s) < 3 || s[0] < '0' || s[0] > '2' || s[1] != '.' {
		return false
	}
	return strings.Trim(s, "0123456789.") == "" && !strings.Contains(s, "..")
}

// hdOf writes an authority: an OID with its type, a namespace, or nothing for a number its sender gave no authority.
func hdOf(authority string) hl7.HD {
	switch {
	case isOID(authority):
		return hl7.HD{ID: authority, Type: "ISO"}
	case strings.HasPrefix(authority, "partner:"):
		return hl7.HD{}
	}
	return hl7.HD{Namespace: authority}
}

func eiFor(id referral.Identifier) hl7.EI { return hl7.EI{ID: id.Value, Authority: hdOf(id.Authority)} }

func xpnFor(n referral.Name) hl7.XPN {
	if n.Family == "" && n.Given == "" && n.Text != "" {
		n = referral.ParseName(n.Text)
	}
	return hl7.XPN{Family: n.Family, Given: n.Given, Middle: n.Middle, Suffix: n.Suffix, Prefix: n.Prefix, Degree: n.Degree}
}

// xcnFor writes a clinician: NPI first, else the number the initiator's system uses.
func xcnFor(p referral.Party) hl7.XCN {
	x := hl7.XCN{Name: xpnFor(p.Clinician)}
	switch {
	case p.NPI != "":
		x.ID, x.Authority, x.IDType = p.NPI, hl7.HD{ID: hl7.OIDNPI, Type: "ISO"}, "NPI"
	case len(p.ClinicianIDs) > 0:
		x.ID, x.Authority = p.ClinicianIDs[0].Value, hdOf(p.ClinicianIDs[0].Authority)
	}
	return x
}

func codedFor(c referral.Coded) hl7.Coded {
	return hl7.Coded{Code: c.Code, Text: c.Text, System: c.System}
}

// dtm writes a time to the second in UTC with its zone; nothing for the zero time.
func dtm(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return hl7.FormatTime(t.UTC(), hl7.ToSecond, true)
}

// date8 turns YYYY-MM-DD (or shorter) into an HL7 date.
func date8(s string) string { return strings.ReplaceAll(s, "-", "") }

// wireID is the referral ID as it travels: the initiator's when it gave one by 360X, else ours.
func wireID(r referral.Referral) referral.Identifier {
	for _, id := range r.Identifiers {
		if id.Kind == referral.KindReferral {
			return id
		}
	}
	return referral.Identifier{Value: r.ID, Authority: r.Authority, Kind: referral.KindReferral}
}

// idOf returns the record's first identifier of a kind; zero when there is none.
func idOf(r referral.Referral, kind string) referral.Identifier { return kindOf(r.Identifiers, kind) }

func kindOf(list []referral.Identifier, kind string) referral.Identifier {
	for _, id := range list {
		if id.Kind == kind {
			return id
		}
	}
	return referral.Identifier{}
}

// writer builds one outbound HL7 v2 message about one event.
type writer struct {
	b  *hl7.Builder
	r  referral.Referral
	ev referral.Event
	t  Target

	kind  string // MSH-9.1 and 9.2
	names bool   // authorities have their namespaces
}

func newWriter(r referral.Referral, ev referral.Event, t Target) *writer {
	return &writer{b: hl7.NewBuilder(hl7.Delimiters{}, hl7.Charset{}), r: r, ev: ev, t: t}
}

// version is MSH-12: the partner's, else 2.5.1, which 360X is built on.
func (w *writer) version() string { return firstOf(w.t.Rail.Dialect.Version, "2.5.1") }

// local writes the MSH of a message to a system on a line (not 360X): names of applications, answers wanted in original mode.
func (w *writer) local(code, event, structure string) {
	w.kind, w.names = code+"^"+event, true
	w.b.MSH(hl7.Header{
		SendingApplication: hl7.HD{Namespace: "REFLOOP"}, SendingFacility: hl7.HD{Namespace: "REFLOOP", ID: w.t.Own.OID, Type: "ISO"},
		ReceivingApplication: hl7.HD{Namespace: w.t.Partner.Application}, ReceivingFacility: hl7.HD{Namespace: w.t.Partner.Facility},
		Time: w.t.At, Type: [3]string{code, event, structure}, ControlID: w.t.ControlID, ProcessingID: firstOf(w.t.Rail.Dialect.Processing, "P"), Version: w.version(),
	})
}

// x360 writes the MSH of a 360X message: no applications, OIDs for the two facilities, no answer wanted, profile 360X.
func (w *writer) x360(code, event, structure string) {
	w.kind = code + "^" + event
	w.b.MSH(hl7.Header{
		SendingFacility: hl7.HD{ID: w.t.Own.OID, Type: "ISO"}, ReceivingFacility: hl7.HD{ID: w.t.Partner.OID, Type: iso(w.t.Partner.OID)},
		Time: w.t.At, Type: [3]string{code, event, structure}, ControlID: w.t.ControlID, ProcessingID: firstOf(w.t.Rail.Dialect.Processing, "P"), Version: "2.5.1",
		Accept: "NE", Application: "NE", Profile: "360X",
	})
}

func iso(oid string) string {
	if oid == "" {
		return ""
	}
	return "ISO"
}

// pid writes PID with every number of the patient, the initiator's first.
func (w *writer) pid() {
	p := w.r.Patient
	s := w.b.Segment("PID").Set(1, "1")
	for _, id := range p.IDs {
		if !isAlias(p.IDs, id) {
			s.Add(3, hl7.CX{ID: id.Value, Authority: w.authority(p.IDs, id), Type: "MR"})
		}
	}
	name := xpnFor(p.Name)
	name.Type = "L"
	s.Add(5, name).Set(7, date8(p.BirthDate)).Set(8, p.Sex)
	s.Add(11, hl7.XAD{Street: p.Address.Line1, Other: p.Address.Line2, City: p.Address.City, State: p.Address.State, Zip: p.Address.Zip, Country: p.Address.Country})
	if p.Phone != "" {
		s.Add(13, hl7.XTN{Whole: p.Phone, Use: "PRN", Equipment: "PH"})
	}
	account := hl7.CX{ID: p.Account, Authority: w.accountAuthority()}
	s.Add(18, account)
}

// accountAuthority is the authority of PID-18 as it came; many systems send the visit number in both places, with its authority once.
func (w *writer) accountAuthority() hl7.HD {
	p := w.r.Patient
	switch {
	case p.Account == "":
		return hl7.HD{}
	case p.AccountAuthority != "":
		h := hdOf(p.AccountAuthority)
		if w.names {
			h.Namespace = firstOf(h.Namespace, namespaceOf(p.IDs, p.AccountAuthority))
		}
		return h
	case p.Account == p.Visit.Value:
		return hdOf(p.Visit.Authority)
	}
	return hl7.HD{}
}

// authority writes the authority of a number of the list; to a system on a line with the namespace that it uses itself. 360X has OIDs
// alone.
func (w *writer) authority(list []referral.Identifier, id referral.Identifier) hl7.HD {
	h := hdOf(id.Authority)
	if w.names {
		h.Namespace = firstOf(h.Namespace, aliasOf(list, id))
	}
	return h
}

// notices are the redisclosure statements of a restricted record, one NTE or OBX each.
func (w *writer) notices() []string { return notices(w.r.Confidentiality, w.t.Basis) }

// restricted writes ORC-28, the confidentiality code of the order (table 0177), where the version has it.
func (w *writer) restricted(orc *hl7.SegmentBuilder) {
	if c := w.r.Confidentiality.Code; (c == "R" || c == "V") && w.version() >= "2.5" {
		orc.Add(28, hl7.Coded{Code: c, System: "HL70177"})
	}
}

// message ends the message and names its type.
func (w *writer) message() (body []byte, kind string, err error) {
	body, err = w.b.Bytes()
	return body, w.kind, err
}

// pv1 echoes the visit that the request carried.
func (w *writer) pv1() {
	p := w.r.Patient
	s := w.b.Segment("PV1").Set(1, "1").Set(2, firstOf(p.VisitClass, "O"))
	if p.Visit.Value != "" {
		s.Add(19, hl7.CX{ID: p.Visit.Value, Authority: hdOf(p.Visit.Authority), Type: "VN"})
	}
}

// notes writes NTEs under the segment before, numbered from 1. Empty texts are left out.
func (w *writer) notes(texts ...string) {
	n := 0
	for _, text := range texts {
		if strings.TrimSpace(text) == "" {
			continue
		}
		n++
		w.b.Segment("NTE").Set(1, strconv.Itoa(n)).Set(3, text)
	}
}
