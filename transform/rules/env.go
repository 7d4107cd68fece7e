package rules

import (
	"time"

	"refloop/referral"
)

// View is a message as rules see it. Get returns the text at a path, decoded, "" when nothing is there; it must accept every path that
// Channel.CheckPath accepts.
type View interface{ Get(path string) string }

// Message is what rules may ask of a message.
type Message struct {
	Type      string // REF^I12, direct/360x, fax, file
	Version   string // MSH-12; empty elsewhere
	Channel   string
	Partner   string // partner that speaks; empty: unknown
	Direction string // in, out; empty: in
	Sender    string // MSH-3|MSH-4, envelope sender
	Receiver  string // MSH-5|MSH-6, envelope recipient
	View      View   // nil: msg gives "" for every path

	Looked func(table, key, value string) // told of each lookup; nil: nobody is
}

// whenEnv is what a channel's when sees: the message, before anything was made of it.
type whenEnv struct {
	Type      string                      `expr:"type"`
	Version   string                      `expr:"version"`
	Channel   string                      `expr:"channel"`
	Partner   string                      `expr:"partner"`
	Direction string                      `expr:"direction"`
	Sender    string                      `expr:"sender"`
	Receiver  string                      `expr:"receiver"`
	Msg       func(string) string         `expr:"msg"`
	Lookup    func(string, string) string `expr:"lookup"`
}

// setEnv is what a channel's set sees: the message, and the referral as decoded and as the lines above changed it.
type setEnv struct {
	whenEnv
	Referral referralEnv `expr:"referral"`
}

// routeEnv is what a route sees.
type routeEnv struct {
	Referral referralEnv `expr:"referral"`
}

// referralEnv is a referral as rules see it. Codes are as the sender wrote them.
type referralEnv struct {
	ID              string            `expr:"id"`
	Role            string            `expr:"role"`  // initiator or recipient: our side
	State           string            `expr:"state"` // draft, sent ...
	Test            bool              `expr:"test"`
	Specialty       string            `expr:"specialty"`
	Service         string            `expr:"service"` // code
	ServiceText     string            `expr:"service_text"`
	ServiceSystem   string            `expr:"service_system"`
	Reason          string            `expr:"reason"`
	Priority        string            `expr:"priority"`  // routine, urgent, stat, or "" for unknown
	Diagnoses       []string          `expr:"diagnoses"` // codes
	Procedures      []string          `expr:"procedures"`
	Payers          []string          `expr:"payers"`
	Patient         patientEnv        `expr:"patient"`
	Initiator       partyEnv          `expr:"initiator"`
	Recipient       partyEnv          `expr:"recipient"`
	Confidentiality string            `expr:"confidentiality"` // N, R, V
	Part2           bool              `expr:"part2"`
	Extra           map[string]string `expr:"extra"`
}

// patientEnv is what routing may need of a patient; names and numbers stay out of rules.
type patientEnv struct {
	Sex   string `expr:"sex"`
	Age   int    `expr:"age"` // whole years when the referral was asked for; -1: unknown
	State string `expr:"state"`
	Zip   string `expr:"zip"`
}

type partyEnv struct {
	Partner      string `expr:"partner"`
	NPI          string `expr:"npi"`     // of the clinician
	OrgNPI       string `expr:"org_npi"` // of the organisation
	Organization string `expr:"organization"`
	Direct       string `expr:"direct"`
	Specialty    string `expr:"specialty"`
}

func viewOf(r *referral.Referral) referralEnv {
	v := referralEnv{
		ID: r.ID, Role: string(r.Role), State: string(r.State), Test: r.Test,
		Specialty: r.Specialty, Service: r.Service.Code, ServiceText: r.Service.Text, ServiceSystem: r.Service.System,
		Reason: r.Reason, Priority: string(r.Priority),
		Diagnoses: codes(r.Diagnoses), Procedures: codes(r.Procedures),
		Patient:   patientEnv{Sex: r.Patient.Sex, Age: age(r), State: r.Patient.Address.State, Zip: r.Patient.Address.Zip},
		Initiator: party(&r.Initiator), Recipient: party(&r.Recipient),
		Confidentiality: r.Confidentiality.Code, Part2: r.Confidentiality.Part2,
	}
	if v.Confidentiality == "" {
		v.Confidentiality = "N"
	}
	for _, c := range r.Coverage[:min(len(r.Coverage), MaxList)] {
		v.Payers = append(v.Payers, c.Payer)
	}
	if len(r.Extra) > 0 {
		v.Extra = make(map[string]string, min(len(r.Extra), MaxList))
		for _, x := range r.Extra[:min(len(r.Extra), MaxList)] {
			v.Extra[x.Key] = x.Value
		}
	}
	return v
}

func codes(list []referral.Coded) []string {
	if len(list) == 0 {
		return nil
	}
	out := make([]string, 0, min(len(list), MaxList))
	for _, c := range list[:min(len(list), MaxList)] {
		out = append(out, c.Code)
	}
	return out
}

func party(p *referral.Party) partyEnv {
	return partyEnv{Partner: p.Partner, NPI: p.NPI, OrgNPI: p.OrgNPI, Organization: p.Organization, Direct: p.Direct, Specialty: p.Specialty}
}

// age counts whole years from the birth date to the day the referral was asked for, or came here. A birth date that is no full day gives -1.
func age(r *referral.Referral) int {
	at := r.Requested
	if at.IsZero() {
		at = r.Created
	}
	born, err := time.Parse(time.DateOnly, r.Patient.BirthDate)
	if err != nil || at.IsZero() || at.Before(born) {
		return -1
	}
	years := at.Year() - born.Year()
	if at.Month() < born.Month() || at.Month() == born.Month() && at.Day() < born.Day() {
		years--
	}
	return years
}
