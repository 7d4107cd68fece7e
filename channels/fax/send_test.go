package fax

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"refloop/channels"
	"refloop/channels/fax/gateway"
	"refloop/channels/mailbox"
	"refloop/config"
	"refloop/internal/faxtest"
	"refloop/internal/mailtest"
)

const deliveryID = "0192f0c1-7b1c-7d10-8000-0123456789ab"

// attemptOf is an attempt of one delivery.
func attemptOf(t *testing.T, n int, unsure bool) channels.Outbound {
	t.Helper()
	return channels.Outbound{DeliveryID: deliveryID, ReferralID: "7K3M9QX2T4V8WZ5C", Address: "+1 555 010-0", Attempt: n, Unsure: unsure, Body: samplePages(t)}
}

// way makes a sender of one way.
func way(t *testing.T, cfg RailConfig, now func() time.Time) *Sender {
	t.Helper()
	cfg.Verified, cfg.Poll, cfg.Pages = day, quick, 60
	if now == nil {
		now = time.Now
	}
	return makeSender(t, cfg, SenderDeps{Name: "lakeside/fax", Dir: filepath.Join(t.TempDir(), "lakeside.fax"), Now: now, Log: discard()})
}

func hyla(address string) RailConfig {
	return RailConfig{Hyla: &HylaServer{Server: address, User: "refloop", Password: config.NewSecret("secret"), Dials: 3, Tries: 2, Kill: day24}}
}

func mustSend(t *testing.T, s *Sender, o channels.Outbound) channels.Receipt {
	t.Helper()
	r, err := s.Send(context.Background(), o)
	if err != nil || r.Level != channels.LevelSent || r.DeliveryID != o.DeliveryID {
		t.Fatalf("got %+v, %v, want sent", r, err)
	}
	return r
}

// refusedWith is the refusal of an attempt.
func refusedWith(t *testing.T, s *Sender, o channels.Outbound) *channels.DeliveryError {
	t.Helper()
	_, err := s.Send(context.Background(), o)
	var de *channels.DeliveryError
	if !errors.As(err, &de) {
		t.Fatalf("got %v, want a refusal", err)
	}
	return de
}

func TestHylaFAX(t *testing.T) {
	server := faxtest.NewHylaFAX(t)
	s := way(t, hyla(server.Address), nil)
	h := newHandler()
	running(t, func(take, hold context.Context) error { return s.Watch(take, hold, h) })
	mustSend(t, s, attemptOf(t, 1, false))
	jobs := server.Jobs()
	if len(jobs) != 1 || jobs[0].Tag != deliveryID || jobs[0].Number != "+15550100" || string(jobs[0].Document) != string(samplePages(t)) {
		t.Fatalf("got %d jobs, %+v", len(jobs), jobs)
	}
	server.Change("1", func(j *faxtest.Job) {
		j.State, j.Total, j.Status = 8, 2, "Busy signal detected; too many attempts to dial"
	})
	if r := next(t, h.receipts); r.DeliveryID != deliveryID || r.Level != channels.LevelFailed || r.Code != "busy" || r.Permanent || len(r.Raw) == 0 {
		t.Errorf("busy: got %+v", r)
	}
	mustSend(t, s, attemptOf(t, 2, false)) // a job that failed is over: a new one is made
	if jobs = server.Jobs(); len(jobs) != 2 || jobs[1].Tag != deliveryID+"_2" {
		t.Fatalf("got %d jobs, want a second one", len(jobs))
	}
	server.Change("2", func(j *faxtest.Job) { j.State, j.Pages, j.Total = 7, 2, 2 })
	if r := next(t, h.receipts); r.Level != channels.LevelDelivered || r.Pages != 2 || r.Grade != "D" {
		t.Errorf("done: got %+v", r)
	}
	waitFor(t, func() bool { _, known, err := s.ledger.get(deliveryID); return err == nil && !known })
}

// TestHylaFAXCrash: wherever the connection or the daemon breaks, there is one job.
func TestHylaFAXCrash(t *testing.T) {
	for name, c := range map[string]struct {
		before func(command string) (string, bool)
		jobs   int // after the first attempt
	}{
		"while pages travel":     {func(c string) (string, bool) { return "", c == "STOT" }, 0},
		"before the job exists":  {func(c string) (string, bool) { return "", c == "JNEW" }, 0},
		"before it is submitted": {func(c string) (string, bool) { return "", c == "JSUBM" }, 0},
		"after it is submitted": {func(c string) (string, bool) {
			return map[bool]string{true: "done, and not said"}[c == "JSUBM"], c == "JSUBM"
		}, 1},
		"no room for its document": {func(c string) (string, bool) { return map[bool]string{true: "452 no room"}[c == "STOT"], false }, 0},
	} {
		for _, unsure := range []bool{false, true} { // the failure was recorded, or the daemon died
			server := faxtest.NewHylaFAX(t)
			s := way(t, hyla(server.Address), nil)
			server.Before(c.before)
			if de := refusedWith(t, s, attemptOf(t, 1, false)); de.Permanent {
				t.Errorf("%s: got %v, want it tried again", name, de)
			}
			if got := len(server.Jobs()); got != c.jobs {
				t.Errorf("%s: got %d jobs, want %d", name, got, c.jobs)
			}
			server.Before(nil)
			mustSend(t, s, attemptOf(t, 2, unsure))
			mustSend(t, s, attemptOf(t, 3, true))
			if got := len(server.Jobs()); got != 1 {
				t.Errorf("%s, unsure %v: got %d jobs, want one", name, unsure, got)
			}
		}
	}
}

// TestHylaFAXForgets: a job that the server cleaned away is not made again.
func TestHylaFAXForgets(t *testing.T) {
	server := faxtest.NewHylaFAX(t)
	now := time.Now()
	s := way(t, hyla(server.Address), func() time.Time { return now })
	mustSend(t, s, attemptOf(t, 1, false))
	server.Change("1", func(j *faxtest.Job) { j.Gone = true })
	now = now.Add(time.Hour)
	if de := refusedWith(t, s, attemptOf(t, 2, true)); !de.Permanent || de.Code != "unknown" || len(server.Jobs()) != 1 {
		t.Errorf("got %v, %d jobs, want a refusal for good and one job", de, len(server.Jobs()))
	}
	h := newHandler()
	running(t, func(take, hold context.Context) error { return s.Watch(take, hold, h) })
	if r := next(t, h.receipts); r.Code != "lost" || !r.Permanent || r.Level != channels.LevelFailed {
		t.Errorf("got %+v, want it lost", r)
	}
}

func TestHylaFAXReal(t *testing.T) {
	server := faxtest.NewReal(t)
	s := way(t, hyla(server.Address), nil)
	h := newHandler()
	mustSend(t, s, attemptOf(t, 1, false))
	mustSend(t, s, attemptOf(t, 2, true)) // after a crash: the job is found
	m, known, err := s.ledger.get(deliveryID)
	if err != nil || !known || m.Attempt != 2 || m.Reference != deliveryID {
		t.Fatalf("got %+v, %v, %v", m, known, err)
	}
	server.Finish(t, m.Job, func(f string) string {
		return faxtest.Set(faxtest.Set(faxtest.Set(f, "state", "7"), "npages", "2"), "totpages", "2")
	})
	running(t, func(take, hold context.Context) error { return s.Watch(take, hold, h) })
	if r := next(t, h.receipts); r.Level != channels.LevelDelivered || r.Pages != 2 {
		t.Errorf("got %+v, want two pages proven", r)
	}
}

func TestUnverifiedLeavesByNoWay(t *testing.T) {
	for name, cfg := range map[string]RailConfig{"hylafax": hyla("127.0.0.1:1"), "mail": {Mail: &MailGateway{}}, "http": {HTTP: &HTTPGateway{}}} {
		s := way(t, cfg, nil)
		s.cfg.Verified = config.Date{}
		if de := refusedWith(t, s, attemptOf(t, 1, false)); !de.Permanent || de.Code != "unverified" {
			t.Errorf("%s: got %v, want it refused", name, de)
		}
	}
}

func mailWay(server *mailtest.SMTP, ca *mailtest.Authority) RailConfig {
	return RailConfig{Mail: &MailGateway{
		Relay: "smtps://" + strings.Replace(server.Addr, "127.0.0.1", "localhost", 1), User: mailtest.User, Password: config.NewSecret(mailtest.Password),
		From: "fax@northside.example", To: "{number}@fax.gw.example", Subject: "{reference}", TLS: mailbox.TLS{CA: config.Path(ca.File)},
	}}
}

func TestMailGateway(t *testing.T) {
	ca := mailtest.NewAuthority(t)
	server := mailtest.NewSMTP(t, mailtest.SMTPOptions{TLS: ca.Server(t, "localhost", time.Now().Add(time.Hour))})
	s := way(t, mailWay(server, ca), nil)
	mustSend(t, s, attemptOf(t, 1, false))
	mustSend(t, s, attemptOf(t, 2, true)) // after a crash
	mails := server.Mails()
	if len(mails) != 1 || len(mails[0].To) != 1 || mails[0].To[0] != "15550100@fax.gw.example" {
		t.Fatalf("got %d mails, want one to the number", len(mails))
	}
	n, from, err := gateway.ParseMail(mails[0].Body, gateway.Patterns{}, gateway.Limits{})
	if err != nil || from != "fax@northside.example" || n.Reference != deliveryID {
		t.Errorf("got %+v of %s, %v, want our reference", n, from, err)
	}
	if text := strings.ReplaceAll(string(mails[0].Body), "\r\n", ""); !strings.Contains(text, base64.StdEncoding.EncodeToString(samplePages(t))) {
		t.Error("the mail does not hold the pages")
	}
	mustSend(t, s, attemptOf(t, 3, false)) // its failure was confirmed: a new fax
	if mails = server.Mails(); len(mails) != 2 || !strings.Contains(string(mails[1].Body), deliveryID+"_3@northside.example") {
		t.Errorf("got %d mails, want a second one with a name of its own", len(mails))
	}
}

func smtpAnswer(code int) error { return &smtp.SMTPError{Code: code, Message: "no"} }

func TestMailGatewayRefusals(t *testing.T) {
	ca := mailtest.NewAuthority(t)
	var say error
	server := mailtest.NewSMTP(t, mailtest.SMTPOptions{TLS: ca.Server(t, "localhost", time.Now().Add(time.Hour)), Rcpt: func(string) error { return say }})
	cfg := mailWay(server, ca)
	s := way(t, cfg, nil)
	say = smtpAnswer(550)
	if de := refusedWith(t, s, attemptOf(t, 1, false)); !de.Permanent || de.Code != "550" {
		t.Errorf("550: got %v", de)
	}
	say = smtpAnswer(451)
	if de := refusedWith(t, s, attemptOf(t, 1, false)); de.Permanent || de.Code != "451" {
		t.Errorf("451: got %v", de)
	}
	say = nil
	s.cfg.Mail.Password = config.NewSecret("wrong")
	if de := refusedWith(t, s, attemptOf(t, 1, false)); de.Permanent || len(server.Mails()) != 0 {
		t.Errorf("wrong password: got %v, want it tried again when it is put right", de)
	}
	other := mailtest.NewAuthority(t)
	s.cfg.Mail.TLS.CA = config.Path(other.File)
	if de := refusedWith(t, s, attemptOf(t, 1, false)); de.Permanent || len(server.Mails()) != 0 {
		t.Errorf("a stranger's certificate: got %v, %d mails", de, len(server.Mails()))
	}
	if err := s.ledger.put(mark{Delivery: deliveryID, Reference: deliveryID, Attempt: 1, State: markHanded, At: time.Now()}); err != nil { // the daemon died behind the dot
		t.Fatal(err)
	}
	if de := refusedWith(t, s, attemptOf(t, 2, true)); !de.Permanent || de.Code != "unknown" || len(server.Mails()) != 0 {
		t.Errorf("unknown: got %v, %d mails, want none sent", de, len(server.Mails()))
	}
}

// fakeGateway is an HTTP gateway that knows its Idempotency-Keys.
type fakeGateway struct {
	mu      sync.Mutex
	answers []int // codes of the next answers; then 200
	faxes   map[string]string
	state   string
	seen    *http.Request
}

func (g *fakeGateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.seen = r
	w.Header().Set("Content-Type", "application/json")
	if r.Method == http.MethodGet {
		io.WriteString(w, g.state)
		return
	}
	code := http.StatusOK
	if len(g.answers) > 0 {
		code, g.answers = g.answers[0], g.answers[1:]
	}
	key := r.Header.Get("Idempotency-Key")
	if code == http.StatusOK || code == http.StatusInternalServerError { // 500: it has the fax all the same
		body, err := io.ReadAll(r.Body)
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		g.faxes[key] = string(body)
	}
	w.Header().Set("Retry-After", "7")
	w.WriteHeader(code)
	if code == http.StatusOK {
		io.WriteString(w, `{"data": {"id": "g-`+key+`", "status": "queued"}}`)
	}
}

func newGateway(t *testing.T) (*fakeGateway, RailConfig) {
	g := &fakeGateway{faxes: map[string]string{}}
	srv := httptest.NewServer(g)
	t.Cleanup(srv.Close)
	return g, RailConfig{HTTP: &HTTPGateway{
		URL: srv.URL + "/faxes", Shape: "multipart", Token: config.NewSecret("token"), Secret: config.NewSecret(secret), Signature: "X-Sig", Timestamp: "X-Time",
		To: "to", File: "file", Reference: "reference", Fields: map[string]string{"account": "7"}, Idempotent: true, StatusURL: srv.URL + "/faxes/{id}", Timeout: config.Duration(30 * time.Second),
	}}
}

func TestHTTPGateway(t *testing.T) {
	g, cfg := newGateway(t)
	s := way(t, cfg, nil)
	g.answers = []int{http.StatusInternalServerError, http.StatusTooManyRequests}
	if de := refusedWith(t, s, attemptOf(t, 1, false)); de.Permanent || de.Code != "500" {
		t.Errorf("500: got %v", de)
	}
	if de := refusedWith(t, s, attemptOf(t, 2, false)); de.Permanent || de.After != 7*time.Second {
		t.Errorf("429: got %v after %s", de, de.After)
	}
	g.answers = []int{http.StatusInternalServerError} // the gateway has it, and we do not know
	refusedWith(t, s, attemptOf(t, 3, false))
	mustSend(t, s, attemptOf(t, 4, false))
	mustSend(t, s, attemptOf(t, 5, true)) // after a crash
	delete(g.faxes, deliveryID)           // of the first attempt, which was over with the 429
	if len(g.faxes) != 1 || g.faxes[deliveryID+"_3"] == "" {
		t.Fatalf("got %d faxes, want one", len(g.faxes))
	}
	n, err := gateway.Parse(g.seen.Header.Get("Content-Type"), []byte(g.faxes[deliveryID+"_3"]), gateway.Limits{})
	if err != nil || string(n.File) != string(samplePages(t)) || n.To != "+15550100" || n.Reference != deliveryID+"_3" {
		t.Errorf("got %d bytes to %s, %s, %v", len(n.File), n.To, n.Reference, err)
	}
	if g.seen.Header.Get("Authorization") != "Bearer token" || gateway.Verify(secret, g.seen.Header.Get("X-Time"), g.seen.Header.Get("X-Sig"), []byte(g.faxes[deliveryID+"_3"]), time.Now(), 0) != nil {
		t.Error("the request does not say who sends")
	}
}

func TestHTTPGatewayStates(t *testing.T) {
	for name, c := range map[string]struct {
		state, level, code string
		permanent          bool
	}{
		"done":           {`{"status": "success", "pages": 2}`, channels.LevelDelivered, "done", false},
		"half":           {`{"status": "success", "pages": 1}`, channels.LevelFailed, "partial", true},
		"busy":           {`{"status": "failed", "error": "line busy"}`, channels.LevelFailed, "busy", false},
		"invalid number": {`{"status": "failed", "error": "invalid number"}`, channels.LevelFailed, "invalid_number", true},
	} {
		g, cfg := newGateway(t)
		cfg.HTTP.Shape = "json"
		s := way(t, cfg, nil)
		mustSend(t, s, attemptOf(t, 1, false))
		var fields map[string]string
		if err := json.Unmarshal([]byte(g.faxes[deliveryID]), &fields); err != nil || fields["to"] != "+15550100" || fields["account"] != "7" || fields["file"] == "" {
			t.Errorf("%s: got fields %v, %v", name, len(fields), err)
		}
		g.mu.Lock()
		g.state = c.state
		g.mu.Unlock()
		h := newHandler()
		take, stop := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- s.Watch(take, context.Background(), h) }()
		if r := next(t, h.receipts); r.DeliveryID != deliveryID || r.Level != c.level || r.Code != c.code || r.Permanent != c.permanent {
			t.Errorf("%s: got %+v", name, r)
		}
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

func TestHTTPGatewayWithoutIdempotency(t *testing.T) {
	g, cfg := newGateway(t)
	cfg.HTTP.Idempotent = false
	s := way(t, cfg, nil)
	g.answers = []int{http.StatusUnprocessableEntity, http.StatusUnauthorized, http.StatusInternalServerError}
	if de := refusedWith(t, s, attemptOf(t, 1, false)); !de.Permanent || de.Code != "422" {
		t.Errorf("422: got %v", de)
	}
	if de := refusedWith(t, s, attemptOf(t, 2, false)); de.Permanent {
		t.Errorf("401: got %v, want it tried again when it is put right", de)
	}
	if de := refusedWith(t, s, attemptOf(t, 3, false)); !de.Permanent || de.Code != "unknown" {
		t.Errorf("500: got %v, want it left to a person", de)
	}
	if de := refusedWith(t, s, attemptOf(t, 4, true)); !de.Permanent || len(g.faxes) != 1 {
		t.Errorf("after a crash: got %v and %d faxes, want one", de, len(g.faxes))
	}
	s.cfg.HTTP.URL = "http://127.0.0.1:1/faxes"
	if de := refusedWith(t, s, channels.Outbound{DeliveryID: "d-2", Address: "+15550100", Attempt: 1, Body: samplePages(t)}); !de.Permanent || de.Code != "unknown" {
		t.Errorf("no answer: got %v", de)
	}
}
