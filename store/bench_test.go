package store_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"refloop/referral"
	"refloop/store"
)

// BenchmarkWork is what one REF^I12 costs in the store: a message of 5 kB with its ACK, a new referral with two events, identifiers and
// look-ups, one delivery, the audit rows, and the questions the engine asks on the way. Compare works/s with BenchmarkFdatasync.
func BenchmarkWork(b *testing.B) {
	for _, producers := range []int{1, 16, 64} {
		b.Run(fmt.Sprintf("producers=%d", producers), func(b *testing.B) {
			s := fresh(b)
			var n atomic.Int64
			b.ReportAllocs()
			before := cpuTime(b)
			b.ResetTimer()
			var wg sync.WaitGroup
			for range producers {
				wg.Go(func() {
					for i := n.Add(1); i <= int64(b.N); i = n.Add(1) {
						if err := oneWork(b.Context(), s, fmt.Sprintf("%08d", i)); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wg.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "works/s")
			b.ReportMetric(float64((cpuTime(b)-before).Microseconds())/float64(b.N), "cpu-us/work")
		})
	}
}

// cpuTime is what this process has used, user and system.
func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// oneWork writes one request under ids that end in n, as the engine does.
func oneWork(ctx context.Context, s *store.Store, n string) error {
	m := message(newID(), "C"+n)
	body, err := s.Stow(ctx, []byte(hl7(m.ControlID, 5000)))
	if err != nil {
		return err
	}
	m.Bytes, m.SHA256 = body.Bytes, body.SHA256
	r := bigRecord(newID(), n)
	return s.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.Prior(m.Sender, m.ControlID); err != nil {
			return err
		}
		if err := errors.Join(tx.AddMessage(m, body), tx.Audit(entry(m.ID))); err != nil {
			return err
		}
		err := tx.Inner(func() error { return writeReferral(tx, m, r) })
		if err != nil {
			return err
		}
		m.State, m.Code, m.ReferralIDs = referral.MessageProcessed, "AA", []string{r.ID}
		return errors.Join(tx.SetAnswer(m.ID, []byte("MSH|^~\\&|REFLOOP\rMSA|AA|"+m.ControlID+"\r")), tx.SetMessage(m))
	})
}

func writeReferral(tx *store.Tx, m referral.Message, r referral.Referral) error {
	if ids, err := tx.ByIdentifier(r.Identifiers); err != nil || len(ids) > 0 {
		return fmt.Errorf("by identifier: got %d, %w", len(ids), err)
	}
	if _, err := tx.DeliveriesOf(r.ID); err != nil {
		return err
	}
	first, second := event(1), event(2)
	first.EvidenceRef, second.EvidenceRef = m.ID, m.ID
	first.Payload.Record = &r
	err := errors.Join(tx.PutReferral(r, referral.Clock{Name: "deliver", Debtor: "us", Since: day, Due: day}),
		tx.AddEvents(r.ID, []referral.Event{first, second}), tx.Audit(entry(r.ID)))
	if err != nil {
		return err
	}
	_, err = tx.AddDelivery(delivery(newID(), r.ID, "lakeside-cardiology/direct"))
	return err
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

// bigRecord is a record as a REF^I12 of 5 kB gives it: about 3 kB of JSON.
func bigRecord(id, n string) referral.Referral {
	r := record(id, 2)
	r.Patient.IDs[0].Value = "MRN" + n
	r.Patient.Name.Family = "Family" + n
	r.Patient.Phone = "555" + n
	r.Identifiers = []referral.Identifier{
		{Value: "P" + n, Authority: "NSEHR", Kind: referral.KindPlacer}, {Value: "V" + n, Authority: "NSEHR", Kind: referral.KindVisit},
		{Value: "C" + n, Authority: "NSEHR|NORTHSIDE", Kind: referral.KindControlID},
	}
	for i := range 6 {
		r.Diagnoses = append(r.Diagnoses, referral.Coded{Code: fmt.Sprintf("I%d.9", 20+i), Text: "A diagnosis in words", System: "I10"})
		r.Medications = append(r.Medications, referral.Medication{Drug: referral.Coded{Code: "197361", Text: "Amlodipine 5 MG Oral Tablet", System: "RXNORM"}, Sig: "one a day"})
		r.Results = append(r.Results, referral.Observation{Test: referral.Coded{Code: "2345-7", Text: "Glucose", System: "LN"}, Value: "99", Unit: "mg/dL", Time: "2026-11-20"})
	}
	return r
}

// BenchmarkFdatasync is the floor of the disk: append what one group of works writes, then fdatasync.
func BenchmarkFdatasync(b *testing.B) {
	f, err := os.Create(filepath.Join(b.TempDir(), "floor"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	page := make([]byte, 64<<10)
	for b.Loop() {
		if _, err := f.Write(page); err != nil {
			b.Fatal(err)
		}
		if err := syscall.Fdatasync(int(f.Fd())); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "syncs/s")
}
