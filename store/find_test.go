package store_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"refloop/referral"
	"refloop/store"
)

func put(t *testing.T, s *store.Store, rs ...referral.Referral) {
	t.Helper()
	for _, r := range rs {
		write(t, s, func(tx *store.Tx) error { return tx.PutReferral(r, referral.Clock{}) })
	}
}

func TestByIdentifier(t *testing.T) {
	s := fresh(t)
	a, b := record("r1", 1), record("r2", 1)
	a.Identifiers = []referral.Identifier{
		{Value: "100", Authority: "urn:oid:1.2.3", Kind: referral.KindPlacer}, {Value: "77", Kind: referral.KindFaxCode},
		{Value: "MRN-7755331", Authority: "1.9", Kind: referral.KindMRN},
	}
	b.Identifiers = []referral.Identifier{{Value: "100", Authority: "1.2.4", Kind: referral.KindPlacer}, {Value: "55", Authority: "1.2.3", Kind: referral.KindFiller}}
	put(t, s, a, b)
	for _, c := range []struct {
		id   referral.Identifier
		want []string
	}{
		{referral.Identifier{Value: " 100 ", Authority: "1.2.3", Kind: referral.KindReferral}, []string{"r1"}}, // another kind, the same authority
		{referral.Identifier{Value: "100", Authority: "1.2.4"}, []string{"r2"}},
		{referral.Identifier{Value: "100", Kind: referral.KindPlacer}, nil}, // never the value alone
		{referral.Identifier{Value: "77", Kind: referral.KindFaxCode}, []string{"r1"}},
		{referral.Identifier{Value: "77"}, []string{"r1"}},
		{referral.Identifier{Value: "77", Kind: referral.KindPlacer}, nil},
		{referral.Identifier{Value: "MRN-7755331", Authority: "1.9", Kind: referral.KindMRN}, []string{"r1"}},
		{referral.Identifier{Value: "MRN-7755331", Authority: "1.9", Kind: referral.KindPlacer}, nil}, // a patient's number names no order
		{referral.Identifier{Value: "MRN-7755331", Authority: "1.8", Kind: referral.KindMRN}, nil},
		{referral.Identifier{}, nil},
	} {
		var got []string
		write(t, s, func(tx *store.Tx) (err error) { got, err = tx.ByIdentifier([]referral.Identifier{c.id}); return err })
		if !slices.Equal(got, c.want) {
			t.Errorf("%+v: got %v, want %v", c.id, got, c.want)
		}
		// The same answer as the domain's own comparison.
		for _, r := range []referral.Referral{a, b} {
			if eq := slices.ContainsFunc(r.Identifiers, c.id.Equal); eq != slices.Contains(got, r.ID) && c.id.Kind != referral.KindPlacer {
				t.Errorf("%+v: referral says %v about %s", c.id, eq, r.ID)
			}
		}
	}
	var got []string
	write(t, s, func(tx *store.Tx) (err error) {
		got, err = tx.ByIdentifier(append(slices.Clone(b.Identifiers), append(a.Identifiers, b.Identifiers...)...))
		return err
	})
	if !slices.Equal(got, []string{"r2", "r1"}) {
		t.Errorf("several: got %v, want r2 r1 without duplicates", got)
	}
}

func TestByPatientAndCorrection(t *testing.T) {
	s := fresh(t)
	open, closed, other := record("open", 1), record("closed", 1), record("other", 1)
	closed.State = referral.StateClosed
	other.Patient.IDs = []referral.Identifier{{Value: "MRN-7755331", Authority: "9.9.9", Kind: referral.KindMRN}}
	other.Patient.Name.Family = "Someone"
	put(t, s, open, closed, other)
	by := func(p referral.Patient) []string {
		var got []string
		write(t, s, func(tx *store.Tx) (err error) { got, err = tx.ByPatient(p); return err })
		return got
	}
	p := patient()
	for what, c := range map[string]struct {
		p    referral.Patient
		want []string
	}{
		"number":                   {referral.Patient{IDs: p.IDs}, []string{"open"}},
		"number of another place":  {referral.Patient{IDs: other.Patient.IDs}, []string{"other"}},
		"name and birth date":      {referral.Patient{Name: referral.Name{Family: "QUILL-FEATHER"}, BirthDate: "19610719"}, []string{"open"}},
		"name in one line":         {referral.Patient{Name: referral.Name{Text: "Quillfeather, Z"}, BirthDate: "1961-07-19"}, []string{"open"}},
		"name alone":               {referral.Patient{Name: p.Name}, nil},
		"year alone":               {referral.Patient{Name: p.Name, BirthDate: "1961"}, nil},
		"unknown number, and name": {referral.Patient{IDs: []referral.Identifier{{Value: "1", Authority: "1", Kind: referral.KindMRN}}, Name: p.Name, BirthDate: p.BirthDate}, []string{"open"}},
	} {
		if got := by(c.p); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %v, want %v", what, got, c.want)
		}
	}
	// The number is corrected: the old one finds nothing any more.
	open.Version, open.Patient.IDs = 2, []referral.Identifier{{Value: "NEW-1", Authority: "1.1", Kind: referral.KindMRN}}
	open.Identifiers = append(open.Identifiers, referral.Identifier{Value: "F-1", Authority: "L", Kind: referral.KindFiller})
	put(t, s, open)
	if got := by(referral.Patient{IDs: p.IDs}); got != nil {
		t.Errorf("old number: got %v, want none", got)
	}
	if got := by(referral.Patient{IDs: open.Patient.IDs}); !slices.Equal(got, []string{"open"}) {
		t.Errorf("new number: got %v", got)
	}
	var got []string
	write(t, s, func(tx *store.Tx) (err error) { got, err = tx.ByIdentifier(open.Identifiers); return err })
	if !slices.Equal(got, []string{"open"}) {
		t.Errorf("identifiers after the update: got %v", got)
	}
}

func TestFind(t *testing.T) {
	s := fresh(t)
	a, b := record("r1", 1), record("r2", 1)
	b.Patient.BirthDate, b.Created = "1990-01-01", day.Add(time.Hour)
	put(t, s, a, b)
	for what, c := range map[string]struct {
		find store.Find
		want []string
	}{
		"number":                  {store.Find{MRN: "MRN-7755331"}, []string{"r2", "r1"}},
		"number and authority":    {store.Find{MRN: "MRN-7755331", Authority: "2.16.840.1.113883.3.72.5.9.1"}, []string{"r2", "r1"}},
		"number, other authority": {store.Find{MRN: "MRN-7755331", Authority: "1.2"}, nil},
		"name and birth":          {store.Find{Family: "quillfeather", BirthDate: "1961-07-19"}, []string{"r1"}},
		"phone":                   {store.Find{Phone: "+1 555 867 5309 x22"}, []string{"r2", "r1"}},
		"number and birth":        {store.Find{MRN: "MRN-7755331", Family: "Quillfeather", BirthDate: "1990-01-01"}, []string{"r2"}},
	} {
		got, err := s.Referrals(t.Context(), store.ReferralFilter{Find: &c.find})
		var ids []string
		for _, l := range got {
			ids = append(ids, l.Referral.ID)
		}
		if err != nil || !slices.Equal(ids, c.want) {
			t.Errorf("%s: got %v, %v, want %v", what, ids, err, c.want)
		}
	}
	for _, f := range []store.Find{{}, {Family: "Quillfeather"}, {BirthDate: "1961-07-19"}, {Family: "Quillfeather", BirthDate: "1961"}} {
		if _, err := s.Referrals(t.Context(), store.ReferralFilter{Find: &f}); !errors.Is(err, store.ErrFind) {
			t.Errorf("%+v: got %v, want ErrFind", f, err)
		}
	}
}

func TestPrior(t *testing.T) {
	s := fresh(t)
	add := func(id, control, sender, sha string, at time.Time, kind string) {
		m := message(id, control)
		m.Sender, m.SHA256, m.ReceivedAt, m.ContentType = sender, sha, at, kind
		write(t, s, func(tx *store.Tx) error {
			return errors.Join(tx.AddMessage(m, referral.Blob{}), tx.SetAnswer(id, []byte("ack of "+id)))
		})
	}
	const hl7Type, fax = "x-application/hl7-v2+er7", "image/tiff"
	add("m1", "C1", "A", "s1", day, hl7Type)
	add("m2", "C1", "A", "s2", day.Add(time.Minute), hl7Type)
	add("m3", "C1", "B", "s1", day, hl7Type)
	add("m4", "", "A", "f1", day, fax)
	add("m5", "", "A", "f1", day.Add(time.Hour), fax)
	write(t, s, func(tx *store.Tx) error {
		got, err := tx.Prior("A", "C1")
		want := []referral.PriorMessage{
			{ID: "m2", SHA256: "s2", State: referral.MessageReceived, ReceivedAt: day.Add(time.Minute), Answer: []byte("ack of m2")},
			{ID: "m1", SHA256: "s1", State: referral.MessageReceived, ReceivedAt: day, Answer: []byte("ack of m1")},
		}
		same(t, "prior", got, want, err)
		if got, err := tx.Prior("A", ""); err != nil || got != nil {
			t.Errorf("no control id: got %d, %v", len(got), err)
		}
		for _, c := range []struct {
			channel, sha string
			since        time.Time
			want         string
		}{
			{"ehr-orders", "f1", day, "m5"}, {"ehr-orders", "f1", day.Add(2 * time.Hour), ""}, {"other", "f1", day, ""}, {"ehr-orders", "s1", day, ""},
		} {
			p, ok, err := tx.PriorContent(c.channel, c.sha, c.since)
			if err != nil || p.ID != c.want || ok != (c.want != "") {
				t.Errorf("content %s on %s: got %q, %v, want %q", c.sha, c.channel, p.ID, err, c.want)
			}
		}
		return nil
	})
	ids, err := s.PendingMessages(t.Context(), 3)
	same(t, "pending", ids, []string{"m1", "m3", "m4"}, err)
}
