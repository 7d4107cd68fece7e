package direct

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"refloop/channels"
	"refloop/channels/direct/trust"
	"refloop/config"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	north = "referrals@direct.northside.example"
	lake  = "referrals@direct.lakeside.example"
	evil  = "mallory@direct.elsewhere.example"
)

// site is one organisation: its configuration, agent and files.
type site struct {
	dir   string
	cfg   *config.Config
	agent *Agent
}

const siteYAML = `
demo: true
organization: {name: %[1]s, oid: 2.16.840.1.113883.3.72.5.9.%[2]d}
store: {seal_key: {file: seal.key}}
direct:
  address: %[3]s
  identities: [{domain: %[4]s, certificate: direct.crt, key: direct.key}]
  anchors: [{domain: "*", inbound: [anchors], outbound: [anchors]}]
  certificates: [peers]
channels:
  - {name: direct-in, type: direct, listen: "127.0.0.1:0", max_connections: 20, idle_timeout: 30s}
partners:
  - {id: peer, rails: [{type: direct, address: %[5]s, certificate: peer.crt}, {type: direct, address: %[5]s, dialect: plain}]}
`

// newSite makes a configuration in a folder, and with it demo keys, as the daemon does on its first start.
func newSite(t testing.TB, name string, n int, address, domain, peer string) *site {
	t.Helper()
	s := &site{dir: t.TempDir()}
	file := filepath.Join(s.dir, "refloop.yaml")
	must(t, os.WriteFile(file, fmt.Appendf(nil, siteYAML, name, n, address, domain, peer), 0o600))
	cfg, p := config.Load(file)
	settings := DecodeSettings(cfg.Direct, p)
	must(t, p.Err())
	s.demo(t, name, settings)
	s.cfg = cfg
	s.agent = &Agent{Settings: settings, Organization: Organization{Name: name, OID: cfg.Organization.OID}, Now: time.Now, Rand: rand.Reader}
	return s
}

// keys keeps the demo keys of each site, so that only the first test waits for them to be made.
var keys = struct {
	sync.Mutex
	files map[string]map[string][]byte
}{files: map[string]map[string][]byte{}}

func (s *site) demo(t testing.TB, name string, settings Settings) {
	t.Helper()
	keys.Lock()
	defer keys.Unlock()
	for f, b := range keys.files[name] {
		must(t, os.WriteFile(filepath.Join(s.dir, f), b, 0o600))
	}
	made, err := EnsureDemo(settings, time.Now())
	must(t, err)
	if first := keys.files[name] == nil; len(made) != 1 && first || len(made) != 0 && !first {
		t.Fatalf("made %q", made)
	}
	if len(made) == 0 {
		return
	}
	keys.files[name] = map[string][]byte{}
	for _, f := range []string{"direct.crt", "direct.key", "direct-anchor.crt"} {
		b, err := os.ReadFile(filepath.Join(s.dir, f))
		must(t, err)
		keys.files[name][f] = b
	}
}

// know copies the anchor and certificate of another site, as operators exchange them.
func (s *site) know(t testing.TB, other *site) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(other.dir, "direct-anchor.crt"))
	must(t, err)
	must(t, os.WriteFile(filepath.Join(s.dir, "anchors", filepath.Base(other.dir)+".crt"), b, 0o600))
	b, err = os.ReadFile(filepath.Join(other.dir, "direct.crt"))
	must(t, err)
	must(t, os.WriteFile(filepath.Join(s.dir, "peer.crt"), b, 0o600))
}

// load reads the files again, as a reload does.
func (s *site) load(t testing.TB) {
	t.Helper()
	p := &config.Problems{}
	var rails []RailConfig
	for _, partner := range s.cfg.Partners {
		for _, r := range partner.Rails {
			rails = append(rails, DecodeRail(r, p))
		}
	}
	s.agent.Trust = Load(s.agent.Settings, rails, p)
	must(t, p.Err())
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// world is the three sites of all tests: north and lake trust each other, nobody trusts evil.
type world struct{ north, lake, evil *site }

func newWorld(t testing.TB) world {
	t.Helper()
	w := world{
		north: newSite(t, "Northside", 1, north, "direct.northside.example", lake),
		lake:  newSite(t, "Lakeside", 2, lake, "direct.lakeside.example", north),
		evil:  newSite(t, "Elsewhere", 3, evil, "direct.elsewhere.example", north),
	}
	w.north.know(t, w.lake)
	w.lake.know(t, w.north)
	w.evil.know(t, w.north)
	for _, s := range []*site{w.north, w.lake, w.evil} {
		s.load(t)
	}
	return w
}

// fakeHandler keeps what it receives.
type fakeHandler struct {
	mu    sync.Mutex
	got   []channels.Inbound
	fail  error
	stall chan struct{} // not nil: Receive waits for it
	came  chan struct{} // one token for each message
}

func newHandler() *fakeHandler { return &fakeHandler{came: make(chan struct{}, 1000)} }

func (h *fakeHandler) Receive(ctx context.Context, in channels.Inbound) (channels.Outcome, error) {
	if h.stall != nil {
		select {
		case <-h.stall:
		case <-ctx.Done():
			return channels.Outcome{}, channels.ErrStorage
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.fail != nil {
		return channels.Outcome{}, h.fail
	}
	h.got = append(h.got, in)
	h.came <- struct{}{}
	return channels.Outcome{MessageID: fmt.Sprint(len(h.got)), State: "received"}, nil
}

func (h *fakeHandler) Confirm(context.Context, channels.Receipt) error { return nil }

func (h *fakeHandler) last(t testing.TB) channels.Inbound {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.got) == 0 {
		t.Fatal("nothing was received")
	}
	return h.got[len(h.got)-1]
}

// archived is what the engine makes of an Inbound.
func archived(in channels.Inbound) channels.Archived {
	return channels.Archived{
		ID: "m1", Channel: in.Channel, Peer: in.Peer, Type: in.Type, ContentType: in.ContentType, ControlID: in.ControlID, Sender: in.Sender,
		Recipient: in.Recipient, ReceivedAt: time.Now(), Body: in.Body,
	}
}

// fakeBudget has a limit.
type fakeBudget struct {
	mu          sync.Mutex
	limit, used int
	peak        int
}

func (b *fakeBudget) Take(n int) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.used+n > b.limit {
		return channels.ErrBusy
	}
	b.used += n
	b.peak = max(b.peak, b.used)
	return nil
}

func (b *fakeBudget) Give(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.used -= n
}

// server is a running channel.
type server struct {
	*Channel
	handler *fakeHandler
	budget  *fakeBudget
	drain   func()        // no more connections
	done    chan struct{} // Run has returned
	stop    func()        // drain, give up what is in hand, wait
}

// serve runs the channel of a site until the test ends.
func serve(t testing.TB, s *site, limit int, change func(*Config)) *server {
	t.Helper()
	p := &config.Problems{}
	cfg := DecodeChannel(s.cfg.Channels[0], p)
	must(t, p.Err())
	if change != nil {
		change(&cfg)
	}
	srv := &server{handler: newHandler(), budget: &fakeBudget{limit: 256 << 20}}
	ch, err := New(s.cfg.Channels[0], cfg, s.agent, Deps{Handler: srv.handler, Budget: srv.budget, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Limit: limit})
	must(t, err)
	must(t, ch.Listen())
	srv.Channel = ch
	take, endTake := context.WithCancel(context.Background())
	hold, endHold := context.WithCancel(context.Background())
	srv.done = make(chan struct{})
	go func() {
		defer close(srv.done)
		if err := ch.Run(take, hold); err != nil {
			t.Errorf("run: %v", err)
		}
	}()
	srv.drain = endTake
	var once sync.Once
	srv.stop = func() {
		once.Do(func() {
			endTake()
			endHold()
			<-srv.done
			if srv.budget.used != 0 {
				t.Errorf("budget: %d bytes were not given back", srv.budget.used)
			}
		})
	}
	t.Cleanup(srv.stop)
	return srv
}

// sender makes a sender whose mail goes to one server.
func (s *site) sender(to *server, cfg RailConfig) *Sender {
	a := *s.agent
	a.Settings.Relay = "smtp://" + to.Addr().String()
	return NewSender(&a, "peer/direct", cfg)
}

func shipment() channels.Shipment {
	return channels.Shipment{
		DeliveryID: "d1", ReferralID: "R1", Authority: "2.16.840.1.113883.3.72.5.9.1", Event: "request", Partner: "peer", Address: lake, ControlID: "c1",
		At: time.Now().UTC().Truncate(time.Second), PatientID: "MRN1^^^&2.16.840.1.113883.3.72.5.9.1&ISO",
		Parts: []channels.Part{
			{Kind: channels.KindCDA, ContentType: "text/xml", Body: []byte(`<?xml version="1.0"?><ClinicalDocument xmlns="urn:hl7-org:v3"><id root="1.2.3"/></ClinicalDocument>`)},
			{Kind: channels.KindHL7, ContentType: "x-application/hl7-v2+er7", Body: []byte("MSH|^~\\&|A|B|C|D|20261123||OMG^O19^OMG_O19|1|P|2.5.1\rPID|1\r")},
			{Kind: channels.KindPDF, Name: "note.pdf", ContentType: "application/pdf", Body: []byte("%PDF-1.4 synthetic")},
		},
	}
}

// roundTrip packs and sends from one site to a server and returns what was archived there.
func roundTrip(t testing.TB, from *Sender, to *server, ship channels.Shipment) (channels.Packed, channels.Archived) {
	t.Helper()
	packed, err := from.Pack(context.Background(), ship)
	must(t, err)
	receipt, err := from.Send(context.Background(), channels.Outbound{DeliveryID: ship.DeliveryID, Address: packed.Recipient, ControlID: packed.ControlID, Attempt: 1, Body: packed.Body})
	must(t, err)
	if receipt.Level != channels.LevelTransport || receipt.Code != "250" {
		t.Errorf("receipt: got %+v", receipt)
	}
	return packed, archived(to.handler.last(t))
}

// judgeAndOpen is what the engine does in the background.
func judgeAndOpen(t testing.TB, s *site, a channels.Archived) (channels.Archived, channels.Opened) {
	t.Helper()
	var err error
	a.Evidence, err = s.agent.Prepare(context.Background(), a)
	must(t, err)
	o, err := s.agent.Open(a)
	must(t, err)
	return a, o
}

var _ = []any{channels.Channel(&Channel{}), channels.Preparer(&Channel{}), channels.Notifier(&Channel{}), channels.Ready(&Channel{}), channels.Sender(&Sender{})}

var errDisk = errors.Join(channels.ErrStorage, errors.New("disk full"))

func dial(t testing.TB, s *server) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", s.Addr().String())
	must(t, err)
	t.Cleanup(func() { c.Close() })
	must(t, c.SetDeadline(time.Now().Add(30*time.Second)))
	return c
}

func firstCert(t testing.TB, path string) *x509.Certificate {
	t.Helper()
	certs, _, err := trust.ReadCertificates(path)
	must(t, err)
	return certs[0]
}

// gateBusy is how many messages are in hand.
func (s *server) gateBusy() int { return s.InHand() }
