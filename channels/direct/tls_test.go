package direct

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"refloop/channels"
	"refloop/config"
)

// serverFiles writes a certificate for this machine.
func serverFiles(t testing.TB) *TLS {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{"mx.northside.example"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	must(t, err)
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	must(t, err)
	dir := t.TempDir()
	crt, pk := filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
	must(t, os.WriteFile(crt, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	must(t, os.WriteFile(pk, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}), 0o600))
	return &TLS{Certificate: config.Path(crt), Key: config.Path(pk)}
}

// A server that offers STARTTLS gets it, from a relay on this machine and as an MX; a relay elsewhere must show a certificate that verifies.
func TestStartTLS(t *testing.T) {
	w := newWorld(t)
	files := serverFiles(t)
	srv := serve(t, w.lake, 1<<20, func(c *Config) { c.TLS = files })
	ship := shipment()
	roundTrip(t, w.north.sender(srv, RailConfig{}), srv, ship)

	packed, err := w.north.sender(srv, RailConfig{}).Pack(context.Background(), ship)
	must(t, err)
	out := channels.Outbound{DeliveryID: "d1", Address: lake, Attempt: 1, Body: packed.Body}
	toServer := func(ctx context.Context, address string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "tcp", srv.Addr().String())
	}
	mx := *w.north.agent
	mx.Dial = toServer
	var asked string
	mx.MX = func(_ context.Context, domain string) ([]string, error) {
		asked = domain
		return []string{"mx.lakeside.example"}, nil
	}
	if _, err := NewSender(&mx, "peer/direct", RailConfig{}).Send(context.Background(), out); err != nil || asked != "direct.lakeside.example" {
		t.Errorf("MX: %v, asked %q", err, asked)
	}
	far := mx
	far.Settings.Relay = "smtp://relay.example:25"
	_, err = NewSender(&far, "peer/direct", RailConfig{}).Send(context.Background(), out)
	if err == nil || channels.IsPermanent(err) || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("relay with an unknown certificate: got %v", err)
	}
	plain := serve(t, w.lake, 1<<20, nil)
	far.Dial = func(ctx context.Context, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "tcp", plain.Addr().String())
	}
	if _, err := NewSender(&far, "peer/direct", RailConfig{}).Send(context.Background(), out); err == nil || channels.IsPermanent(err) {
		t.Errorf("relay without STARTTLS: got %v", err)
	}
	if n := len(plain.handler.got); n != 0 {
		t.Errorf("%d messages went without TLS", n)
	}
}

// Commands sent in the clear behind STARTTLS are not obeyed after it.
func TestStartTLSInjection(t *testing.T) {
	files := serverFiles(t)
	srv := serve(t, newWorld(t).north, 1<<20, func(c *Config) { c.TLS = files })
	conn := dial(t, srv)
	c := smtp.NewClient(conn)
	must(t, c.Hello("x.example"))
	_, err := conn.Write([]byte("STARTTLS\r\nMAIL FROM:<" + lake + ">\r\nRCPT TO:<" + north + ">\r\n"))
	must(t, err)
	buf := make([]byte, 1024)
	n, err := conn.Read(buf)
	must(t, err)
	if !strings.HasPrefix(string(buf[:n]), "220") {
		t.Fatalf("got %q", buf[:n])
	}
	tc := tls.Client(conn, &tls.Config{InsecureSkipVerify: true})
	if err := tc.Handshake(); err != nil {
		return // the injected octets broke the handshake: just as well
	}
	_, err = tc.Write([]byte("DATA\r\n"))
	must(t, err)
	n, err = tc.Read(buf)
	if err == nil && strings.HasPrefix(string(buf[:n]), "354") {
		t.Errorf("an injected transaction was obeyed")
	}
}
