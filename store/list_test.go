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

func TestMessagesFilter(t *testing.T) {
	s := fresh(t)
	for i := range 6 {
		m := message(fmt.Sprint("m", i), fmt.Sprint("C", i%3))
		m.ReceivedAt = day.Add(time.Duration(i) * time.Minute)
		if i%2 == 1 {
			m.Direction, m.Channel, m.State = referral.Outbound, "lake/direct", referral.MessageProcessed
		}
		write(t, s, func(tx *store.Tx) error { return tx.AddMessage(m, referral.Blob{}) })
	}
	for what, c := range map[string]struct {
		f    store.MessageFilter
		want []string
	}{
		"all":       {store.MessageFilter{}, []string{"m5", "m4", "m3", "m2", "m1", "m0"}},
		"limit":     {store.MessageFilter{Limit: 2}, []string{"m5", "m4"}},
		"control":   {store.MessageFilter{ControlID: "C1"}, []string{"m4", "m1"}},
		"channel":   {store.MessageFilter{Channel: "ehr-orders"}, []string{"m4", "m2", "m0"}},
		"direction": {store.MessageFilter{Direction: "out"}, []string{"m5", "m3", "m1"}},
		"state":     {store.MessageFilter{State: referral.MessageReceived, Limit: 1}, []string{"m4"}},
		"since":     {store.MessageFilter{Since: day.Add(4 * time.Minute)}, []string{"m5", "m4"}},
		"together":  {store.MessageFilter{Since: day.Add(time.Minute), Direction: "in", ControlID: "C2"}, []string{"m2"}},
	} {
		got, err := s.Messages(t.Context(), c.f)
		var ids []string
		for _, m := range got {
			ids = append(ids, m.ID)
		}
		if err != nil || !slices.Equal(ids, c.want) {
			t.Errorf("%s: got %v, %v, want %v", what, ids, err, c.want)
		}
	}
}

func TestIncidents(t *testing.T) {
	s := fresh(t)
	opened := func(id, key string) (now bool) {
		write(t, s, func(tx *store.Tx) (err error) {
			now, err = tx.OpenIncident(referral.Incident{ID: id, Kind: "rail_down", Key: key, Opened: day, Note: "no answer"})
			return err
		})
		return now
	}
	if !opened("i1", "lake") || opened("i2", "lake") || !opened("i3", "sea") || opened("i4", "lake") {
		t.Fatal("want one open incident a cause")
	}
	write(t, s, func(tx *store.Tx) error { return tx.ResolveIncidents("rail_down", "lake", day.Add(time.Hour)) })
	if !opened("i5", "lake") {
		t.Fatal("a resolved cause opens anew")
	}
	all, err := s.Incidents(t.Context(), store.IncidentFilter{})
	if err != nil || len(all) != 3 {
		t.Fatalf("got %d, %v, want 3", len(all), err)
	}
	open, err := s.Incidents(t.Context(), store.IncidentFilter{Open: true})
	if err != nil || len(open) != 2 {
		t.Fatalf("open: got %d, %v, want 2", len(open), err)
	}
	i := slices.IndexFunc(all, func(i referral.Incident) bool { return i.ID == "i1" })
	want := referral.Incident{ID: "i1", Kind: "rail_down", Key: "lake", Opened: day, Resolved: day.Add(time.Hour), Count: 3, Note: "no answer"}
	same(t, "counted", all[i], want, nil)
}

func TestStats(t *testing.T) {
	s := fresh(t)
	r := record("r1", 1)
	m := message("m1", "C1")
	later := delivery("d2", "r1", "lake/direct")
	later.Created = day.Add(time.Hour)
	write(t, s, func(tx *store.Tx) error {
		return errors.Join(tx.AddMessage(m, referral.Blob{}), tx.PutReferral(r, referral.Clock{}), second(tx.AddDelivery(delivery("d1", "r1", "lake/direct"))),
			second(tx.AddDelivery(later)), second(tx.OpenIncident(referral.Incident{ID: "i", Kind: "k", Key: "c", Opened: day})))
	})
	got, err := s.Stats(t.Context())
	if got.WALBytes == 0 {
		t.Error("got no write-ahead log")
	}
	got.WALBytes = 0
	same(t, "stats", got, store.Stats{
		Messages: map[string]int64{"received": 1}, Referrals: map[string]int64{"sent": 1}, Deliveries: map[string]int64{"queued": 2},
		Incidents: map[string]int64{"k": 1}, Lanes: []store.LaneStat{{Lane: "lake/direct", Waiting: 2, Oldest: day}},
		Channels: []store.ChannelStat{{Channel: "ehr-orders", Last: day}},
	}, err)
}

func TestPartnerState(t *testing.T) {
	s := fresh(t)
	p := referral.PartnerState{Partner: "lake", Lane: "lake/direct", State: "red", Since: day}
	set := func(p referral.PartnerState, want bool) {
		write(t, s, func(tx *store.Tx) error {
			changed, err := tx.SetPartnerState(p)
			if changed != want {
				t.Errorf("%s %s: got changed %v, want %v", p.State, p.Note, changed, want)
			}
			return err
		})
	}
	set(p, true)
	again := p
	again.Since, again.Note = day.Add(time.Hour), "still"
	set(again, false)
	got, err := s.PartnerStates(t.Context())
	p.Note = "still"
	same(t, "state", got, []referral.PartnerState{p}, err)
	again.State = "green"
	set(again, true)
}

func TestEchoAndSnapshots(t *testing.T) {
	s := fresh(t)
	one, three := record("r1", 1), record("r1", 3)
	three.State = referral.StateAccepted
	write(t, s, func(tx *store.Tx) error {
		return errors.Join(tx.PutReferral(one, referral.Clock{}), tx.AddEvents("r1", []referral.Event{event(1)}))
	})
	write(t, s, func(tx *store.Tx) error {
		return errors.Join(tx.PutReferral(three, referral.Clock{}), tx.AddEvents("r1", []referral.Event{event(2), event(3)}))
	})
	for seq, want := range map[int]referral.Referral{1: one, 2: three, 3: three} {
		got, err := s.Snapshot(t.Context(), "r1", seq)
		same(t, fmt.Sprint("as of ", seq), got, want, err)
	}
	if _, err := s.Snapshot(t.Context(), "r1", 4); !errors.Is(err, referral.ErrNotFound) {
		t.Errorf("a seq to come: got %v", err)
	}
	write(t, s, func(tx *store.Tx) error {
		for digest, want := range map[string]bool{"digest-2": true, "digest-9": false, "": false} {
			if got, err := tx.HasDigest("r1", digest); err != nil || got != want {
				t.Errorf("digest %q: got %v, %v, want %v", digest, got, err, want)
			}
		}
		return nil
	})
	err := s.Write(t.Context(), func(tx *store.Tx) error { return tx.AddEvents("r1", []referral.Event{event(3)}) })
	if err == nil {
		t.Error("the same seq twice: want an error")
	}
}
