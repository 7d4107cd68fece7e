package direct

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"refloop/channels"
	"refloop/channels/direct/trust"
	"refloop/direct"
	"refloop/direct/cms"
)

var _ = channels.Watcher(&Notices{})

// observer keeps what it is told.
type observer struct {
	fakeHandler
	told []channels.Observation
	fail error
}

// last is what it was told last.
func (o *observer) last() channels.Observation {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.told) == 0 {
		return channels.Observation{}
	}
	return o.told[len(o.told)-1]
}

func (o *observer) Observe(_ context.Context, seen channels.Observation) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.fail != nil {
		return o.fail
	}
	o.told = append(o.told, seen)
	return nil
}

// alarms are the keys of the alarms of one kind that were told last.
func (o *observer) alarms(kind string) (keys []string) {
	for _, a := range o.last().Alarms {
		if a.Kind == kind {
			keys = append(keys, a.Key)
		}
	}
	return keys
}

// Each certificate has an alarm of its own at 60, 30, 14, 7 and 1 days and when it ended, of which the log and the worklist hear once.
func TestExpiryAlarms(t *testing.T) {
	w := newWorld(t)
	own := w.north.agent.Trust.Decrypting(north)[0].Certificate
	now := own.NotAfter
	g := *w.north.agent
	g.Now = func() time.Time { return now }
	to := &observer{}
	s := sight{agent: &g, to: to, lanes: map[string]channels.LaneState{}}
	for _, c := range []struct {
		days int
		step string
		told int // observations by now
	}{{90, "", 1}, {59, "/60", 2}, {58, "/60", 2}, {29, "/30", 3}, {13, "/14", 4}, {12, "/14", 4}, {6, "/7", 5}, {0, "/1", 6}, {-1, "/0", 7}, {-2, "/0", 7}} {
		now = own.NotAfter.AddDate(0, 0, -c.days).Add(-time.Hour)
		s.look(t.Context())
		var got []string
		for _, key := range to.alarms(AlarmEnds) {
			if strings.HasPrefix(key, trust.Fingerprint(own)) {
				got = append(got, key)
			}
		}
		want := trust.Fingerprint(own) + c.step
		if c.step == "" && len(got) > 0 || c.step != "" && (len(got) != 1 || got[0] != want) || len(to.told) != c.told {
			t.Errorf("%d days before: got %q and %d observations, want %q and %d", c.days, got, len(to.told), c.step, c.told)
		}
	}
	now = own.NotAfter.AddDate(0, 0, -90)
	to.fail = errors.New("disk full")
	s.look(t.Context())
	to.fail = nil
	s.look(t.Context())
	if len(to.told) != 8 {
		t.Error("what could not be told was not told again")
	}
}

// A partner whose certificate has ended is red at that moment, not at the next look of the clock, and green when a good one is there.
func TestPeerTurnsRed(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	synctest.Test(t, func(t *testing.T) {
		ca := issued(t, 1, key, nil, func(c *x509.Certificate) {
			c.IsCA, c.KeyUsage, c.NotAfter = true, x509.KeyUsageCertSign, time.Now().AddDate(1, 0, 0)
		})
		for_ := func(serial int64, end time.Duration) *x509.Certificate {
			return issued(t, serial, key, &ca, func(c *x509.Certificate) {
				c.EmailAddresses, c.KeyUsage, c.NotAfter = []string{lake}, x509.KeyUsageKeyAgreement, time.Now().Add(end)
			}).Certificate
		}
		peers := func(certs ...*x509.Certificate) *trust.Store {
			anchors := []trust.Anchors{{Domain: "*", Outbound: []*x509.Certificate{ca.Certificate}}}
			return trust.New(nil, anchors, nil, certs, nil)
		}
		g := &Agent{Settings: Settings{Address: north, Domains: []string{"direct.northside.example"}}, Trust: peers(for_(2, time.Minute)), Now: time.Now, News: make(chan struct{}, 1), Peers: []Peer{{Lane: "peer/direct", Address: lake}}}
		to := &observer{}
		take, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- NewNotices(g, "direct/notices").Watch(take, take, to) }()
		state := func() string {
			synctest.Wait()
			last := to.last().Lanes
			if len(last) != 1 || (last[0].State == channels.LaneRed) != strings.Contains(last[0].Note, direct.ReasonExpired) {
				t.Fatalf("got %+v", last)
			}
			return last[0].State
		}
		if got := state(); got != channels.LaneGreen {
			t.Errorf("at first: got %s", got)
		}
		<-time.After(time.Minute + 2*time.Second)
		if got := state(); got != channels.LaneRed {
			t.Errorf("after its end: got %s", got)
		}
		g.Trust = peers(for_(2, -time.Minute), for_(3, 100*24*time.Hour))
		g.nudge()
		if got := state(); got != channels.LaneGreen {
			t.Errorf("with a good one: got %s", got)
		}
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// What a partner's rail is, by what choosing its certificate came to.
func TestLaneStates(t *testing.T) {
	refused := func(reason string) error { return fmt.Errorf("x: %w", &direct.UntrustedError{Reason: reason}) }
	for _, c := range []struct {
		name  string
		err   error
		state string // empty: not known
	}{
		{"good", nil, channels.LaneGreen},
		{"revoked", refused(direct.ReasonRevoked), channels.LaneRed},
		{"expired", refused(direct.ReasonExpired), channels.LaneRed},
		{"its anchor is gone", refused(direct.ReasonChain), channels.LaneRed},
		{"none is known", refused(direct.ReasonNone), channels.LaneGreen},
		{"revocation cannot be looked up", refused(direct.ReasonRevocation), ""},
		{"no name server answers", errors.Join(refused(direct.ReasonNone), trust.ErrLookup), ""},
		{"something else", errors.New("x"), ""},
	} {
		if l, known := laneOf(Peer{Lane: "l"}, c.err); l.State != c.state || known != (c.state != "") {
			t.Errorf("%s: got %q, want %q", c.name, l.State, c.state)
		}
	}
}

func TestWatchEnds(t *testing.T) {
	w := newWorld(t)
	synctest.Test(t, func(t *testing.T) {
		take, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- NewNotices(w.north.agent, "direct/notices").Watch(take, take, nil) }()
		<-time.After(48 * time.Hour) // virtual time
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// What was packed for a certificate that has ended or was revoked since does not leave, and is packed anew; what is not encrypted never leaves.
func TestLeaving(t *testing.T) {
	w := newWorld(t)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	ca := issued(t, 1, key, nil, func(c *x509.Certificate) { c.IsCA, c.KeyUsage = true, x509.KeyUsageCertSign|x509.KeyUsageCRLSign })
	peer := func(serial int64) cms.Identity {
		return issued(t, serial, key, &ca, func(c *x509.Certificate) { c.EmailAddresses, c.KeyUsage = []string{lake}, x509.KeyUsageKeyAgreement })
	}
	one, two := peer(2), peer(3)
	store := func(crl *x509.RevocationList, certs ...*x509.Certificate) *trust.Store {
		var lists []*x509.RevocationList
		if crl != nil {
			lists = append(lists, crl)
		}
		return trust.New(w.north.agent.Trust.Identities(), []trust.Anchors{{Domain: "*", Outbound: []*x509.Certificate{ca.Certificate}}}, nil, certs, lists)
	}
	crl := revoking(t, ca, one.Certificate)
	srv := serve(t, w.lake, 1<<20, nil)
	for _, c := range []struct {
		name    string
		restart bool
		after   *trust.Store
		repack  bool
	}{
		{"still good", false, store(nil, one.Certificate), false},
		{"still good, after a restart", true, store(nil, one.Certificate), false},
		{"revoked", false, store(crl, one.Certificate), true},
		{"revoked, after a restart", true, store(crl, one.Certificate), true},
		{"revoked, another is there", true, store(crl, one.Certificate, two.Certificate), true},
		{"replaced, after a restart", true, store(nil, two.Certificate), true},
	} {
		g := *w.north.agent
		g.Trust = store(nil, one.Certificate)
		g.Settings.Relay = "smtp://" + srv.Addr().String()
		s := NewSender(&g, "peer/direct", RailConfig{})
		packed, err := s.Pack(t.Context(), shipment())
		must(t, err)
		g.Trust = c.after
		if c.restart {
			s = NewSender(&g, "peer/direct", RailConfig{})
		}
		before := len(srv.handler.got)
		_, err = s.Send(t.Context(), channels.Outbound{DeliveryID: "d", Address: lake, ControlID: packed.ControlID, Attempt: 1, Body: packed.Body})
		if channels.MustRepack(err) != c.repack || (err == nil) == c.repack || (len(srv.handler.got) > before) == c.repack {
			t.Errorf("%s: got %v and %d mails", c.name, err, len(srv.handler.got)-before)
		}
	}
	plain := []byte("From: " + north + "\r\nTo: " + lake + "\r\nSubject: x\r\n\r\nwords\r\n")
	g := *w.north.agent
	g.Settings.Relay = "smtp://" + srv.Addr().String()
	if _, err := NewSender(&g, "peer/direct", RailConfig{}).Send(t.Context(), channels.Outbound{Address: lake, Body: plain}); !channels.IsPermanent(err) {
		t.Errorf("plain text: got %v", err)
	}
}
