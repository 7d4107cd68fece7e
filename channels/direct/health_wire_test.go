package direct

import (
	"encoding/base64"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// What doctor says of the ways in and out, when they work and when they do not.
func TestCheckWire(t *testing.T) {
	w := newWorld(t)
	srv := serve(t, w.lake, 1<<20, nil)
	dead, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	dead.Close()
	socket, err := net.ListenPacket("udp", "127.0.0.1:0")
	must(t, err)
	published := firstCert(t, w.north.dir+"/direct.crt")
	up, down := make(chan struct{}), make(chan struct{})
	server := &dns.Server{PacketConn: socket, NotifyStartedFunc: func() { close(up) }, Handler: dns.HandlerFunc(func(rw dns.ResponseWriter, q *dns.Msg) {
		m := new(dns.Msg).SetReply(q)
		if q.Question[0].Qtype == dns.TypeCERT && strings.HasPrefix(q.Question[0].Name, "direct.") {
			m.Answer = []dns.RR{&dns.CERT{
				Hdr:  dns.RR_Header{Name: q.Question[0].Name, Rrtype: dns.TypeCERT, Class: dns.ClassINET, Ttl: 60},
				Type: dns.CertPKIX, Certificate: base64.StdEncoding.EncodeToString(published.Raw),
			}}
		}
		_ = rw.WriteMsg(m)
	})}
	go func() { defer close(down); _ = server.ActivateAndServe() }()
	<-up
	t.Cleanup(func() { _ = server.Shutdown(); <-down })
	check := func(s *site, relay, inbound string) map[string]string {
		g := *s.agent
		g.Settings.Relay, g.Settings.DNS = "smtp://"+relay, socket.LocalAddr().String()
		g.Network = g.Settings.Network(time.Now)
		levels := map[string]string{}
		for _, f := range g.CheckWire(t.Context(), nil, []string{inbound}) {
			word, _, _ := strings.Cut(f.What, " ")
			levels[word] = f.Level
		}
		return levels
	}
	for name, c := range map[string]struct {
		got  map[string]string
		want map[string]string
	}{
		"all is well":                  {check(w.north, srv.Addr().String(), srv.Addr().String()), map[string]string{"relay": FindingOK, "inbound": FindingOK, "published": FindingOK}},
		"nobody is there":              {check(w.north, dead.Addr().String(), dead.Addr().String()), map[string]string{"relay": FindingBad, "inbound": FindingWarn, "published": FindingOK}},
		"somebody else's is published": {check(w.evil, srv.Addr().String(), srv.Addr().String()), map[string]string{"relay": FindingOK, "inbound": FindingOK, "published": FindingBad}},
	} {
		for what, want := range c.want {
			if c.got[what] != want {
				t.Errorf("%s: %s: got %q, want %q", name, what, c.got[what], want)
			}
		}
	}
}
