package hylafax_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"refloop/channels/fax/hylafax"
	"refloop/internal/faxtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func dial(t *testing.T, address, password string) *hylafax.Client {
	t.Helper()
	c, err := hylafax.Dial(context.Background(), hylafax.Config{Address: address, User: "refloop", Password: password})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// submit sends a page and returns the job's number.
func submit(t *testing.T, c *hylafax.Client, tag string) string {
	t.Helper()
	page, err := os.ReadFile("../../../testdata/fax/d-030.tif")
	if err != nil {
		t.Fatal(err)
	}
	document, err := c.Put(context.Background(), page)
	if err != nil {
		t.Fatal(err)
	}
	id, err := c.NewJob(hylafax.Params{Number: "+15550100", Tag: tag, Dials: 3, Tries: 2}, document)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Submit(); err != nil {
		t.Fatal(err)
	}
	return id
}

func is(tag string) func(string) bool { return func(s string) bool { return s == tag } }

func TestSubmitAndFollow(t *testing.T) {
	ctx := context.Background()
	h := faxtest.NewHylaFAX(t)
	c := dial(t, h.Address, "secret")
	id := submit(t, c, `d-1 "quoted"`)
	jobs := h.Jobs()
	if len(jobs) != 1 || jobs[0].Tag != `d-1 "quoted"` || jobs[0].Number != "+15550100" || len(jobs[0].Document) == 0 {
		t.Fatalf("got %d jobs, want one with tag, number and document", len(jobs))
	}
	if found, err := c.Find(ctx, is(`d-1 "quoted"`)); err != nil || len(found) != 1 || found[0] != id {
		t.Errorf("Find: got %v, %v, want %s", found, err, id)
	}
	if j, err := c.Job(ctx, id); err != nil || j.State != hylafax.Ready || j.State.Final() {
		t.Errorf("got %+v, %v, want a job that is ready", j, err)
	}
	h.Change(id, func(j *faxtest.Job) { j.State, j.Pages, j.Total = 7, 2, 3 })
	if j, err := c.Job(ctx, id); err != nil || !j.State.Final() || j.Proven(1) {
		t.Errorf("two of three pages: got %+v, %v, want done and not proven", j, err)
	}
	h.Change(id, func(j *faxtest.Job) { j.Pages = 3 })
	if j, err := c.Job(ctx, id); err != nil || !j.Proven(3) || j.Proven(4) {
		t.Errorf("three of three pages: got %+v, %v, want proven", j, err)
	}
	h.Change(id, func(j *faxtest.Job) { j.Gone = true })
	if _, err := c.Job(ctx, id); !errors.Is(err, hylafax.ErrNoJob) {
		t.Errorf("cleaned up: got %v, want ErrNoJob", err)
	}
}

func TestRefusals(t *testing.T) {
	h := faxtest.NewHylaFAX(t)
	var r *hylafax.Reply
	if _, err := hylafax.Dial(context.Background(), hylafax.Config{Address: h.Address, User: "refloop", Password: "wrong"}); !errors.As(err, &r) || r.Code != 530 || r.Temporary() {
		t.Errorf("wrong password: got %v, want 530", err)
	}
	if _, err := hylafax.Dial(context.Background(), hylafax.Config{Address: h.Address, User: "a\r\nJNEW", Password: "secret"}); err == nil {
		t.Error("line break in a name: got no error, want one")
	}
	h.Before(func(command string) (string, bool) {
		return map[string]string{"JNEW": "421 out of room"}[command], command == "EPSV"
	})
	c := dial(t, h.Address, "secret")
	if _, err := c.NewJob(hylafax.Params{Number: "1"}, "/tmp/doc1.tif"); !errors.As(err, &r) || !r.Temporary() {
		t.Errorf("got %v, want a temporary refusal", err)
	}
	if _, err := c.Put(context.Background(), []byte("II")); err == nil {
		t.Error("hung up: got no error, want one")
	}
}

// TestRealServer does the same with Debian's hylafax-server.
func TestRealServer(t *testing.T) {
	ctx := context.Background()
	real := faxtest.NewReal(t)
	c := dial(t, real.Address, "")
	id := submit(t, c, "0192f0c1-delivery")
	found, err := c.Find(ctx, is("0192f0c1-delivery"))
	if err != nil || len(found) != 1 || found[0] != id {
		t.Fatalf("Find: got %v, %v, want %s", found, err, id)
	}
	j, err := c.Job(ctx, id)
	if err != nil || j.Tag != "0192f0c1-delivery" || j.State.Final() {
		t.Fatalf("got %+v, %v, want a job under way", j, err)
	}
	real.Finish(t, id, func(s string) string {
		return faxtest.Set(faxtest.Set(faxtest.Set(s, "state", "7"), "npages", "2"), "totpages", "2")
	})
	if j, err = c.Job(ctx, id); err != nil || !j.Proven(2) || !strings.Contains(string(j.Raw), "15550100") {
		t.Errorf("got %+v, %v, want proof of two pages", j, err)
	}
	if _, err := c.Job(ctx, "99"); !errors.Is(err, hylafax.ErrNoJob) {
		t.Errorf("another job: got %v, want ErrNoJob", err)
	}
	other := dial(t, real.Address, "") // a session that ends before it submits leaves no job behind
	document, err := other.Put(ctx, []byte("II*\x00"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.NewJob(hylafax.Params{Number: "15550100", Tag: "left"}, document); err != nil {
		t.Fatal(err)
	}
	other.Close()
	if found, err := c.Find(ctx, is("left")); err != nil || len(found) != 0 {
		t.Errorf("got %v, %v, want no job", found, err)
	}
}
