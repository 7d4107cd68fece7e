package console_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"refloop/console"
	"refloop/referral"
)

// serve opens the local API of f and a client of it.
func serve(t *testing.T, f *fake) (*console.Client, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s")
	l, err := console.OpenLocal(path, "", f, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	c, err := console.Dial(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Close()
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return c, path
}

func me(t *testing.T) string {
	t.Helper()
	u, err := user.Current()
	if err != nil {
		t.Skipf("the name of the user of this test is not known here: %v", err)
	}
	return "user:" + u.Username
}

func TestReadsOfPeopleAreAuditedFirst(t *testing.T) {
	f := &fake{}
	c, _ := serve(t, f)
	for _, q := range []console.Query{{Name: "show", ID: "R1"}, {Name: "raw", ID: "M1"}, {Name: "referrals"}, {Name: "story", ID: "R2"}, {Name: "messages"}} {
		if err := c.Query(t.Context(), q, &bytes.Buffer{}); err != nil {
			t.Fatal(err)
		}
	}
	who := me(t)
	want := []string{who + " referral.read R1", who + " message.read M1", who + " referrals.listed ", who + " referral.read R2"}
	if diff := cmp.Diff(want, f.saw); diff != "" {
		t.Error(diff)
	}
	f.sawErr = errors.New("store: full")
	var out bytes.Buffer
	if err := c.Query(t.Context(), console.Query{Name: "show", ID: "R1"}, &out); err == nil || out.Len() > 0 {
		t.Errorf("not audited: got %v and %d bytes, want an error and nothing shown", err, out.Len())
	}
}

func TestActs(t *testing.T) {
	f := &fake{}
	c, _ := serve(t, f)
	in := console.Act{Verb: "report", At: day(1), Signed: true, Set: map[string]string{"a": "<b>"}, Document: &console.File{Name: "n.pdf", ContentType: "application/pdf", Body: []byte{0, 1, 0xff}}}
	v, err := c.Act(t.Context(), "R1", in)
	if err != nil || v.ID != "R1" {
		t.Fatalf("got %v, %v", v, err)
	}
	if diff := cmp.Diff([]console.Act{in}, f.acted); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{me(t)}, f.actors); diff != "" {
		t.Error(diff)
	}
	if _, err := c.Act(t.Context(), "R9", in); !errors.Is(err, referral.ErrNotFound) || !strings.Contains(err.Error(), "R9") {
		t.Errorf("got %v, want ErrNotFound with the id", err)
	}
	f.actErr = &console.NotAllowed{Text: "no", Allowed: []string{"accept"}}
	var no *console.NotAllowed
	if _, err := c.Act(t.Context(), "R1", in); !errors.As(err, &no) || no.Text != "no" || len(no.Allowed) != 1 {
		t.Errorf("got %v, want what is allowed", err)
	}
	if m, err := c.Reprocess(t.Context(), "M1", true); err != nil || m.Reason != "true" {
		t.Errorf("reprocess: got %+v, %v", m, err)
	}
	if d, err := c.Resend(t.Context(), "D1"); err != nil || d.ID != "D1" {
		t.Errorf("resend: got %+v, %v", d, err)
	}
	if err := c.CloseItem(t.Context(), "I1", "told"); err != nil || !slices.Contains(f.saw, me(t)+" closed I1 told") {
		t.Errorf("close: got %v, %v", err, f.saw)
	}
	if err := c.CloseItem(t.Context(), "I9", "told"); !errors.Is(err, referral.ErrNotFound) {
		t.Errorf("close of no item: got %v, want ErrNotFound", err)
	}
	if err := c.Reload(t.Context()); err == nil || err.Error() != "refloop.yaml:1:1: wrong" {
		t.Errorf("reload: got %v, want the daemon's words", err)
	}
	if h, err := c.Health(t.Context()); err != nil || !h.Ready {
		t.Errorf("health: got %+v, %v", h, err)
	}
}

// TestStrangeIDs: an id with a slash or a question mark is an id, not another path.
func TestStrangeIDs(t *testing.T) {
	c, _ := serve(t, &fake{})
	for _, id := range []string{"../../reload", "R1?x=y", "a/b", "a b", "%2F"} {
		if _, err := c.Act(t.Context(), id, console.Act{Verb: "accept"}); !errors.Is(err, referral.ErrNotFound) {
			t.Errorf("%q: got %v, want ErrNotFound", id, err)
		}
	}
}

func TestBadRequests(t *testing.T) {
	_, path := serve(t, &fake{})
	h := http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", path)
	}}}
	for body, want := range map[string]int{"": 400, "{": 400, `{"nome": "x"}`: 400, `{"name": "x"}`: 400, `{"name": "show", "id": "R9"}`: 404} {
		resp, err := h.Post("http://refloop/v1/query", "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if err := resp.Body.Close(); err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode != want {
			t.Errorf("%q: got %d, want %d", body, resp.StatusCode, want)
		}
	}
}

func TestSocket(t *testing.T) {
	_, path := serve(t, &fake{})
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("got %v, %v, want mode 0600", info.Mode(), err)
	}
	if _, err := console.OpenLocal(path, "", &fake{}, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "another daemon") {
		t.Errorf("second daemon: got %v, want an error", err)
	}
	left := filepath.Join(t.TempDir(), "s")
	ln, err := net.ListenUnix("unix", &net.UnixAddr{Name: left, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	ln.SetUnlinkOnClose(false)
	if err := ln.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := console.Dial(left); !errors.Is(err, console.ErrNoDaemon) {
		t.Errorf("left behind: got %v, want ErrNoDaemon", err)
	}
	l, err := console.OpenLocal(left, "", &fake{}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatalf("left behind: got %v, want it replaced", err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(left); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("after Close: got %v, want the socket gone", err)
	}
}
