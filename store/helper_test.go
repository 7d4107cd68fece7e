package store_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"refloop/audit"
	"refloop/referral"
	"refloop/store"
)

func TestMain(m *testing.M) {
	if path := os.Getenv(crashEnv); path != "" {
		fmt.Fprintln(os.Stderr, "crash child:", crashChild(path))
		os.Exit(1)
	}
	goleak.VerifyTestMain(m)
}

var (
	sealKey = [32]byte{1, 2, 3}
	day     = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
)

func config(path string) store.Config {
	return store.Config{URL: "sqlite:" + path, SealKey: sealKey, Node: "node-a", Org: "northside"}
}

func open(t testing.TB, path string) *store.Store {
	t.Helper()
	return openWith(t, config(path))
}

func openWith(t testing.TB, cfg store.Config) *store.Store {
	t.Helper()
	s, err := store.Open(context.Background(), cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func fresh(t testing.TB) *store.Store {
	t.Helper()
	return open(t, filepath.Join(t.TempDir(), "refloop.db"))
}

func write(t testing.TB, s *store.Store, work func(*store.Tx) error) {
	t.Helper()
	if err := s.Write(t.Context(), work); err != nil {
		t.Fatal(err)
	}
}

func stow(t testing.TB, s *store.Store, body string) referral.Blob {
	t.Helper()
	b, err := s.Stow(t.Context(), []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Synthetic people: none of these words may ever be found in the database file.
var secretWords = []string{"Quillfeather", "Zephyrina", "1961-07-19", "19610719", "MRN-7755331", "555-867-5309", "5558675309", "Gooseberry Lane", "member-998877", "palpitations-note"}

func patient() referral.Patient {
	return referral.Patient{
		IDs:  []referral.Identifier{{Value: "MRN-7755331", Authority: "2.16.840.1.113883.3.72.5.9.1", Kind: referral.KindMRN}},
		Name: referral.Name{Family: "Quillfeather", Given: "Zephyrina"}, BirthDate: "1961-07-19", Sex: "F", Phone: "(555) 555-867-5309",
		Address: referral.Address{Line1: "12 Gooseberry Lane"},
	}
}

func record(id string, version int) referral.Referral {
	return referral.Referral{
		ID: id, Authority: "2.16.840.1.113883.3.72.5.9.1", Org: "northside", Role: referral.RoleInitiator, Version: version,
		State: referral.StateSent, Created: day, Updated: day, Patient: patient(),
		Initiator: referral.Party{Partner: "northside-ehr", NPI: "1234567893"}, Recipient: referral.Party{Partner: "lakeside-cardiology"},
		Coverage: []referral.Coverage{{Payer: "Acme", MemberID: "member-998877"}},
		Service:  referral.Service{Coded: referral.Coded{Code: "REF", Text: "Cardiology consult"}}, Specialty: "cardiology", Priority: referral.Routine,
		Reason: "palpitations-note", Diagnoses: []referral.Coded{{Code: "R00.2", Text: "Palpitations", System: "I10"}},
		Identifiers: []referral.Identifier{{Value: "PLC-" + id, Authority: "NSEHR", Kind: referral.KindPlacer}},
	}
}

func event(seq int) referral.Event {
	return referral.Event{
		Seq: seq, EventTime: day, ReceiveTime: day, Type: referral.EventRequest, From: referral.StateDraft, To: referral.StateSent,
		By: referral.SideInitiator, Actor: "partner:northside-ehr", Origin: referral.OriginMLLP, Grade: referral.GradeA, EvidenceRef: "m1",
		Note: "palpitations-note", Payload: referral.Payload{Digest: fmt.Sprintf("digest-%d", seq)},
	}
}

func message(id, control string) referral.Message {
	return referral.Message{
		ID: id, Direction: referral.Inbound, Channel: "ehr-orders", Partner: "northside-ehr", Peer: "127.0.0.1:4711", Type: "REF^I12",
		ContentType: "x-application/hl7-v2+er7", ControlID: control, Sender: "NSEHR|NORTHSIDE", ReceivedAt: day, State: referral.MessageReceived,
		ConfigHash: "c0ffee",
	}
}

func delivery(id, referralID, lane string) referral.Delivery {
	return referral.Delivery{
		ID: id, ReferralID: referralID, Event: "request", Seq: 1, Partner: "lakeside-cardiology", Rail: "direct", Address: "referrals@direct.lakeside.example",
		Lane: lane, State: referral.DeliveryQueued, Created: day, NextAttempt: day, ControlID: "RL" + id,
	}
}

func entry(object string) audit.Entry {
	return audit.Entry{At: day, Actor: "daemon", Action: "message.received", Object: object, Detail: "REF^I12"}
}

// hl7 is a message of about n bytes with the patient of patient().
func hl7(control string, n int) string {
	head := "MSH|^~\\&|NSEHR|NORTHSIDE|REFLOOP|NS|20261123100000||REF^I12|" + control + "|P|2.5.1\r" +
		"PID|1||MRN-7755331^^^NS^MR||Quillfeather^Zephyrina||19610719|F|||12 Gooseberry Lane||5558675309\r"
	return head + "NTE|1||" + strings.Repeat("x", max(0, n-len(head)-10)) + "\r"
}
