package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/miekg/dns"

	"refloop/direct"
	"refloop/direct/cms"
	"refloop/internal/directkit"
	"refloop/referral"
	"refloop/store"
)

// kitYAML is a site with two domains, each with its own anchors, and one certificate of every kind.
const kitYAML = `
socket: s.sock
organization: {name: Northside Primary Care, oid: 2.16.840.1.113883.3.72.5.9.1}
store: {url: "sqlite:refloop.db", seal_key: {file: seal.key}}
direct:
  address: referrals@direct.northside.example
  domains: [direct.northside.example, direct.southside.example]
  identities:
    - {domain: direct.northside.example, certificate: north.crt, key: north.key}
    - {address: curve@direct.northside.example, certificate: curve.crt, key: curve.key}
    - {address: curve384@direct.northside.example, certificate: curve384.crt, key: curve384.key}
    - {address: single@direct.northside.example, certificate: single.crt, key: single.key, use: encrypt}
    - {address: single@direct.northside.example, certificate: sign.crt, key: sign.key, use: sign}
    - {domain: direct.southside.example, certificate: south.crt, key: south.key}
  anchors:
    - {domain: direct.northside.example, inbound: [north-anchors], outbound: [north-anchors]}
    - {domain: direct.southside.example, inbound: [south-anchors], outbound: [south-anchors]}
  dns: %s
  http_allow: [127.0.0.0/8]
  relay: smtp://%s
channels:
  - {name: mail, type: direct, listen: %q}
console: {listen: ""}
`

// relaySink is the relay of the site: it keeps what the site sends.
type relaySink struct {
	mu   sync.Mutex
	mail []sunk
}

type sunk struct {
	from, to string
	body     []byte
}

// serveSink starts the relay and returns its address.
func serveSink(t *testing.T) (*relaySink, string) {
	t.Helper()
	sink := &relaySink{}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &sinkSession{sink: sink}, nil }))
	srv.Domain = "relay.example"
	done := make(chan struct{})
	go func() { defer close(done); _ = srv.Serve(l) }()
	t.Cleanup(func() { _ = srv.Close(); <-done })
	return sink, l.Addr().String()
}

type sinkSession struct {
	sink *relaySink
	one  sunk
}

func (s *sinkSession) Mail(from string, _ *smtp.MailOptions) error { s.one.from = from; return nil }
func (s *sinkSession) Rcpt(to string, _ *smtp.RcptOptions) error   { s.one.to = to; return nil }
func (s *sinkSession) Reset()                                      {}
func (s *sinkSession) Logout() error                               { return nil }
func (s *sinkSession) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	s.one.body = b
	s.sink.mu.Lock()
	defer s.sink.mu.Unlock()
	s.sink.mail = append(s.sink.mail, s.one)
	return err
}

// serveNothing is a name server that knows no name.
func serveNothing(t *testing.T) string {
	t.Helper()
	socket, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	up, down := make(chan struct{}), make(chan struct{})
	srv := &dns.Server{PacketConn: socket, NotifyStartedFunc: func() { close(up) }, Handler: dns.HandlerFunc(func(rw dns.ResponseWriter, q *dns.Msg) {
		m := new(dns.Msg).SetReply(q)
		m.Rcode = dns.RcodeNameError
		_ = rw.WriteMsg(m)
	})}
	go func() { defer close(down); _ = srv.ActivateAndServe() }()
	<-up
	t.Cleanup(func() { _ = srv.Shutdown(); <-down })
	return socket.LocalAddr().String()
}

// kitSite starts a daemon for the kit.
func kitSite(t *testing.T, k *directkit.Kit) (*site, *relaySink, string) {
	t.Helper()
	sink, relay := serveSink(t)
	listen, err := freeAddress()
	if err != nil {
		t.Fatal(err)
	}
	s := &site{dir: t.TempDir()}
	for name, b := range kitFiles(t, k.World) {
		path := filepath.Join(s.dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, b, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	s.write(t, fmt.Sprintf(kitYAML, serveNothing(t), relay, listen))
	s.daemon, err = open(t.Context(), s.config(), nil, slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err != nil {
		t.Fatal(err)
	}
	s.run(t)
	return s, sink, listen
}

// kitFiles are the files that kitYAML names.
func kitFiles(t *testing.T, w *directkit.World) map[string][]byte {
	t.Helper()
	files := map[string][]byte{
		"seal.key": []byte(strings.Repeat("ab", 32)), "north-anchors/a.crt": directkit.PEM(w.Anchor.Certificate),
		"north-anchors/old.crt": directkit.PEM(w.Retired.Certificate), "south-anchors/a.crt": w.SouthOnly.Certificate.Raw,
	}
	for name, address := range map[string]string{"north": directkit.North, "curve": directkit.NorthEC, "curve384": directkit.North38, "single": directkit.Single, "sign": "sign", "south": directkit.South} {
		files[name+".crt"] = directkit.PEM(w.Ours[address].Certificate)
		files[name+".key"] = directkit.KeyPEM(t, w.Ours[address].Key)
	}
	return files
}

// TestDirectKit sends every message of the kit over the wire to a daemon. Each good one ends processed or held and is answered by exactly
// the processed notifications that it is owed, signed and encrypted; each bad one ends refused with its reason and is answered by nothing.
func TestDirectKit(t *testing.T) {
	k := directkit.NewKit(t)
	good := 0
	for _, c := range k.Cases {
		if c.Good {
			good++
		}
	}
	t.Logf("%d messages, %d of them good, by %d certificates", len(k.Cases), good, k.Certificates())
	s, sink, listen := kitSite(t, k)
	submit(t, listen, k.Cases)
	byHash := settled(t, s, len(k.Cases))
	notices := noticesOf(t, s)
	for _, c := range k.Cases {
		t.Run(c.Name, func(t *testing.T) {
			sum := sha256.Sum256(c.Raw)
			m, ok := byHash[hex.EncodeToString(sum[:])]
			if !ok {
				t.Fatal("not in the archive")
			}
			sent := sink.of(notices[m.ID])
			if !c.Good {
				if m.State != referral.MessageRefused || m.Reason == "" || !strings.HasPrefix(m.Reason, c.Reason) {
					t.Errorf("got %s (%s), want refused (%s)", m.State, m.Reason, c.Reason)
				}
				if len(notices[m.ID]) != 0 {
					t.Errorf("%d notices were queued", len(notices[m.ID]))
				}
				return
			}
			if m.State != referral.MessageProcessed && m.State != referral.MessageHeld {
				t.Errorf("got %s (%s), want processed or held", m.State, m.Reason)
			}
			checkNotices(t, k, c, sent)
		})
	}
	if t.Failed() {
		for _, d := range mustList(t, s) {
			if d.State == referral.DeliveryDead || d.State == referral.DeliveryFailed {
				t.Logf("%s to %s: %s", d.Event, d.Address, d.Reason)
			}
		}
	}
}

// submit sends messages over several connections.
func submit(t *testing.T, listen string, cases []directkit.Case) {
	t.Helper()
	const lines = 4
	var wg sync.WaitGroup
	for n := range lines {
		wg.Go(func() {
			c, err := smtp.Dial(listen)
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			for i := n; i < len(cases); i += lines {
				if err := c.SendMail(cases[i].EnvFrom, cases[i].EnvTo, bytes.NewReader(cases[i].Raw)); err != nil {
					t.Errorf("%s: %v", cases[i].Name, err)
					return
				}
			}
		})
	}
	wg.Wait()
	if t.Failed() {
		t.FailNow()
	}
}

// settled waits until nothing is left to do and returns the messages that came in, by the hash of their bytes.
func settled(t *testing.T, s *site, want int) map[string]referral.Message {
	t.Helper()
	ctx, stop := context.WithTimeout(context.Background(), 3*time.Minute)
	defer stop()
	again := time.NewTicker(200 * time.Millisecond)
	defer again.Stop()
	for {
		list, err := s.store.Messages(t.Context(), store.MessageFilter{Direction: referral.Inbound, Limit: 10_000})
		if err != nil {
			t.Fatal(err)
		}
		out := map[string]referral.Message{}
		busy := len(list) < want
		for _, m := range list {
			busy = busy || m.State == referral.MessageReceived
			out[m.SHA256] = m
		}
		for _, d := range mustList(t, s) {
			busy = busy || d.State == referral.DeliveryQueued || d.State == referral.DeliverySending
		}
		if !busy {
			return out
		}
		select {
		case <-ctx.Done():
			for _, m := range list {
				if m.State == referral.MessageReceived {
					t.Errorf("still received: %s, %s", m.ControlID, m.Reason)
				}
			}
			for _, d := range mustList(t, s) {
				if d.State == referral.DeliveryQueued || d.State == referral.DeliverySending {
					t.Errorf("still %s: %s to %s after %d attempts: %s", d.State, d.Event, d.Address, d.Attempts, d.Reason)
				}
			}
			t.Fatalf("not at rest: %d of %d messages came", len(list), want)
		case <-again.C:
		}
	}
}

func mustList(t *testing.T, s *site) []referral.Delivery {
	t.Helper()
	list, err := s.store.Deliveries(t.Context(), store.DeliveryFilter{Limit: 10_000})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// noticesOf are the Message-IDs of the notifications about each message.
func noticesOf(t *testing.T, s *site) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	for _, d := range mustList(t, s) {
		if about, _, ok := strings.Cut(d.NoticeOf, "#"); ok {
			out[about] = append(out[about], d.ControlID)
		}
	}
	return out
}

// of returns the mail with these Message-IDs.
func (r *relaySink) of(ids []string) (out []sunk) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, m := range r.mail {
		if h, err := direct.ReadHeader(m.body, direct.Limits{}); err == nil && slices.Contains(ids, h.MessageID()) {
			out = append(out, m)
		}
	}
	return out
}

// checkNotices opens the notifications as the sender does and counts them.
func checkNotices(t *testing.T, k *directkit.Kit, c directkit.Case, sent []sunk) {
	t.Helper()
	var ids []cms.Identity
	for _, id := range c.Reply {
		ids = append(ids, cms.Identity{Certificate: id.Certificate, Key: id.Key})
	}
	processed := 0
	for _, m := range sent {
		o, err := direct.Open(m.body, ids, direct.Limits{})
		if err != nil {
			t.Errorf("a notification cannot be opened: %v", err)
			continue
		}
		if m.to != c.Sender || !strings.HasSuffix(m.from, "side.example") {
			t.Errorf("a notification went from %s to %s, want %s", m.from, m.to, c.Sender)
		}
		if err := o.Check(m.from, m.to); err != nil {
			t.Error(err)
		}
		policy := direct.Policy{Anchors: []*x509.Certificate{k.Anchor.Certificate, k.SouthOnly.Certificate}, At: time.Now()}
		if _, err := direct.TrustSigners(m.from, o.Signers, o.Certificates, policy); err != nil {
			t.Error(err)
		}
		n, ok := o.Mail.Notification()
		want := strings.TrimSpace(c.ID)
		if want != "" && !strings.HasPrefix(want, "<") {
			want = "<" + want + ">"
		}
		if !ok || want != "" && n.OriginalMessageID != want || n.Recipient == "" || !slices.ContainsFunc(c.EnvTo, func(to string) bool { return direct.Same(to, n.Recipient) }) {
			t.Errorf("notification: got %+v", n)
		}
		if n.Disposition == direct.Processed {
			processed++
		}
	}
	if processed != c.Processed {
		t.Errorf("got %d processed notifications, want %d", processed, c.Processed)
	}
}
