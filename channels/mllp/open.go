package mllp

import (
	"slices"
	"strings"

	"refloop/channels"
	"refloop/hl7"
)

// Open unwraps an archived message: it is one part, or, of an application's answer that came on this connection, a receipt; an RRI that answers a
// message is both.
// It is a pure function of the bytes. An error means that MSH cannot be read, which the server would not have archived.
func Open(a channels.Archived, l hl7.Limits) (channels.Opened, error) {
	m, err := hl7.Parse(a.Body, l)
	if err != nil {
		return channels.Opened{}, err
	}
	o := channels.Opened{Type: typeOf(m)}
	for _, w := range m.Warnings() {
		o.Warnings = append(o.Warnings, w.Name)
	}
	if info, err := m.Ack(); err == nil && (m.IsResponse() || m.Code() == "RRI" && info.About != "" && info.Code != "") {
		r := receipt(info)
		r.At = a.ReceivedAt
		o.Receipts = []channels.Receipt{r}
		if m.IsResponse() {
			return o, nil
		}
	}
	o.Parts = []channels.Part{{Kind: channels.KindHL7, ContentType: ContentType, Body: a.Body}}
	return o, nil
}

// unknownType stands for what no message type looks like: MSH-9 goes into logs and listings, where free text of a sender has no place.
const unknownType = "unknown"

// maxTypePart is the longest code or event taken; the standard's have three characters.
const maxTypePart = 7

// typeOf is MSH-9 as code^event; empty when it is.
func typeOf(m *hl7.Message) string {
	t := m.Type()
	code, event, _ := strings.Cut(t, "^")
	for _, part := range []string{code, event} {
		if len(part) > maxTypePart || strings.ContainsFunc(part, notInType) {
			return unknownType
		}
	}
	return t
}

func notInType(r rune) bool {
	return (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '_'
}

// receipt turns an answer into proof. Its text comes from the ERR entries, which peers may fill with anything, so only codes and places are kept.
func receipt(a hl7.AckInfo) channels.Receipt {
	r := channels.Receipt{ControlID: a.About, Code: a.Code, Type: a.Type, RawType: ContentType, Level: channels.LevelFailed}
	switch a.Code {
	case "AA":
		r.Level = channels.LevelDelivered
	case "CA":
		r.Level = channels.LevelTransport
	default:
		if !slices.Contains([]string{"AE", "AR", "CE", "CR"}, a.Code) {
			r.Code = "none of table 0008"
		}
		r.Permanent = permanent(a)
		r.Text = reasons(a)
	}
	return r
}

// permanent decides whether the same bytes would fail again. AE and CE blame the content, unless the peer says that a record was locked or that it
// broke itself; AR and CR are permanent only for a type, event, processing ID or version it will not take.
func permanent(a hl7.AckInfo) bool {
	content := a.Code == "AE" || a.Code == "CE"
	for _, p := range a.Problems {
		switch p.Code {
		case hl7.CodeMessageType, hl7.CodeEvent, hl7.CodeProcessingID, hl7.CodeVersion:
			return true
		case hl7.CodeRecordLocked, hl7.CodeInternal:
			content = false
		}
	}
	return content
}

// reasons writes codes and places of a refusal.
func reasons(a hl7.AckInfo) string {
	s := "refused"
	for i, p := range a.Problems {
		if i == 5 {
			return s + "; and more"
		}
		if t := hl7.CodeText(p.Code); t != "" {
			s += "; " + p.Code + " " + t
		} else {
			s += "; a code of its own"
		}
		if at := p.Location(); hl7.ParseLocation(at).Segment != "" {
			s += " at " + at
		}
	}
	return s
}
