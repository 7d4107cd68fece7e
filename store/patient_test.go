package store_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"refloop/referral"
	"refloop/store"
)

func listed(id, family, given, birth, phone, mrn string) referral.KnownPatient {
	return referral.KnownPatient{ID: id, Source: "list:ehr", Updated: day, Patient: referral.Patient{
		Name: referral.Name{Family: family, Given: given}, BirthDate: birth, Phone: phone,
		IDs: []referral.Identifier{{Value: mrn, Authority: "1.2.3", Kind: referral.KindMRN}},
	}}
}

func putPatient(t *testing.T, s *store.Store, k referral.KnownPatient, whole bool) string {
	t.Helper()
	var done string
	err := s.Write(context.Background(), func(tx *store.Tx) (err error) {
		done, _, err = tx.PutPatient(k, whole)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return done
}

func found(t *testing.T, s *store.Store, read referral.Patient) []string {
	t.Helper()
	list, err := s.PatientCandidates(context.Background(), read, 5)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, c := range list {
		out = append(out, c.Known.ID)
	}
	return out
}

func TestPatients(t *testing.T) {
	path := filepath.Join(t.TempDir(), "refloop.db")
	s := open(t, path)
	a := listed("PAAA1", "Zzyxtestname", "Berta", "1954-11-18", "555-010-0111", "4711")
	if done := putPatient(t, s, a, true); done != store.PatientAdded {
		t.Errorf("first: got %s, want added", done)
	}
	again := a
	again.ID, again.Updated = "PBBB2", day.Add(time.Hour)
	if done := putPatient(t, s, again, true); done != store.PatientSame {
		t.Errorf("again: got %s, want same", done)
	}
	again.Patient.Phone = "555-010-0222"
	if done := putPatient(t, s, again, true); done != store.PatientChanged {
		t.Errorf("with another number: got %s, want changed", done)
	}
	reads := map[string]referral.Patient{
		"by birth date":       {Name: referral.Name{Family: "Misread", Given: "Berta"}, BirthDate: "1954-11-18"},
		"by name":             {Name: referral.Name{Family: "Zzyxte5tname", Given: "Berta"}, BirthDate: "1954-11-13"},
		"by number":           {Name: referral.Name{Family: "X", Given: "Y"}, IDs: []referral.Identifier{{Value: "4711", Kind: referral.KindMRN}}},
		"by telephone":        {Name: referral.Name{Family: "Zzyxtestname", Given: "?"}, Phone: "(555) 010-0222"},
		"with swapped boxes":  {Name: referral.Name{Family: "Berta", Given: "Zzyxtestname"}},
		"with a former phone": {Name: referral.Name{Family: "Zzyxtestname", Given: "Berta"}, Phone: "(555) 010-0111"},
	}
	for name, read := range reads {
		if name == "by number" {
			read.Name = referral.Name{}
		}
		if got := found(t, s, read); len(got) != 1 || got[0] != "PAAA1" {
			t.Errorf("%s: got %v, want PAAA1", name, got)
		}
	}
	if n, err := s.PatientCount(context.Background()); n != 1 || err != nil {
		t.Errorf("count: got %d (%v), want 1", n, err)
	}
	if id, err := s.Resolve(context.Background(), "patient", "PAAA"); id != "PAAA1" || err != nil {
		t.Errorf("short id: got %q (%v), want PAAA1", id, err)
	}
	if _, err := s.Reindex(context.Background()); err != nil {
		t.Fatal(err)
	}
	if got := found(t, s, reads["by birth date"]); len(got) != 1 {
		t.Errorf("after reindex: got %v, want PAAA1", got)
	}
	if err := s.Write(context.Background(), func(tx *store.Tx) error { return tx.RemovePatient("PAAA1") }); err != nil {
		t.Fatal(err)
	}
	if got := found(t, s, reads["by birth date"]); len(got) != 0 {
		t.Errorf("removed: got %v, want nobody", got)
	}
	if _, err := s.Patient(context.Background(), "PAAA1"); !errors.Is(err, referral.ErrNotFound) {
		t.Errorf("removed: got %v, want ErrNotFound", err)
	}
	for _, file := range []string{path, path + "-wal"} {
		b, err := os.ReadFile(file)
		if err == nil && (strings.Contains(string(b), "Zzyxtestname") || strings.Contains(string(b), "19541118") || strings.Contains(string(b), "5550100222")) {
			t.Errorf("%s: got a patient in the clear", filepath.Base(file))
		}
	}
}

// A merge leaves one patient whom both numbers name; a message leaves alone what it does not say; a whole list takes off who left.
func TestPatientMergeAndList(t *testing.T) {
	s := fresh(t)
	putPatient(t, s, listed("PAAA1", "Testperson", "Berta", "1954-11-18", "555-010-0111", "4711"), true)
	putPatient(t, s, listed("PBBB2", "Testperson", "Berta", "1954-11-18", "", "9900"), true)
	survivor := listed("PCCC3", "Testperson", "Bertha", "1954-11-18", "", "4711")
	survivor.Source = "channel:adt"
	err := s.Write(context.Background(), func(tx *store.Tx) error {
		_, _, err := tx.MergePatient(survivor, referral.Identifier{Value: "9900", Authority: "1.2.3", Kind: referral.KindMRN})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	got := found(t, s, referral.Patient{IDs: []referral.Identifier{{Value: "9900", Kind: referral.KindMRN}}})
	if len(got) != 1 || got[0] != "PAAA1" {
		t.Fatalf("merged: got %v under the old number, want PAAA1", got)
	}
	k, err := s.Patient(context.Background(), "PAAA1")
	if err != nil || k.Patient.IDs[0].Value != "4711" || k.Patient.Name.Given != "Bertha" || k.Patient.Phone != "555-010-0111" {
		t.Errorf("survivor: got %+v (%v), want the number in use first, the new name and the telephone number kept", k.Patient, err)
	}
	putPatient(t, s, listed("PDDD4", "Other", "Otto", "1990-01-01", "", "1"), true)
	var gone int64
	err = s.Write(context.Background(), func(tx *store.Tx) (err error) {
		gone, err = tx.RemoveUnseen("list:ehr", day.Add(time.Second))
		return err
	})
	if err != nil || gone != 1 {
		t.Errorf("a whole list without Otto: got %d gone (%v), want 1; the patient of the channel stays", gone, err)
	}
	if list, err := s.Patients(context.Background(), store.PatientFilter{}); err != nil || len(list) != 1 || list[0].ID != "PAAA1" {
		t.Errorf("left: got %d (%v), want PAAA1", len(list), err)
	}
	if err := s.Write(context.Background(), func(tx *store.Tx) error {
		_, _, err := tx.PutPatient(referral.KnownPatient{ID: "PX"}, true)
		return err
	}); !errors.Is(err, store.ErrNoNumber) {
		t.Errorf("without a number: got %v, want ErrNoNumber", err)
	}
}
