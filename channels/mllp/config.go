// Package mllp is the rail for HL7 v2 over MLLP: a server that takes messages and answers them, and a client that delivers
// them and waits for the answer.
//
// It follows the HL7 v2 Transport Specification (MLLP Release 1) and the acknowledgement rules of chapter 2, section 9. It moves
// bytes: it reads MSH to answer properly and leaves all meaning to the engine. A positive answer is only sent after
// channels.Handler has made the message durable. A message that asks for both kinds (MSH-15 and MSH-16) gets CA and then AA, on the same
// connection or the application's on one of its own. Left out: MLLP Release 2.
package mllp

import (
	"net"
	"net/netip"
	"strings"

	"refloop/config"
)

// Config is a channel of type mllp. Its zero value is not usable: [DecodeChannel] fills the defaults.
type Config struct {
	Listen string `yaml:"listen" required:"true" want:"an address such as 127.0.0.1:2575" doc:"address the server listens on"`
	TLS    *TLS   `yaml:"tls" doc:"absent: plain TCP, for loopback and closed networks"`
	Ack    string `yaml:"ack" enum:"auto|original|enhanced" default:"auto" doc:"which acknowledgement: auto asks MSH-15 and MSH-16 of each message"`
	Reply  string `yaml:"reply" enum:"ack|rri|orr|org" default:"ack" doc:"form of application answers; a form that does not fit a message falls back to ack"`

	Application string      `yaml:"application_ack" enum:"same|none" default:"same" doc:"the application acknowledgement of a message that asks for both kinds: on the same connection after the commit acknowledgement, or none; ack_return sends it elsewhere"`
	Return      string      `yaml:"ack_return" want:"host:port" doc:"where application acknowledgements of messages in enhanced mode go: the sender's own listener. absent: the same connection"`
	ReturnTLS   string      `yaml:"ack_return_tls" enum:"auto|on|off" default:"auto" doc:"TLS to ack_return; auto: on unless the address is this machine"`
	ReturnCA    config.Path `yaml:"ack_return_ca" doc:"PEM with the authorities of the certificate at ack_return; absent: those of the system"`
	BatchAck    bool        `yaml:"batch_ack" doc:"answer a batch by one batch of acknowledgements in the shape of what came (FHS, BHS to BTS, FTS), instead of one frame for each message"`
	Batch       int         `yaml:"max_batch" default:"10000" min:"1" max:"100000" doc:"messages in one batch (BHS or FHS in one frame); a larger one is answered AR with 207 and none of it is taken"`

	Allow   []netip.Prefix `yaml:"allow" want:"an address range such as 10.1.0.0/16" doc:"who may connect; absent: everybody who reaches the port"`
	Storage string         `yaml:"on_storage_failure" enum:"close|AR" default:"close" doc:"original mode when a message cannot be stored: close gives no answer so that the sender retries, AR answers AR with 207"`
	Garbled string         `yaml:"on_unreadable" enum:"AR|close" default:"AR" doc:"a frame without a readable MSH: AR with an empty MSA-2, or close without an answer"`

	Connections int             `yaml:"max_connections" default:"1000" min:"1" max:"20000" doc:"open connections at a time; when full, the oldest that never sent a message gives way"`
	Idle        config.Duration `yaml:"idle_timeout" default:"30m" min:"1s" doc:"how long a connection may be silent between messages"`
	Message     config.Duration `yaml:"message_timeout" default:"15m" min:"1s" doc:"time for a whole message from its first byte to its last; a slower sender cannot hold memory for longer"`
	Read        config.Duration `yaml:"read_timeout" default:"1m" min:"100ms" doc:"time for each 64 KiB within a message, for a TLS handshake and for an answer to be taken"`
}

// TLS is the server's side of a TLS connection. TLS 1.2 is the least.
type TLS struct {
	Certificate config.Path `yaml:"certificate" required:"true" want:"a PEM file" doc:"certificate with its chain, PEM"`
	Key         config.Path `yaml:"key" required:"true" want:"a PEM file" doc:"private key, PEM"`
	ClientCA    config.Path `yaml:"client_ca" doc:"PEM with the authorities of client certificates; set: every client must show one"`
	Node        config.Node `yaml:"."`
}

// RailConfig is a rail of type mllp: how a partner is reached, and what it wants to be told. Its zero value is not usable: [DecodeRail]
// fills the defaults.
type RailConfig struct {
	Dialect

	AckTimeout config.Duration `yaml:"ack_timeout" default:"30s" min:"100ms" max:"1h" doc:"how long to wait for the answer before the connection is given up"`
	Connection string          `yaml:"connection" enum:"keep|each" default:"keep" doc:"keep one connection open, or open one for each message"`
	OnAE       string          `yaml:"on_ae" enum:"auto|park|retry|next" default:"auto" doc:"what follows AE or CE: park leaves it to a person, retry sends the same bytes again, next takes the partner's next rail; auto: retry for 206 and 207, else next"`
	OnAR       string          `yaml:"on_ar" enum:"auto|park|retry|next" default:"auto" doc:"what follows AR or CR; auto: next for 200 to 203 (type, event, processing ID, version), else retry"`
	TLS        string          `yaml:"tls" enum:"auto|on|off" default:"auto" doc:"auto: on unless the address is this machine"`
	CA         config.Path     `yaml:"ca" doc:"PEM with the authorities of the server's certificate; absent: those of the system"`
	ServerName string          `yaml:"server_name" doc:"name in the server's certificate; absent: the host of the address"`
	Cert       config.Path     `yaml:"certificate" doc:"client certificate, PEM"`
	Key        config.Path     `yaml:"key" doc:"private key of the client certificate, PEM"`
	Node       config.Node     `yaml:"."`
}

// Dialect are the keys of a rail that say what is written, not how it travels: the engine's transform obeys them.
type Dialect struct {
	Version    string `yaml:"version" default:"2.5.1" enum:"2.1|2.2|2.3|2.3.1|2.4|2.5|2.5.1|2.6|2.7|2.7.1|2.8|2.8.1|2.8.2" doc:"MSH-12 of what we send"`
	Status     string `yaml:"status" enum:"rri|orm|siu|none" doc:"how steps are told; absent: rri for a REF, orm for an order"`
	Report     string `yaml:"report" enum:"mdm|oru" doc:"how the report is sent; absent: mdm for a REF, oru for an order"`
	Body       Words  `yaml:"body" enum:"pdf|text|cda|json" want:"pdf, text, cda or json, or a list of them" doc:"what goes with a report; absent: pdf"`
	AckFrom    string `yaml:"ack_from" enum:"ehr|engine" default:"ehr" doc:"who answers AA; engine: filing is not confirmed"`
	Processing string `yaml:"processing" enum:"P|T|D" default:"P" doc:"MSH-11 of what we send"`
}

// Words is one word or a list of them.
type Words []string

// DecodeNode reads `pdf` and `[pdf, text]`.
func (w *Words) DecodeNode(n config.Node, p *config.Problems) {
	items := n.Items()
	if items == nil {
		items = []config.Node{n}
	}
	for _, item := range items {
		s, ok := item.Scalar()
		switch s {
		case "pdf", "text", "cda", "json":
			*w = append(*w, s)
		default:
			if !ok {
				s = "something else"
			}
			p.Add(item, "got %q, want pdf, text, cda or json", s)
		}
	}
}

// DecodeChannel reads and checks the keys of a channel of this type; every mistake goes to p.
func DecodeChannel(c config.Channel, p *config.Problems) Config {
	var cfg Config
	c.Decode(&cfg, p)
	if cfg.Listen != "" && !hostPort(cfg.Listen) {
		p.Add(c.Node.Field("listen"), "got %q, want an address such as 127.0.0.1:2575", cfg.Listen)
	}
	if cfg.Return != "" && (!hostPort(cfg.Return) || strings.HasPrefix(cfg.Return, ":")) {
		p.Add(c.Node.Field("ack_return"), "got %q, want host:port", cfg.Return)
	} else if cfg.Return != "" && cfg.ReturnCA != "" && !c.Node.Demo() {
		if _, err := clientTLS(cfg.Return, RailConfig{TLS: cfg.ReturnTLS, CA: cfg.ReturnCA}); err != nil {
			p.Add(c.Node.Field("ack_return_ca"), "got a file that cannot be used (%v), want PEM certificates", err)
		}
	}
	if t := cfg.TLS; t != nil && t.Certificate != "" && t.Key != "" && !c.Node.Demo() {
		if _, err := serverTLS(t); err != nil {
			p.Add(t.Node, "got files that cannot be used (%v), want a PEM certificate and its key", err)
		}
	}
	return cfg
}

// DecodeRail reads and checks the keys of a rail of this type; every mistake goes to p.
func DecodeRail(r config.Rail, p *config.Problems) RailConfig {
	var cfg RailConfig
	r.Decode(&cfg, p)
	if !hostPort(r.Address) || strings.HasPrefix(r.Address, ":") {
		p.Add(r.Node.Field("address"), "got %q, want host:port", r.Address)
	}
	if (cfg.Cert == "") != (cfg.Key == "") {
		p.Add(cfg.Node, "got one of certificate and key, want both or none")
	}
	if cfg.CA != "" || cfg.Cert != "" && cfg.Key != "" {
		if _, err := clientTLS(r.Address, cfg); err != nil && !r.Node.Demo() {
			p.Add(cfg.Node, "got files that cannot be used (%v), want PEM certificates and the key", err)
		}
	}
	return cfg
}

func hostPort(s string) bool {
	_, port, err := net.SplitHostPort(s)
	if err != nil || port == "" {
		return false
	}
	_, err = net.LookupPort("tcp", port)
	return err == nil
}
