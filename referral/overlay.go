package referral

import "reflect"

// overlaid returns base with every value that over names: empty means no news (HL7 v2). Lists are replaced whole.
func overlaid[T any](base, over T) T {
	overlay(reflect.ValueOf(&base).Elem(), reflect.ValueOf(over))
	return base
}

func overlay(dst, src reflect.Value) {
	if src.IsZero() {
		return
	}
	if src.Kind() != reflect.Struct || src.Type().PkgPath() == "time" {
		dst.Set(src)
		return
	}
	for i := range src.NumField() {
		overlay(dst.Field(i), src.Field(i))
	}
}

// changed takes the content of a changed request. Identity, state and everything that Apply keeps stay; documents and identifiers are
// added to, numbers of the patient too.
func changed(r, rec Referral) Referral {
	keep := r
	ids := rec.Patient.IDs
	rec.Patient.IDs = nil
	docs, more := rec.Documents, rec.Identifiers
	rec.Documents, rec.Identifiers = nil, nil
	r = overlaid(r, rec)
	r.ID, r.Authority, r.Org, r.Role, r.Version, r.State = keep.ID, keep.Authority, keep.Org, keep.Role, keep.Version, keep.State
	r.EndReason, r.Grade, r.Before, r.Test, r.Created, r.Updated = keep.EndReason, keep.Grade, keep.Before, keep.Test, keep.Created, keep.Updated
	r.Since, r.Entered, r.Promise, r.LastDigest, r.ReportSeq = keep.Since, keep.Entered, keep.Promise, keep.LastDigest, keep.ReportSeq
	r.Withheld, r.Holds, r.Appointments, r.Parent = keep.Withheld, keep.Holds, keep.Appointments, keep.Parent
	r.RequestDigest = keep.RequestDigest
	r.Patient.IDs = joinIDs(r.Patient.IDs, ids)
	r.Documents = joinDocuments(keep.Documents, docs)
	r.Identifiers = joinIDs(keep.Identifiers, more)
	return r
}
