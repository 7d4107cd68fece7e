package engine_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"refloop/channels"
	"refloop/engine"
	"refloop/internal/enginetest"
	"refloop/referral"
	"refloop/store"
	"refloop/transform"
)

const faxNumber = "+1 555 0100"

// faxFirst makes fax the first rail of Lakeside, and every fax one that was handed over.
func faxFirst(w *enginetest.World) {
	p := &w.Set.Directory.Partners[1]
	slices.Reverse(p.Rails)
	w.Senders[enginetest.FaxLane].SendFunc = enginetest.Mailed
}

// returned makes the mail channel read our own page with these boxes ticked.
func returned(w *enginetest.World, id, ticked string) {
	fields := fmt.Sprintf(`{"document_type":"other","own_pages":[{"page":1,"referral":%q,"of":2,"reply":true,"ticked":[%q]}]}`, id, ticked)
	w.Mail.OpenFunc = func(a channels.Archived) (channels.Opened, error) {
		return channels.Opened{Type: channels.Fax, Partner: enginetest.Lakeside, Parts: []channels.Part{
			{Kind: channels.KindFields, Body: []byte(fields), Attrs: map[string]string{"reply_expires": "48h0m0s"}}, {Kind: channels.KindImage, ContentType: "image/tiff", Body: []byte("II*\x00")},
		}}, nil
	}
}

func TestWrongNumberIsBlockedUntilTwoPeopleChecked(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		faxFirst(w)
		w.Start()
		r := ask(t, w)
		w.Settle()
		if n := len(w.Senders[enginetest.FaxLane].Sent()); n != 1 {
			t.Fatalf("got %d faxes, want one", n)
		}
		returned(w, r.ID, "not_our_patient")
		w.Post("page 1", "<1@fax>")
		w.Settle()
		if w.Incidents()["fax_number_blocked"] != 1 {
			t.Fatalf("got %v, want the number blocked", w.Incidents())
		}
		second := w.Referral(w.Take(enginetest.FromEHR, enginetest.Request("C2", "RF-2")).ReferralIDs[0])
		w.Settle()
		ds := w.Deliveries(second.ID)
		if len(ds) != 2 || ds[0].State != referral.DeliveryCancelled || ds[1].Lane != enginetest.DirectLane || ds[1].CopyOf != "" || len(w.Senders[enginetest.FaxLane].Sent()) != 1 {
			t.Errorf("while it is blocked: got %+v, want the next rail and no fax", ds)
		}
		for id, i := range blockedItems(t, w) {
			if err := w.Engine.CloseItem(t.Context(), "user:anna", id, "seen"); err != nil || i.Count != 2 {
				t.Errorf("got %v, count %d, want it counted", err, i.Count)
			}
		}
		w.Take(enginetest.FromEHR, enginetest.Request("C2b", "RF-2b"))
		w.Settle()
		if w.Incidents()["fax_number_blocked"] != 1 {
			t.Error("closed while it is blocked: the next fax that is kept back does not show it")
		}
		verify := func(who string) (bool, error) {
			return w.Engine.VerifyFax(t.Context(), who, enginetest.Lakeside, faxNumber)
		}
		if open, err := verify("user:anna"); open || err != nil {
			t.Errorf("one person: got open %v, %v, want it blocked still", open, err)
		}
		var no *engine.NotAllowed
		if _, err := verify("user:anna"); !errors.As(err, &no) {
			t.Errorf("the same person again: got %v, want it refused", err)
		}
		if open, err := verify("user:ben"); !open || err != nil || w.Incidents()["fax_number_blocked"] != 0 {
			t.Errorf("two people: got open %v, %v, %v", open, err, w.Incidents())
		}
		if _, err := verify("user:ben"); !errors.As(err, &no) {
			t.Errorf("a number that is not blocked: got %v, want it refused", err)
		}
		w.Take(enginetest.FromEHR, enginetest.Request("C3", "RF-3"))
		w.Settle()
		if n := len(w.Senders[enginetest.FaxLane].Sent()); n != 2 {
			t.Errorf("after that: got %d faxes, want two", n)
		}
	})
}

// blockedItems are the open items of blocked numbers.
func blockedItems(t *testing.T, w *enginetest.World) map[string]referral.Incident {
	t.Helper()
	list, err := w.Store.Incidents(t.Context(), store.IncidentFilter{Open: true, Kind: "fax_number_blocked"})
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]referral.Incident{}
	for _, i := range list {
		out[i.ID] = i
	}
	return out
}

func TestBlockFaxByAPerson(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		w.Start()
		for name, c := range map[string][3]string{"nobody": {"x", faxNumber, "why"}, "another number": {enginetest.Lakeside, "+15559999", "why"}, "no reason": {enginetest.Lakeside, faxNumber, ""}} {
			if err := w.Engine.BlockFax(t.Context(), "user:anna", c[0], c[1], c[2]); err == nil {
				t.Errorf("%s: got no error, want one", name)
			}
		}
		for range 2 {
			if err := w.Engine.BlockFax(t.Context(), "user:anna", enginetest.Lakeside, faxNumber, "a private person answered"); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := w.Engine.VerifyFax(t.Context(), "user:anna", enginetest.Lakeside, faxNumber); err != nil {
			t.Error(err)
		}
		if err := w.Engine.BlockFax(t.Context(), "user:ben", enginetest.Lakeside, faxNumber, "again"); err != nil { // the check before it is void
			t.Fatal(err)
		}
		if open, err := w.Engine.VerifyFax(t.Context(), "user:ben", enginetest.Lakeside, faxNumber); open || err != nil {
			t.Errorf("got open %v, %v, want it blocked", open, err)
		}
	})
}

func TestReplyOnPaperExpires(t *testing.T) {
	for name, c := range map[string]struct {
		after time.Duration
		want  referral.State
		held  int
	}{"in time": {time.Hour, referral.StateAccepted, 0}, "late": {49 * time.Hour, referral.StateSent, 1}} {
		inWorld(t, func(t *testing.T, w *enginetest.World) {
			faxFirst(w)
			w.Start()
			r := ask(t, w)
			w.Pass(c.after)
			returned(w, r.ID, "accepted")
			out := w.Post("page 1", "<1@fax>")
			w.Settle()
			wantState(t, w, r.ID, c.want)
			if m := w.Message(out.MessageID); (m.State == referral.MessageHeld) != (c.held == 1) {
				t.Errorf("%s: got message %s (%s)", name, m.State, m.Reason)
			}
		})
	}
}

func TestFaxThatMetABusyLineIsTriedAgain(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		faxFirst(w)
		w.Start()
		r := ask(t, w)
		w.Settle()
		id := w.Deliveries(r.ID)[0].ID
		for range 2 { // by a notice, and when the gateway is asked
			if err := w.Engine.Confirm(t.Context(), channels.Receipt{DeliveryID: id, Level: channels.LevelFailed, Code: "busy"}); err != nil {
				t.Fatal(err)
			}
		}
		w.Pass(time.Minute)
		sent := w.Senders[enginetest.FaxLane].Sent()
		if len(sent) != 2 || sent[1].Attempt != 2 || sent[1].Unsure || string(sent[1].Body) != string(sent[0].Body) {
			t.Fatalf("got %d attempts, want the same pages once more", len(sent))
		}
		if err := w.Engine.Confirm(t.Context(), channels.Receipt{DeliveryID: id, Level: channels.LevelFailed, Code: "invalid_number", Permanent: true}); err != nil {
			t.Fatal(err)
		}
		w.Settle()
		if ds := w.Deliveries(r.ID); len(ds) != 2 || ds[1].Lane != enginetest.DirectLane || ds[1].CopyOf != channels.Fax {
			t.Errorf("for good: got %+v, want the next rail with a copy", ds)
		}
	})
}

// TestAttemptThatWasCutOff: a sender is told that nobody knows what the attempt before did.
func TestAttemptThatWasCutOff(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		faxFirst(w)
		cut := make(chan struct{})
		w.Senders[enginetest.FaxLane].SendFunc = func(ctx context.Context, o channels.Outbound) (channels.Receipt, error) {
			if o.Attempt == 1 {
				close(cut)
				<-ctx.Done()
				return channels.Receipt{}, ctx.Err()
			}
			return channels.Receipt{Level: channels.LevelSent}, nil
		}
		w.Start()
		ask(t, w)
		<-cut
		w.Restart()
		w.Settle()
		sent := w.Senders[enginetest.FaxLane].Sent()
		if len(sent) != 2 || sent[0].Unsure || !sent[1].Unsure {
			t.Errorf("got %d attempts, unsure %v, want the second one unsure", len(sent), len(sent) == 2 && sent[1].Unsure)
		}
	})
}

// staged is a rail whose source knows something at receipt.
type staged struct{ enginetest.Mail }

func (staged) Prepared(b []byte) bool { return string(b) == "call+words" }

func TestEvidenceInTwoStages(t *testing.T) {
	inWorld(t, func(t *testing.T, w *enginetest.World) {
		rail := &staged{}
		prepared := 0
		rail.PrepareFunc = func(_ context.Context, a channels.Archived) ([]byte, error) {
			if got := string(a.Evidence); got != "call" && got != "call+words" {
				t.Errorf("got evidence %q, want what is there", got)
			}
			prepared++
			return []byte("call+words"), nil
		}
		rail.OpenFunc = func(a channels.Archived) (channels.Opened, error) {
			if string(a.Evidence) != "call+words" {
				t.Errorf("opened with evidence %q", a.Evidence)
			}
			return channels.Opened{Parts: []channels.Part{{Kind: channels.KindFields, Body: []byte("{}"), Attrs: map[string]string{"hold": "fax: no pages"}}}}, nil
		}
		w.Channel("fax-in", rail, transform.Channel{Type: channels.Fax})
		w.Start()
		in := enginetest.Inbound("fax-in", "II")
		in.Later, in.Evidence = true, []byte("call")
		out, err := w.Engine.Receive(t.Context(), in)
		if err != nil {
			t.Fatal(err)
		}
		w.Settle()
		if m := w.Message(out.MessageID); m.State != referral.MessageHeld || m.Reason != "fax: no pages" {
			t.Errorf("got %s (%s), want held", m.State, m.Reason)
		}
		for _, readAgain := range []bool{false, true} {
			if _, err := w.Engine.Reprocess(t.Context(), "user:anna", out.MessageID, readAgain); err != nil {
				t.Fatal(err)
			}
		}
		if prepared != 2 {
			t.Errorf("prepared %d times, want once and when it is read again", prepared)
		}
	})
}
