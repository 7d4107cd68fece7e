package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"time"

	"refloop/channels"
	"refloop/channels/mllp"
	"refloop/config"
	"refloop/hl7"
	codec "refloop/mllp"
	"refloop/transform"
)

// now is the time of everything on the page.
func now() time.Time { return time.Date(2026, 11, 3, 15, 20, 0, 0, time.UTC) }

// receiver stands where the engine stands: it decodes and says what became of a message. What an engine adds (archive, state machine)
// changes no answer but those that fail shows.
type receiver struct {
	channel transform.Channel
	verdict *channels.Verdict // not nil: said of every message
	fail    bool              // nothing can be stored
}

// Receive implements channels.Handler.
func (r receiver) Receive(_ context.Context, in channels.Inbound) (channels.Outcome, error) {
	plain := in.ControlID == lastID
	if r.fail && !plain {
		return channels.Outcome{}, channels.ErrStorage
	}
	out := channels.Outcome{MessageID: "RF00000417", ReceivedAt: now()}
	switch {
	case plain:
	case r.verdict != nil:
		out.Verdict = *r.verdict
	default:
		d := decode(in.Body, r.channel)
		out.Verdict, out.Problems = d.Verdict, d.Problems
	}
	if in.Answer != nil {
		out.Answer = in.Answer(out)
	}
	return out, nil
}

// Confirm implements channels.Handler.
func (receiver) Confirm(context.Context, channels.Receipt) error { return nil }

// decode reads a message as a channel of the hospital bound to its EHR does, or as the channel says.
func decode(body []byte, ch transform.Channel) transform.Decoded {
	if ch.Type == "" {
		ch = transform.Channel{Name: "ehr-orders", Type: channels.MLLP, Partner: ehr, Validate: ch.Validate}
	}
	return transform.Decode(transform.Source{
		Message: channels.Archived{ID: "RF00000417", Channel: ch.Name, Type: "hl7", ReceivedAt: now(), Body: body},
		Opened:  channels.Opened{Parts: []channels.Part{{Kind: channels.KindHL7, Body: body}}},
		Channel: ch, Directory: directory(),
	})
}

// settings are the defaults of a channel of type mllp.
func settings() mllp.Config {
	return mllp.Config{
		Ack: "auto", Reply: "ack", Storage: "close", Garbled: "AR", Connections: 10, Idle: config.Duration(time.Minute), Read: config.Duration(time.Minute),
	}
}

// lastID is the control ID of the message that is sent last, whose answer shows that nothing else will come.
const lastID = "LAST"

var errClosed = errors.New("interfacespec: the server closed the connection")

// ask sends one message through a real MLLP server and returns its answers one after the other. A nil answer means that none was given; errClosed, that the connection was closed instead.
func ask(cfg mllp.Config, h channels.Handler, message []byte) ([]byte, error) {
	s, err := mllp.NewServer(cfg, mllp.Deps{Name: "ehr-orders", Handler: h, Now: now, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	client, server := net.Pipe()
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, ctx, newOneConn(server)) }()
	answer, err := exchange(client, message)
	stop()
	_ = client.Close()
	<-done
	return answer, err
}

// exchange writes the message and the last one, and reads until the last one is answered.
func exchange(c net.Conn, message []byte) ([]byte, error) {
	wrote := make(chan struct{})
	go func() {
		defer close(wrote)
		w := codec.NewWriter(c)
		if w.WriteMessage(message) == nil {
			_ = w.WriteMessage([]byte(last))
		}
	}()
	defer func() { _ = c.Close(); <-wrote }()
	var answer []byte
	r := codec.NewReader(c, codec.Config{})
	for {
		f, err := r.Next()
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrClosedPipe) {
			return answer, errClosed
		} else if err != nil {
			return nil, err
		}
		got := append([]byte(nil), f.Message...)
		if info, err := hl7.ParseAck(got, hl7.Limits{}); err == nil && info.About == lastID {
			return answer, nil
		}
		answer = append(answer, got...) // both of a message that asks for both
	}
}

// last is a message in original mode.
const last = "MSH|^~\\&|A|B|C|D|20261103||REF^I12|" + lastID + "|P|2.5.1\r"

// oneConn is a listener with one connection, in this process.
type oneConn struct {
	conns chan net.Conn
	done  chan struct{}
}

func newOneConn(c net.Conn) *oneConn {
	l := &oneConn{conns: make(chan net.Conn, 1), done: make(chan struct{})}
	l.conns <- c
	return l
}

// Accept implements net.Listener.
func (l *oneConn) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener.
func (l *oneConn) Close() error { close(l.done); return nil }

// Addr implements net.Listener.
func (l *oneConn) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 2575} }
