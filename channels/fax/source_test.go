package fax

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/smtp"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"refloop/channels"
	"refloop/channels/fax/gateway"
	"refloop/channels/folder"
	"refloop/channels/mailbox"
	"refloop/config"
	"refloop/internal/mailtest"
)

const day24 = config.Duration(24 * time.Hour)

// budget counts what is taken.
type budget struct{ taken chan int }

func (b budget) Take(n int) error { b.taken <- n; return nil }
func (b budget) Give(n int)       { b.taken <- -n }

// callOf reads what a source said of a call.
func callOf(t *testing.T, in channels.Inbound) Call {
	t.Helper()
	e, err := readEvidence(in.Evidence)
	if err != nil || e.Call == nil || !e.Unread {
		t.Fatalf("got evidence %s (%v), want a call that is not read yet", in.Evidence, err)
	}
	return *e.Call
}

// queue is a HylaFAX spool.
func queue(t *testing.T) string {
	t.Helper()
	spool := t.TempDir()
	for _, dir := range []string{"recvq", "log"} {
		if err := os.Mkdir(filepath.Join(spool, dir), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return spool
}

func logged(t *testing.T, spool, file, reason string, pages int) {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(spool, "log", "xferfaxlog"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	fmt.Fprintf(f, "11/23/26 08:01\tRECV\t000000011\tttyIAX0\trecvq/%s\t\tfax\t\"+15550111\"\t\"LAKESIDE\"\t5123\t%d\t0:01:20\t0:01:10\t%q\t\"+1 207 555-0100\"\t\"X\"\t\"\"\t\"\"\t\"\"\n", file, pages, reason)
}

func TestReceiveQueue(t *testing.T) {
	spool := queue(t)
	h := newHandler()
	cfg := Config{Hyla: &HylaSource{Spool: config.Path(spool), Taken: "remove", Wait: day24}, Scan: quick, Settle: quick, Pages: 500, Replies: day24}
	c := newChannel(t, cfg, Deps{Name: "hyla", Handler: h, Log: discard()})
	path := filepath.Join(spool, "recvq", "fax000000011.tif")
	whole := fixture(t, "d-030.tif")
	f, err := os.Create(path) // as the server does when a call begins
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write(whole[:len(whole)/2]); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(spool, "recvq", "seqf"), []byte("12"), 0o600); err != nil {
		t.Fatal(err)
	}
	running(t, c.Run)
	waitFor(t, func() bool { return c.Ready() == nil })
	if _, err := f.Write(whole[len(whole)/2:]); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_UN); err != nil { // the call is over, the log does not say so yet
		t.Fatal(err)
	}
	early := &recvQueue{c: c, spool: spool, wait: day24.D()}
	if err := early.take(context.Background(), folder.File{Name: "fax000000011.tif", Body: whole, Time: time.Now()}); !errors.Is(err, folder.ErrWait) {
		t.Errorf("before the log tells of the call: got %v, want to wait", err)
	}
	logged(t, spool, "fax000000011.tif", "", 2)
	in := next(t, h.got)
	call := callOf(t, in)
	if !bytes.Equal(in.Body, whole) || call.Number != "+12075550100" || call.Station != "LAKESIDE" || call.Pages != 2 || call.Partial != "" || !strings.HasPrefix(in.ControlID, "000000011@") {
		t.Errorf("got %d bytes, %+v, %s", len(in.Body), call, in.ControlID)
	}
	waitFor(t, func() bool { return missing(path) })
	if missing(filepath.Join(spool, "recvq", "seqf")) {
		t.Error("the server's own file is gone")
	}
	logged(t, spool, "fax000000012.tif", "RTN received", 1)
	if err := os.WriteFile(filepath.Join(spool, "recvq", "fax000000012.tif"), whole, 0o600); err != nil {
		t.Fatal(err)
	}
	if call := callOf(t, next(t, h.got)); call.Partial == "" {
		t.Errorf("a call that broke off: got %+v, want it said", call)
	}
}

// TestReceiveQueueKept: what stays in the queue is taken once, over restarts.
func TestReceiveQueueKept(t *testing.T) {
	spool, dir := queue(t), t.TempDir()
	path := filepath.Join(spool, "recvq", "fax000000001.tif")
	if err := os.WriteFile(path, fixture(t, "d-030.tif"), 0o600); err != nil {
		t.Fatal(err)
	}
	h := newHandler()
	cfg := Config{Hyla: &HylaSource{Spool: config.Path(spool), Taken: "keep", Wait: quick}, Scan: quick, Settle: quick, Pages: 500}
	for range 2 {
		c := newChannel(t, cfg, Deps{Name: "hyla", Dir: dir, Handler: h, Log: discard()})
		take, stop := context.WithCancel(context.Background())
		done := make(chan error, 1)
		go func() { done <- c.Run(take, context.Background()) }()
		if call := callOf(t, next(t, h.got)); call.Partial == "" { // without a line in the log
			t.Errorf("got %+v, want it said that the log knows nothing", call)
		}
		waitFor(t, func() bool { _, err := os.Stat(filepath.Join(dir, "hyla.taken.json")); return err == nil })
		stop()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		path = filepath.Join(spool, "recvq", "fax000000002.tif") // the second run sees the new one alone
		if err := os.WriteFile(path, fixture(t, "d-030.tif"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if len(h.got) != 0 {
		t.Errorf("took %d more, want each once", len(h.got))
	}
	if err := os.WriteFile(filepath.Join(dir, "hyla.taken.json"), []byte("nope"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := New(cfg, Deps{Name: "hyla", Dir: dir, Handler: h, Log: discard()}); err == nil {
		t.Error("a broken list of what was taken: got no error, want one")
	}
}

// gatewayMail is a mail of a gateway with a file.
func gatewayMail(from, subject string, file []byte) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "From: <%s>\r\nTo: <fax@northside.example>\r\nMessage-ID: <%d@gw.example>\r\nSubject: %s\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nCSID: LAKESIDE\r\n", from, len(subject), subject)
	if file != nil {
		b.WriteString("--b\r\nContent-Type: image/tiff\r\nContent-Transfer-Encoding: base64\r\n\r\n")
		text := base64.StdEncoding.EncodeToString(file)
		for len(text) > 76 {
			b.WriteString(text[:76] + "\r\n")
			text = text[76:]
		}
		b.WriteString(text + "\r\n")
	}
	b.WriteString("--b--\r\n")
	return []byte(b.String())
}

func TestMailSource(t *testing.T) {
	h := newHandler()
	cfg := Config{
		SMTP: &SMTPSource{Listen: "127.0.0.1:0", Recipients: []string{"fax@northside.example"}, Connections: 5, Idle: config.Duration(time.Minute), Data: config.Duration(time.Minute)},
		Mail: MailRules{Senders: []string{"@gw.example"}}, Pages: 500, Replies: day24,
	}
	taken := make(chan int, 100)
	c := newChannel(t, cfg, Deps{Name: "mail", Handler: h, Budget: budget{taken}, Reader: reader{}, Log: discard()})
	server := c.in.(interface {
		Listen() error
		Addr() net.Addr
	})
	if err := server.Listen(); err != nil {
		t.Fatal(err)
	}
	running(t, c.Run)
	send := func(to string, mail []byte) error {
		return smtp.SendMail(server.Addr().String(), nil, "bounce@gw.example", []string{to}, mail)
	}
	page := smallTIFF(t, 2)
	if err := send("other@northside.example", gatewayMail("a@gw.example", "Fax", page)); err == nil {
		t.Error("another recipient: got no error, want 550")
	}
	h.fail <- channels.ErrStorage
	if err := send("fax@northside.example", gatewayMail("a@gw.example", "Fax", page)); err == nil || !strings.HasPrefix(err.Error(), "451") {
		t.Errorf("not stored: got %v, want 451", err)
	}
	if err := send("FAX@northside.example", gatewayMail("a@gw.example", "Fax from 207-555-0100, 3 pages", page)); err != nil {
		t.Fatal(err)
	}
	in := next(t, h.got)
	if call := callOf(t, in); call.Number != "2075550100" || call.Pages != 3 || call.Station != "LAKESIDE" || in.ContentType != mailType || in.Refused != "" {
		t.Errorf("got %+v, %s, refused %q", call, in.ContentType, in.Refused)
	}
	o := openMail(t, c, in)
	if len(o.Parts) != 2 || !bytes.Equal(o.Parts[1].Body, page) || o.Parts[1].ContentType != "image/tiff" || o.Parts[0].Attrs["caller"] != "2075550100" || !strings.Contains(o.Parts[0].Attrs["partial"], "of 3 pages") {
		t.Errorf("got %d parts, attributes %v", len(o.Parts), o.Parts[0].Attrs)
	}
	if err := send("fax@northside.example", gatewayMail("a@gw.example", "Your invoice", nil)); err != nil {
		t.Fatal(err)
	}
	if o := openMail(t, c, next(t, h.got)); !strings.Contains(o.Parts[0].Attrs["hold"], "without a fax attached") {
		t.Errorf("no fax: got %v, want a hold", o.Parts[0].Attrs)
	}
	if err := send("fax@northside.example", gatewayMail("a@elsewhere.example", "Fax", page)); err != nil {
		t.Fatal(err)
	}
	if in := next(t, h.got); in.Refused == "" {
		t.Error("another sender: got it taken, want it refused")
	}
	const ours = "0192f0c1-7b1c-7d10-8000-0123456789ab"
	if err := send("fax@northside.example", gatewayMail("a@gw.example", "Fax "+ours+" was sent, 2 of 2 pages", page)); err != nil {
		t.Fatal(err)
	}
	if o := openMail(t, c, next(t, h.got)); len(o.Receipts) != 1 || o.Receipts[0].DeliveryID != ours || o.Receipts[0].Level != channels.LevelDelivered || o.Receipts[0].Pages != 2 || len(o.Parts) != 0 {
		t.Errorf("confirmation: got %+v", o)
	}
}

// openMail prepares and opens what came, as the engine does.
func openMail(t *testing.T, c *Channel, in channels.Inbound) channels.Opened {
	t.Helper()
	a := channels.Archived{ContentType: in.ContentType, Body: in.Body, Evidence: in.Evidence, ReceivedAt: time.Now()}
	if c.Prepared(a.Evidence) {
		t.Error("got it prepared before Prepare")
	}
	var err error
	if a.Evidence, err = c.Prepare(context.Background(), a); err != nil {
		t.Fatal(err)
	}
	again, err := c.Prepare(context.Background(), a)
	if err != nil || !bytes.Equal(again, a.Evidence) || !c.Prepared(again) {
		t.Errorf("read again: got other evidence (%v), want what is known of the call kept", err)
	}
	o, err := c.Open(a)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// boxConfig reads a mailbox as configured.
func boxConfig(t *testing.T, box *mailtest.IMAP) Config {
	t.Helper()
	cfg := Config{Mailbox: &mailbox.Config{
		URL: "imap+insecure://" + box.Addr, Username: mailtest.User, Password: config.NewSecret(mailtest.Password), Folder: "INBOX", Start: "all", Every: config.Duration(time.Second), Timeout: config.Duration(30 * time.Second),
	}, Pages: 500}
	p := &config.Problems{}
	if cfg.Mailbox.Check(p); p.Err() != nil {
		t.Fatal(p.Err())
	}
	return cfg
}

func TestMailboxSource(t *testing.T) {
	box := mailtest.NewIMAP(t, mailtest.IMAPOptions{})
	page := smallTIFF(t, 2)
	box.Put("INBOX", gatewayMail("a@gw.example", "Fax from 207-555-0100", page))
	h := newHandler()
	c := newChannel(t, boxConfig(t, box), Deps{Name: "box", Dir: t.TempDir(), Handler: h, Reader: reader{}, Log: discard()})
	running(t, c.Run)
	in := next(t, h.got)
	if call := callOf(t, in); call.Via == nil || call.Source != "mailbox" || call.Number != "2075550100" || in.ControlID == "" {
		t.Errorf("got %+v, control ID %q", call, in.ControlID)
	}
	if o := openMail(t, c, in); len(o.Parts) != 2 || !bytes.Equal(o.Parts[1].Body, page) {
		t.Errorf("got %d parts", len(o.Parts))
	}
}

// observer is a handler that is told things.
type observer struct {
	*handler
	told chan channels.Observation
}

func (o observer) Observe(_ context.Context, seen channels.Observation) error {
	o.told <- seen
	return nil
}

// TestMailOfStrangers: what does not come from the gateway is archived as refused, and a person is told once a day.
func TestMailOfStrangers(t *testing.T) {
	h := observer{newHandler(), make(chan channels.Observation, 100)}
	day := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	cfg := boxConfig(t, mailtest.NewIMAP(t, mailtest.IMAPOptions{}))
	cfg.Mail = MailRules{Senders: []string{"@gw.example"}}
	c := newChannel(t, cfg, Deps{Name: "box", Dir: t.TempDir(), Handler: h, Reader: reader{}, Log: discard(), Now: func() time.Time { return day }})
	for _, from := range []string{"a@elsewhere.example", "b@elsewhere.example", "a@gw.example"} {
		if err := c.takeMail(t.Context(), gatewayMail(from, "Fax", []byte("page of "+from)), "127.0.0.1", &Call{}); err != nil {
			t.Fatal(err)
		}
		if in := next(t, h.got); (in.Refused != "") != (from != "a@gw.example") {
			t.Errorf("%s: got refused %q", from, in.Refused)
		}
	}
	if len(h.told) != 1 {
		t.Fatalf("told %d times of two mails of one day, want once", len(h.told))
	}
	if o := <-h.told; len(o.Alarms) != 1 || o.Alarms[0].Kind != AlarmStranger || strings.Contains(o.Alarms[0].Note, "elsewhere") {
		t.Errorf("got %+v", o)
	}
}

// TestMailboxAlarm: while the mailbox cannot be read there is one alarm; with the right password there is none.
func TestMailboxAlarm(t *testing.T) {
	box := mailtest.NewIMAP(t, mailtest.IMAPOptions{})
	for password, alarms := range map[string]int{"hunter2": 1, mailtest.Password: 0} {
		h := observer{newHandler(), make(chan channels.Observation, 100)}
		cfg := boxConfig(t, box)
		cfg.Mailbox.Password = config.NewSecret(password)
		c := newChannel(t, cfg, Deps{Name: "box", Dir: t.TempDir(), Handler: h, Reader: reader{}, Log: discard()})
		c.in.(*boxSource).watch.Every = quick.D()
		running(t, c.Run)
		for { // the first may come before the login
			o := next(t, h.told)
			if len(o.Alarms) != alarms {
				continue
			}
			if alarms == 1 && (o.Source != "channel/box" || o.Alarms[0].Kind != channels.AlarmMailbox || !strings.Contains(o.Alarms[0].Note, "faxes wait there") || strings.Contains(o.Alarms[0].Note, password)) {
				t.Errorf("got %+v", o)
			}
			break
		}
	}
}

// hooked is a running webhook channel.
type hooked struct {
	*testing.T
	h   *handler
	url string
	now time.Time
}

const secret = "a secret of some length"

func newHook(t *testing.T, change func(*WebhookSource)) *hooked {
	x := &hooked{T: t, h: newHandler(), now: time.Now()}
	cfg := Config{Webhook: &WebhookSource{
		Listen: "127.0.0.1:0", Path: "/fax", Scheme: "hmac-sha256", Secret: config.NewSecret(secret), Signature: "X-Fax-Signature", Timestamp: "X-Fax-Timestamp",
		Window: config.Duration(5 * time.Minute), Requests: 4, Time: config.Duration(time.Minute),
	}, Pages: 500}
	if change != nil {
		change(cfg.Webhook)
	}
	c := newChannel(t, cfg, Deps{Name: "hook", Max: 1 << 20, Handler: x.h, Reader: reader{}, Now: func() time.Time { return x.now }, Log: discard()})
	server := c.in.(*hook)
	if err := server.Listen(); err != nil {
		t.Fatal(err)
	}
	x.url = "http://" + server.listener.Addr().String() + "/fax"
	running(t, c.Run)
	return x
}

// post makes a signed request and returns the code and text of its answer.
func (x *hooked) post(body string, change func(*http.Request)) (int, string) {
	x.Helper()
	req, err := http.NewRequest(http.MethodPost, x.url, strings.NewReader(body))
	if err != nil {
		x.Fatal(err)
	}
	at, signature := gateway.Sign(secret, x.now, []byte(body))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Fax-Timestamp", at)
	req.Header.Set("X-Fax-Signature", signature)
	if change != nil {
		change(req)
	}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		x.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		x.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

func TestWebhook(t *testing.T) {
	x := newHook(t, nil)
	page := fixture(t, "d-016.png")
	body := fmt.Sprintf(`{"id": "f-1", "from": "+12075550100", "pages": 1, "file": %q}`, base64.StdEncoding.EncodeToString(page))
	for name, change := range map[string]func(*http.Request){
		"forged":       func(r *http.Request) { r.Header.Set("X-Fax-Signature", strings.Repeat("ab", 32)) },
		"unsigned":     func(r *http.Request) { r.Header.Del("X-Fax-Signature") },
		"without time": func(r *http.Request) { r.Header.Del("X-Fax-Timestamp") },
		"later time": func(r *http.Request) {
			r.Header.Set("X-Fax-Timestamp", fmt.Sprint(x.now.Unix()+1))
		},
	} {
		if code, _ := x.post(body, change); code != http.StatusUnauthorized {
			t.Errorf("%s: got %d, want 401", name, code)
		}
	}
	x.h.fail <- channels.ErrStorage
	if code, _ := x.post(body, nil); code != http.StatusServiceUnavailable {
		t.Errorf("not stored: got %d, want 503", code)
	}
	first, said := x.post(body, nil)
	if again, same := x.post(body, nil); first != http.StatusOK || again != first || same != said {
		t.Errorf("twice: got %d %q, then %d %q, want the same", first, said, again, same)
	}
	for range 2 {
		in := next(t, x.h.got)
		if call := callOf(t, in); !bytes.Equal(in.Body, page) || in.ContentType != "image/png" || in.ControlID != "f-1" || call.Number != "+12075550100" || call.Source != "webhook" {
			t.Errorf("got %d bytes, %s, %s, %+v", len(in.Body), in.ContentType, in.ControlID, call)
		}
	}
	heard := x.now
	x.now = x.now.Add(6 * time.Minute) // somebody heard the request and says it again later
	at, signature := gateway.Sign(secret, heard, []byte(body))
	if code, _ := x.post(body, func(r *http.Request) {
		r.Header.Set("X-Fax-Timestamp", at)
		r.Header.Set("X-Fax-Signature", signature)
	}); code != http.StatusUnauthorized {
		t.Errorf("replayed: got %d, want 401", code)
	}
	if said := x.raw("Content-Length: 3145728\r\n\r\n"); !strings.Contains(said, " 413 ") {
		t.Errorf("large: got %q, want 413", said)
	}
	if code, _ := x.post(`{"x": [`, nil); code != http.StatusOK {
		t.Errorf("signed and not understood: got %d, want 200: a person sees it", code)
	}
	if call := callOf(t, next(t, x.h.got)); call.Failure == "" {
		t.Errorf("got %+v, want a reason", call)
	}
	if code, _ := x.post(`{"event": "number.bought"}`, nil); code != http.StatusOK || len(x.h.got) != 0 {
		t.Errorf("neither fax nor status: got %d and %d archived, want 200 and none", code, len(x.h.got))
	}
	if resp, err := http.Get(x.url); err != nil || resp.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("GET: got %v, want 405", err)
	} else {
		resp.Body.Close()
	}
	http.DefaultClient.CloseIdleConnections()
}

// TestWebhookTruncated: a request that breaks off leaves nothing behind.
func TestWebhookTruncated(t *testing.T) {
	x := newHook(t, nil)
	if said := x.raw("Content-Length: 1000\r\n\r\n{\"file\": \"SUkq"); !strings.Contains(said, " 400 ") || len(x.h.got) != 0 {
		t.Errorf("got %q, %d archived, want 400 and none", said, len(x.h.got))
	}
}

// raw begins a request, says no more after that, and returns the answer.
func (x *hooked) raw(rest string) string {
	x.Helper()
	c, err := net.Dial("tcp", strings.TrimSuffix(strings.TrimPrefix(x.url, "http://"), "/fax"))
	if err != nil {
		x.Fatal(err)
	}
	defer c.Close()
	fmt.Fprintf(c, "POST /fax HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n%s", rest)
	if err := c.(*net.TCPConn).CloseWrite(); err != nil {
		x.Fatal(err)
	}
	b, err := io.ReadAll(c)
	if err != nil {
		x.Fatal(err)
	}
	return string(b)
}

func TestWebhookStatus(t *testing.T) {
	x := newHook(t, nil)
	for range 2 { // gateways say everything twice
		if code, _ := x.post(`{"event_type": "fax.failed", "reference": "d-1_2", "status": "failed", "error": "no answer", "id": 7}`, nil); code != http.StatusOK {
			t.Fatalf("got %d, want 200", code)
		}
		if r := next(t, x.h.receipts); r.DeliveryID != "d-1" || r.Level != channels.LevelFailed || r.Code != "no_answer" || r.Permanent || len(r.Raw) == 0 {
			t.Errorf("got %+v, want that d-1 met no answer", r)
		}
	}
	if code, _ := x.post(`{"reference": "d-1", "status": "sending"}`, nil); code != http.StatusOK || len(x.h.receipts) != 0 {
		t.Errorf("under way: got %d and %d receipts, want 200 and none", code, len(x.h.receipts))
	}
	x.h.fail <- channels.ErrStorage
	if code, _ := x.post(`{"reference": "d-1", "status": "delivered"}`, nil); code != http.StatusServiceUnavailable {
		t.Errorf("not stored: got %d, want 503", code)
	}
}

// TestFetch: only what the configuration names is fetched, and nothing inside the site's network that it does not name.
func TestFetch(t *testing.T) {
	ca := mailtest.NewAuthority(t)
	page := fixture(t, "d-016.png")
	code := http.StatusOK
	media := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer token" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		w.Header().Set("Location", "http://169.254.169.254/")
		w.WriteHeader(code)
		w.Write(page)
	}))
	media.TLS = ca.Server(t, "localhost", time.Now().Add(time.Hour))
	media.StartTLS()
	defer media.Close()
	_, port, _ := net.SplitHostPort(media.Listener.Addr().String())
	host := "localhost:" + port
	get := func(change func(*Fetch), address string) ([]byte, string, error) {
		cfg := &Fetch{Hosts: []string{host}, Token: config.NewSecret("token"), Ranges: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}, CA: config.Path(ca.File)}
		if change != nil {
			change(cfg)
		}
		f, err := newFetcher(cfg, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		return f.get(context.Background(), address)
	}
	if b, why, err := get(nil, "https://"+host+"/f-1"); err != nil || why != "" || !bytes.Equal(b, page) {
		t.Errorf("got %d bytes, %q, %v, want the file", len(b), why, err)
	}
	for name, c := range map[string]struct {
		change  func(*Fetch)
		address string
	}{
		"another host": {nil, "https://elsewhere.example/f-1"}, "no TLS": {nil, "http://" + host + "/f-1"}, "another port": {nil, "https://localhost:1/f-1"}, "nothing": {nil, ""},
		"inside": {func(f *Fetch) { f.Ranges = nil }, "https://" + host + "/f-1"}, "wrong token": {func(f *Fetch) { f.Token = config.Secret{} }, "https://" + host + "/f-1"},
	} {
		if b, why, err := get(c.change, c.address); why == "" || err != nil || b != nil {
			t.Errorf("%s: got %d bytes, %q, %v, want a reason for a person", name, len(b), why, err)
		}
	}
	code = http.StatusFound
	if _, why, err := get(nil, "https://"+host+"/f-1"); why == "" || err != nil {
		t.Errorf("sent elsewhere: got %q, %v, want a reason", why, err)
	}
	code = http.StatusBadGateway
	if _, why, err := get(nil, "https://"+host+"/f-1"); why != "" || err == nil {
		t.Errorf("502: got %q, %v, want to be tried again", why, err)
	}
	if _, why, _ := (*fetcher)(nil).get(context.Background(), "https://"+host+"/f-1"); why == "" {
		t.Error("without fetch: got no reason, want one")
	}
}

func FuzzEvidence(f *testing.F) {
	f.Add([]byte(`{"version":1,"call":{"source":"smtp"},"unread":true}`), []byte("From: <a@b.example>\r\n\r\nx"))
	c, err := New(Config{Folder: "x", Pages: 5}, Deps{Name: "x", Handler: newHandler(), Reader: reader{}, Log: discard()})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, evidence, body []byte) {
		for _, contentType := range []string{mailType, "image/tiff"} {
			o, err := c.Open(channels.Archived{ContentType: contentType, Body: body, Evidence: evidence})
			if err != nil && (o.Parts != nil || o.Receipts != nil) {
				t.Fatal("parts beside an error")
			}
			if b, err := json.Marshal(o); err != nil || len(b) == 0 {
				t.Fatal("parts that cannot be kept")
			}
		}
	})
}
