package referral_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	. "refloop/referral"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// t0 is when every test begins: a Monday.
var t0 = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

var allEvents = []EventType{EventRequest, EventChange, EventStatusQuery, EventAccept, EventDecline, EventNoCapacity, EventAsk, EventAnswer,
	EventSchedule, EventReschedule, EventNoShow, EventCancelAppointment, EventSeen, EventInterim, EventReport, EventRelayed, EventRelayLost,
	EventCancel, EventConfirmCancel, EventRefuseCancel, EventResend, EventEnd, EventVerify, EventHold, EventRelease, EventDelivery,
	EventPatientUpdate, EventFaxSent, EventAnomaly}

// patient is synthetic.
func patient() Patient {
	return Patient{IDs: []Identifier{{Value: "MRN-1", Authority: "2.16.1", Kind: KindMRN}},
		Name: Name{Family: "Testfall", Given: "Ada"}, BirthDate: "1970-01-02", Sex: "F"}
}

// inState is a referral that came into the state at t0, as if by the road there.
func inState(role Role, s State) Referral {
	r := Referral{ID: "R1", Authority: "2.16.9", Role: role, State: s, Version: 10, Priority: Routine, Patient: patient(),
		Created: t0, Since: t0, Entered: t0, Grade: GradeA}
	switch s {
	case StateCancelRequested:
		r.Before = StateAccepted
	case StateEnded:
		r.EndReason = EndDuplicate
	case StateReportReceived, StateClosed:
		r.ReportSeq = 10
	}
	return r
}

// said is an event with all that it needs, an hour after t0, told by wire.
func said(t EventType, by Side) Event {
	e := Event{Type: t, By: by, Origin: OriginDirect, Actor: "partner", Grade: GradeA, EventTime: t0.Add(time.Hour), ReceiveTime: t0.Add(time.Hour)}
	switch t {
	case EventReport, EventInterim:
		e.Payload.Documents = []Document{{ID: "D-" + string(t), SHA256: "sha-" + string(t), Signed: t == EventReport}}
	case EventRelayed, EventRelayLost:
		e.Payload.Delivery = "delivery-1"
	case EventEnd:
		e.Reason = string(EndExpired)
	case EventHold:
		e.Payload.Hold = &Hold{Kind: HoldCapacity, Reason: "no room"}
	case EventRelease:
		e.Payload.Hold = &Hold{Kind: HoldCapacity}
	}
	return e
}

// staff is said by a person of ours at the console.
func staff(t EventType, by Side) Event {
	e := said(t, by)
	e.Origin, e.Actor = OriginStaff, "nurse"
	return e
}

func apply(t *testing.T, r Referral, e Event) Result {
	t.Helper()
	res, err := Apply(r, e)
	if err != nil {
		t.Fatalf("%s by %s in %s: %v", e.Type, e.By, r.State, err)
	}
	return res
}

func refused(t *testing.T, r Referral, e Event, want Code) *Refusal {
	t.Helper()
	res, err := Apply(r, e)
	var ref *Refusal
	if !errors.As(err, &ref) {
		t.Fatalf("%s by %s in %s: got state %s, want a refusal %s", e.Type, e.By, r.State, res.Referral.State, want)
	}
	if ref.Code != want {
		t.Fatalf("%s by %s in %s: got refusal %s, want %s", e.Type, e.By, r.State, ref.Code, want)
	}
	return ref
}

// TestTableIsWhole: every event and state of the lists is in the table, no row is hidden by an earlier one, every implied step is legal.
func TestTableIsWhole(t *testing.T) {
	events, entered := map[EventType]bool{}, map[State]bool{StateDraft: true}
	for i, row := range Table() {
		events[row.Event] = true
		if row.Source == "" || row.How == "" || len(row.From) == 0 || len(row.By) == 0 {
			t.Errorf("row %d (%s): from, by, how and source must all be there", i, row.Event)
		}
		moves := row.How == Moves || row.How == Skips
		if moves != (row.To != "") {
			t.Errorf("row %d (%s): To %q does not fit %s", i, row.Event, row.To, row.How)
		}
		entered[row.To] = true
		for _, from := range row.From {
			hidden := slices.ContainsFunc(Table()[:i], func(o Row) bool {
				return o.Event == row.Event && slices.Contains(o.From, from) && len(o.Ended) == 0 && slices.Equal(o.By, row.By)
			})
			if hidden {
				t.Errorf("row %d (%s from %s): an earlier row says the same", i, row.Event, from)
			}
			at := from
			for _, step := range row.Via {
				j := slices.IndexFunc(Table(), func(o Row) bool {
					return o.Event == step && slices.Contains(o.From, at) && o.How == Moves && len(o.Via) == 0
				})
				if j < 0 {
					t.Errorf("row %d (%s from %s): implied %s is not legal in %s", i, row.Event, from, step, at)
					break
				}
				at = Table()[j].To
			}
			if len(row.Via) > 0 && !slices.ContainsFunc(Table(), func(o Row) bool {
				return o.Event == row.Event && slices.Contains(o.From, at) && o.How == Moves && o.To == row.To
			}) {
				t.Errorf("row %d (%s from %s): after the implied steps %s>%s is not legal", i, row.Event, from, at, row.To)
			}
		}
	}
	for _, e := range allEvents {
		if !events[e] {
			t.Errorf("no row for event %s", e)
		}
	}
	for _, s := range States() {
		if !entered[s] {
			t.Errorf("no row leads to state %s", s)
		}
	}
}

// TestSources: all 34 transitions of the harmonised table are there (31 to 34 are general forms of 06, 08, decline and cancel).
func TestSources(t *testing.T) {
	have := map[string]bool{}
	for _, row := range Table() {
		have[row.Source] = true
	}
	for n := 1; n <= 30; n++ {
		if s := fmt.Sprintf("360X %02d", n); !have[s] {
			t.Errorf("no row with source %s", s)
		}
	}
}

// TestMatrix holds what every event by every side does in every state, for both roles, by wire and by our own staff.
func TestMatrix(t *testing.T) {
	for _, role := range []Role{RoleInitiator, RoleRecipient} {
		for _, origin := range []string{OriginDirect, OriginStaff} {
			var b strings.Builder
			for _, e := range allEvents {
				for _, side := range []Side{SideInitiator, SideRecipient, SideDaemon} {
					if origin == OriginStaff && side == SideDaemon {
						continue
					}
					fmt.Fprintf(&b, "%s by %s\n", e, side)
					for _, s := range States() {
						fmt.Fprintf(&b, "  %-17s %s\n", s, outcome(t, role, s, e, side, origin))
					}
				}
			}
			golden(t, fmt.Sprintf("matrix-%s-%s.want", role, origin), b.String())
		}
	}
}

// outcome is one cell of the matrix.
func outcome(t *testing.T, role Role, s State, typ EventType, side Side, origin string) string {
	t.Helper()
	r, e := inState(role, s), said(typ, side)
	e.Origin = origin
	if typ == EventRelease {
		r.Holds = []Hold{{Kind: HoldCapacity, Reason: "no room", Owner: "us"}}
	}
	res, err := Apply(r, e)
	var ref *Refusal
	if errors.As(err, &ref) {
		return "refused: " + string(ref.Code)
	}
	if err != nil || res.Echo || len(res.Events) == 0 {
		t.Fatalf("%s by %s in %s: neither a row nor a typed refusal: %v", typ, side, s, err)
	}
	var out []string
	for _, ev := range res.Events {
		w := string(ev.Type) + ">" + string(ev.To)
		if ev.Implied {
			w = "(" + w + ")"
		}
		out = append(out, w)
	}
	for _, f := range res.Effects {
		out = append(out, strings.TrimRight(fmt.Sprintf("%s %s%s %s", f.Kind, f.Tell, f.Item, f.Event), " "))
	}
	for _, a := range res.Anomalies {
		out = append(out, "!"+a.Kind)
	}
	return strings.Join(out, "; ")
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s (-want +got):\n%s", name, d)
	}
}
