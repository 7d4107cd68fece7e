package main

import (
	"context"
	"time"

	"refloop/console"
	"refloop/referral"
	"refloop/store"
)

// Patients implements console.PatientReader.
func (r reader) Patients(ctx context.Context, source string, since time.Time, limit int) ([]referral.KnownPatient, error) {
	return r.Store.Patients(ctx, store.PatientFilter{Source: source, Since: since, Limit: limit})
}

// Patient implements console.PatientReader; its id may be cut short.
func (r reader) Patient(ctx context.Context, id string) (referral.KnownPatient, error) {
	whole, err := r.whole(ctx, "patient", id)
	if err != nil {
		return referral.KnownPatient{}, err
	}
	return r.Store.Patient(ctx, whole)
}

// ImportPatients implements console.PatientKeeper.
func (a answers) ImportPatients(ctx context.Context, actor string, in console.PatientBatch) (console.PatientCounts, error) {
	n, err := a.d.engine.ImportPatients(ctx, actor, in.Source, in.Patients, in.Begun, in.Last)
	return console.PatientCounts(n), allowed(err)
}

// RemovePatient implements console.PatientKeeper.
func (a answers) RemovePatient(ctx context.Context, actor, id string) error {
	whole, err := a.whole(ctx, "patient", id)
	if err != nil {
		return err
	}
	return a.d.engine.RemovePatient(ctx, actor, whole)
}

var (
	_ console.PatientReader = reader{}
	_ console.PatientKeeper = answers{}
)
