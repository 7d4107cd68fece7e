package direct

import (
	"context"
	"encoding/base64"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"

	"refloop/channels"
	"refloop/channels/direct/trust"
)

// A certificate that no file holds is found in DNS; a server that fails means to try again, none means never.
func TestDiscoveredRecipient(t *testing.T) {
	w := newWorld(t)
	must(t, os.Remove(filepath.Join(w.north.dir, "peer.crt")))
	w.north.load(t)
	published := firstCert(t, filepath.Join(w.lake.dir, "direct.crt"))
	var mode atomic.Value
	mode.Store("there")
	socket, err := net.ListenPacket("udp", "127.0.0.1:0")
	must(t, err)
	up, down := make(chan struct{}), make(chan struct{})
	server := &dns.Server{PacketConn: socket, NotifyStartedFunc: func() { close(up) }, Handler: dns.HandlerFunc(func(rw dns.ResponseWriter, q *dns.Msg) {
		m := new(dns.Msg).SetReply(q)
		name := q.Question[0].Name
		switch {
		case mode.Load() == "fails":
			m.Rcode = dns.RcodeServerFailure
		case mode.Load() == "there" && strings.EqualFold(name, "direct.lakeside.example."):
			m.Answer = []dns.RR{&dns.CERT{
				Hdr:  dns.RR_Header{Name: name, Rrtype: dns.TypeCERT, Class: dns.ClassINET, Ttl: 60},
				Type: dns.CertPKIX, Certificate: base64.StdEncoding.EncodeToString(published.Raw),
			}}
		case mode.Load() == "address" && strings.EqualFold(name, "direct.lakeside.example."):
			m.Answer = []dns.RR{&dns.CERT{
				Hdr:  dns.RR_Header{Name: name, Rrtype: dns.TypeCERT, Class: dns.ClassINET, Ttl: 60},
				Type: dns.CertURI, Certificate: base64.StdEncoding.EncodeToString([]byte("http://elsewhere.example/x.cer")),
			}}
		default:
			m.Rcode = dns.RcodeNameError
		}
		_ = rw.WriteMsg(m)
	})}
	go func() { defer close(down); _ = server.ActivateAndServe() }()
	<-up
	t.Cleanup(func() { _ = server.Shutdown(); <-down })
	for _, c := range []struct {
		mode             string
		ok, again, found bool
	}{{"there", true, false, true}, {"none", false, false, false}, {"address", false, false, false}, {"fails", false, true, false}} {
		mode.Store(c.mode)
		settings := w.north.agent.Settings
		settings.DNS = socket.LocalAddr().String()
		w.north.agent.Network = settings.Network(time.Now)
		_, err := NewSender(w.north.agent, "peer/direct", RailConfig{}).Pack(context.Background(), shipment())
		var de *channels.DeliveryError
		if (err == nil) != c.ok || errors.As(err, &de) != c.again || errors.Is(err, trust.ErrLookup) != c.again || err != nil && !errors.Is(err, ErrNoCertificate) {
			t.Errorf("%s: got %v", c.mode, err)
		}
		found, _ := w.north.agent.Candidates(t.Context(), lake)
		if passed := len(found) == 1 && found[0].Reason == "passed_over" && strings.Contains(err.Error(), "type URI"); passed != (c.mode == "address") {
			t.Errorf("%s: passed over: got %+v and %v", c.mode, found, err)
		}
	}
}
