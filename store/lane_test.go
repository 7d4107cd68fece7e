package store_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"refloop/referral"
	"refloop/store"
)

func heads(t *testing.T, s *store.Store, wide map[string]int) []string {
	t.Helper()
	var ids []string
	for _, lane := range []string{"ehr/mllp", "lake/direct"} {
		ds, err := s.LaneHeads(t.Context(), lane, max(1, wide[lane]))
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range ds {
			ids = append(ids, d.ID)
		}
	}
	return ids
}

func setState(t *testing.T, s *store.Store, id string, state referral.DeliveryState) {
	t.Helper()
	write(t, s, func(tx *store.Tx) error {
		d, err := tx.Delivery(id)
		if err != nil {
			return err
		}
		d.State = state
		return tx.SetDelivery(d)
	})
}

func TestLaneHeadsKeepOrder(t *testing.T) {
	s := fresh(t)
	// Ids against the order of queueing: LaneSeq counts, not the id.
	queue := []struct{ id, referral, lane string }{
		{"z1", "r1", "ehr/mllp"}, {"z2", "r2", "ehr/mllp"}, {"a3", "r1", "ehr/mllp"},
		{"d1", "r1", "lake/direct"}, {"d2", "r1", "lake/direct"}, {"d3", "r2", "lake/direct"}, {"d4", "", "lake/direct"}, {"d5", "", "lake/direct"}, {"d6", "r3", "lake/direct"},
	}
	for _, q := range queue {
		write(t, s, func(tx *store.Tx) error { return second(tx.AddDelivery(delivery(q.id, q.referral, q.lane))) })
	}
	wide := map[string]int{"lake/direct": 4}
	steps := []struct {
		id    string
		state referral.DeliveryState
		want  []string
	}{
		{"", "", []string{"z1", "d1", "d3", "d4", "d5"}},
		{"z1", referral.DeliverySending, []string{"z1", "d1", "d3", "d4", "d5"}},
		{"z1", referral.DeliveryFailed, []string{"z1", "d1", "d3", "d4", "d5"}}, // it will be tried again: the lane waits
		{"z1", referral.DeliveryDelivered, []string{"z2", "d1", "d3", "d4", "d5"}},
		{"d1", referral.DeliverySent, []string{"z2", "d2", "d3", "d4", "d5"}},
		{"d4", referral.DeliveryDead, []string{"z2", "d2", "d3", "d5", "d6"}},
		{"z2", referral.DeliveryCancelled, []string{"a3", "d2", "d3", "d5", "d6"}},
	}
	for i, st := range steps {
		if st.id != "" {
			setState(t, s, st.id, st.state)
		}
		if got := heads(t, s, wide); !slices.Equal(got, st.want) {
			t.Errorf("step %d: got %v, want %v", i, got, st.want)
		}
	}
	// A restart goes on counting where the lane ended.
	d, err := s.Delivery(t.Context(), "a3")
	if err != nil || d.LaneSeq != 3 {
		t.Fatalf("got lane seq %d, %v, want 3", d.LaneSeq, err)
	}
}

func TestLaneSeqAfterRestartAndRollback(t *testing.T) {
	path := t.TempDir() + "/refloop.db"
	s := open(t, path)
	boom := errors.New("boom")
	for i := range 4 {
		err := s.Write(t.Context(), func(tx *store.Tx) error {
			if _, err := tx.AddDelivery(delivery(fmt.Sprint("d", i), "r", "lane")); err != nil || i%2 == 0 {
				return err
			}
			return boom
		})
		if err != nil && !errors.Is(err, boom) {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, path)
	write(t, s, func(tx *store.Tx) error { return second(tx.AddDelivery(delivery("a", "r", "lane"))) })
	ds, err := s.Deliveries(t.Context(), store.DeliveryFilter{Lane: "lane"})
	if err != nil || len(ds) != 3 {
		t.Fatalf("got %d, %v", len(ds), err)
	}
	slices.SortFunc(ds, func(a, b referral.Delivery) int { return int(a.LaneSeq - b.LaneSeq) })
	if ds[0].ID != "d0" || ds[1].ID != "d2" || ds[2].ID != "a" {
		t.Errorf("got order %s %s %s, want d0 d2 a", ds[0].ID, ds[1].ID, ds[2].ID)
	}
}

func TestNoticeOnlyOnce(t *testing.T) {
	s := fresh(t)
	for _, c := range []struct {
		id, of, event string
		want          bool
	}{
		{"n1", "m1", "mdn.processed", true}, {"n2", "m1", "mdn.processed", false}, {"n3", "m1", "mdn.dispatched", true},
		{"n4", "m2", "mdn.processed", true}, {"d1", "", "request", true}, {"d2", "", "request", true},
	} {
		d := delivery(c.id, "", "hisp/direct")
		d.NoticeOf, d.Event, d.Notice = c.of, c.event, []byte(`{"Event":"x"}`)
		var got bool
		write(t, s, func(tx *store.Tx) (err error) { got, err = tx.AddDelivery(d); return err })
		if got != c.want {
			t.Errorf("%s: got %v, want %v", c.id, got, c.want)
		}
		if kept, err := s.Delivery(t.Context(), c.id); c.want && (err != nil || string(kept.Notice) != `{"Event":"x"}` || kept.NoticeOf != c.of) {
			t.Errorf("%s: got %+v, %v", c.id, kept, err)
		}
	}
}

func TestByControlAndProof(t *testing.T) {
	s := fresh(t)
	for i, to := range []string{"A@direct.example", "b@direct.example"} {
		d := delivery(fmt.Sprint("d", i), "r1", "lake/direct")
		d.ControlID, d.Recipient, d.State, d.Created = "<x@y>", to, referral.DeliverySent, day.Add(time.Duration(i)*time.Minute)
		write(t, s, func(tx *store.Tx) error { return second(tx.AddDelivery(d)) })
	}
	for _, c := range []struct{ control, to, want string }{
		{"<x@y>", "a@DIRECT.example", "d0"}, {"<x@y>", "", "d1"}, {"<x@y>", "c@direct.example", ""}, {"<z@y>", "", ""}, {"", "", ""},
	} {
		var d referral.Delivery
		var ok bool
		write(t, s, func(tx *store.Tx) (err error) { d, ok, err = tx.ByControl(c.control, c.to); return err })
		if ok != (c.want != "") || d.ID != c.want {
			t.Errorf("%s to %q: got %q, want %q", c.control, c.to, d.ID, c.want)
		}
	}
	first, err := s.Delivery(t.Context(), "d0")
	if err != nil {
		t.Fatal(err)
	}
	for _, silent := range []bool{false, true, true} {
		got, err := s.AwaitingProof(t.Context(), "direct", day.Add(time.Second), silent, 10)
		if want := first.Receipt != referral.ReceiptProcessed || !silent; err != nil || (len(got) == 1 && got[0].ID == "d0") != want {
			t.Errorf("awaiting proof, silent %v, receipt %q: got %d, %v, want d0: %v", silent, first.Receipt, len(got), err, want)
		}
		if silent {
			first.Receipt = referral.ReceiptProcessed
			write(t, s, func(tx *store.Tx) error { return tx.SetDelivery(first) })
		}
	}
}

func TestAttempts(t *testing.T) {
	s := fresh(t)
	a := referral.Attempt{DeliveryID: "d1", N: 1, At: day, Result: "sending"}
	write(t, s, func(tx *store.Tx) error {
		return errors.Join(second(tx.AddDelivery(delivery("d1", "r1", "l"))), tx.AddAttempt(a))
	})
	a.Result, a.Code = "refused", "AR"
	write(t, s, func(tx *store.Tx) error { return tx.SetAttempt(a) })
	got, err := s.Attempts(t.Context(), "d1")
	same(t, "attempts", got, []referral.Attempt{a}, err)
	if err := s.Write(t.Context(), func(tx *store.Tx) error { return tx.AddAttempt(referral.Attempt{DeliveryID: "x", N: 1}) }); err == nil {
		t.Error("an attempt of no delivery: want an error")
	}
	if err := s.Write(t.Context(), func(tx *store.Tx) error { a.N = 9; return tx.SetAttempt(a) }); !errors.Is(err, referral.ErrNotFound) {
		t.Errorf("an attempt that was not begun: got %v, want ErrNotFound", err)
	}
}
