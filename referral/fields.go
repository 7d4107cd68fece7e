package referral

import (
	"slices"
	"strings"
	"time"
)

// WithFields puts what was read from paper on the record: every field stays listed with its confidence and place, and the values of
// those that need no person (Unsure) are filled in. The others are not guessed.
func WithFields(r Referral, fields []Field) Referral {
	r.Fields = slices.Clone(fields)
	for _, f := range r.Fields {
		if !r.Unsure(f) {
			r = setField(r, f.Key, strings.TrimSpace(f.Value))
		}
	}
	return r
}

// verified takes fields that a person confirmed or corrected into the record, by the keys of a fax reading (patient_first,
// patient_dob, referring_npi, reason ...; mrn stands for patient_mrn). Without fields the person says that all is right as read:
// every field is confirmed, and filled in when it has a value. Unknown keys are kept under Extra.
func verified(r Referral, fields []Field) Referral {
	known := slices.Clone(r.Fields)
	if len(fields) == 0 {
		for i, f := range known {
			if f.Confirmed {
				continue
			}
			if f.Value != "" && r.Unsure(f) {
				r = setField(r, f.Key, strings.TrimSpace(f.Value))
			}
			known[i].Confirmed = true
		}
		r.Fields = known
		return r
	}
	for _, f := range fields {
		f.Confirmed = true
		f.Key, _ = FieldKey(f.Key)
		if i := slices.IndexFunc(known, func(k Field) bool { return k.Key == f.Key }); i >= 0 {
			known[i].Value, known[i].Confirmed = f.Value, true
		} else if len(known) > 0 {
			known = append(known, f)
		}
		r = setField(r, f.Key, strings.TrimSpace(f.Value))
	}
	r.Fields = known
	return r
}

// setField writes one value into the record. An empty value empties a text, and never a number that names the patient.
func setField(r Referral, key, v string) Referral {
	switch key {
	case "mrn", "patient_mrn":
		return setMRN(r, v)
	case "priority":
		r.Priority = knownPriority(v)
		return r
	}
	if p := textField(&r, key); p != nil {
		*p = v
		return r
	}
	switch key {
	case "referral_date":
		if at, err := time.Parse(time.DateOnly, v); err == nil {
			r.Requested = at
		}
	case "referring_name":
		r.Initiator.Clinician = ParseName(v)
	case "referred_to_name":
		r.Recipient.Clinician = ParseName(v)
	case "referred_to_specialty":
		r.Specialty, r.Recipient.Specialty = v, v
	case "payer_name", "member_id", "group_number":
		r.Coverage = setCoverage(r.Coverage, key, v)
	case "diagnosis_codes", "diagnosis_text":
		r.Diagnoses = setDiagnoses(r.Diagnoses, key, listOf(v))
	case "cpt_codes":
		r.Service.Procedures = listOf(v)
	case "medications":
		r.Medications = nil
		for _, m := range listOf(v) {
			r.Medications = append(slices.Clip(r.Medications), Medication{Drug: Coded{Text: m}})
		}
	case "allergies":
		r.Allergies = allergiesOf(v)
	case "referral_id":
		r.Identifiers = joinIDs(r.Identifiers, []Identifier{{Value: v, Kind: KindPlacer}})
	default:
		r.Extra = setExtra(r.Extra, strings.TrimPrefix(key, extraPrefix), v)
	}
	return r
}

// textField is the plain text of the record that a key stands for; nil for all others.
func textField(r *Referral, key string) *string {
	switch key {
	case "patient_first":
		return &r.Patient.Name.Given
	case "patient_middle":
		return &r.Patient.Name.Middle
	case "patient_last":
		return &r.Patient.Name.Family
	case "patient_suffix":
		return &r.Patient.Name.Suffix
	case "patient_dob":
		return &r.Patient.BirthDate
	case "patient_sex":
		return &r.Patient.Sex
	case "patient_phone":
		return &r.Patient.Phone
	case "patient_address":
		return &r.Patient.Address.Line1
	case "patient_city":
		return &r.Patient.Address.City
	case "patient_state":
		return &r.Patient.Address.State
	case "patient_zip":
		return &r.Patient.Address.Zip
	case "auth_number":
		return &r.Authorization
	case "referring_npi":
		return &r.Initiator.NPI
	case "referring_practice":
		return &r.Initiator.Organization
	case "referring_phone":
		return &r.Initiator.Phone
	case "referring_fax":
		return &r.Initiator.Fax
	case "referred_to_npi":
		return &r.Recipient.NPI
	case "referred_to_practice":
		return &r.Recipient.Organization
	case "referred_to_fax":
		return &r.Recipient.Fax
	case "recipient_partner":
		return &r.Recipient.Partner
	case "referred_to_direct":
		return &r.Recipient.Direct
	case "reason":
		return &r.Reason
	case "service_text":
		return &r.Service.Text
	case "specialty":
		return &r.Specialty
	}
	return nil
}

// setMRN corrects the first number of the patient; the old one stays as an identifier, so that late messages still match.
func setMRN(r Referral, v string) Referral {
	if v == "" {
		return r
	}
	ids := slices.Clone(r.Patient.IDs)
	printed := func(id Identifier) bool { return id.Authority == "" }
	if len(ids) == 0 || len(r.Fields) > 0 && !slices.ContainsFunc(ids, printed) { // one of our own list stays beside the paper's
		r.Patient.IDs = append([]Identifier{{Value: v, Kind: KindMRN}}, ids...)
		return r
	}
	if old := ids[0]; old.Value != v {
		r.Identifiers = joinIDs(r.Identifiers, []Identifier{{Value: old.Value, Authority: old.Authority, Kind: KindMRN}})
		ids[0].Value = v
	}
	r.Patient.IDs = ids
	return r
}

func knownPriority(v string) Priority {
	switch p := Priority(strings.ToLower(v)); p {
	case Routine, Urgent, Stat:
		return p
	}
	return "" // unknown stays unknown: the hold stays too
}

func setCoverage(list []Coverage, key, v string) []Coverage {
	list = slices.Clone(list)
	if len(list) == 0 {
		list = []Coverage{{}}
	}
	switch key {
	case "payer_name":
		list[0].Payer = v
	case "member_id":
		list[0].MemberID = v
	case "group_number":
		list[0].Group = v
	}
	return list
}

// setDiagnoses pairs codes and texts by their order on the page.
func setDiagnoses(have []Coded, key string, values []string) []Coded {
	n := len(values)
	out := make([]Coded, max(n, len(have)))
	copy(out, have)
	for i := range out {
		v := ""
		if i < n {
			v = values[i]
		}
		if key == "diagnosis_codes" {
			if out[i].Code = v; out[i].System == "" && v != "" {
				out[i].System = "I10"
			}
		} else {
			out[i].Text = v
		}
	}
	return slices.DeleteFunc(out, func(c Coded) bool { return c.Code == "" && c.Text == "" })
}

func setExtra(list []Extra, key, v string) []Extra {
	list = slices.Clone(list)
	for i := range list {
		if list[i].Key == key {
			list[i].Value = v
			return list
		}
	}
	return append(list, Extra{Key: key, Value: v})
}

// listOf splits a list as a person types it: by lines or semicolons.
func listOf(v string) []string {
	var out []string
	for _, s := range strings.FieldsFunc(v, func(r rune) bool { return r == ';' || r == '\n' }) {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}
