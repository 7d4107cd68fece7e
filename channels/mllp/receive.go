package mllp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"

	"refloop/channels"
	"refloop/hl7"
)

// reply writes answers to the sender; an error means that it does not take them.
type reply func(answers [][]byte) error

// arrived is one message of a frame: either a message for the engine or the refusal of what is none.
type arrived struct {
	m       *hl7.Message // nil: refused
	in      channels.Inbound
	refused [][]byte
	close   bool // with refused: the connection is to be closed
}

// handle takes one frame: one message, or the messages of a batch, each with its own answer. It returns false when the connection is to be closed.
// restarts is how often its sender began it anew.
func (s *Server) handle(ctx context.Context, body []byte, restarts int, peer string, log *slog.Logger, send reply) bool {
	m, err := hl7.ParseWith(body, s.opts)
	if errors.Is(err, hl7.ErrBatch) {
		return s.batch(ctx, body, peer, log, send)
	}
	a := s.parsed(ctx, m, err, body, peer, log)
	if a.m == nil && restarts > 0 && len(a.refused) > 0 {
		a.refused = [][]byte{unreadable(s.d.Now(), hl7.CodeMessageType, "a start block (0x0B) within the frame began it anew, and what came after it is no HL7 version 2 message: "+reasonOf(body, err))}
	}
	if a.m == nil {
		return send(a.refused) == nil && !a.close
	}
	out, err := s.receive(ctx, a.in, log)
	answers, ok := s.answered(a, out, err, log)
	return send(answers) == nil && ok
}

// parsed prepares one message for the engine, or refuses what is none.
func (s *Server) parsed(ctx context.Context, m *hl7.Message, err error, body []byte, peer string, log *slog.Logger) arrived {
	if err != nil {
		s.stats.Unreadable.Add(1)
		log.Warn("a frame is no HL7 message", "bytes", len(body), "looks_like", inFrame(body), "shape", shape(body), "error", err)
		s.keep(ctx, unreadableFrame, body, peer, log)
		if s.cfg.Garbled == "close" {
			return arrived{close: true}
		}
		return arrived{refused: [][]byte{unreadable(s.d.Now(), hl7.CodeMessageType, "this is no HL7 version 2 message: "+reasonOf(body, err))}}
	}
	in := channels.Inbound{
		Channel: s.d.Name, Partner: s.d.Partner, Peer: peer, Type: typeOf(m), ContentType: ContentType, ControlID: m.ControlID(), Sender: sender(m),
		Body: m.Bytes(), Says: says,
	}
	if !m.IsAck() {
		in.Answer = func(o channels.Outcome) []byte { return s.answerer.answer(m, o) }
	}
	return arrived{m: m, in: in}
}

// reasonOf says why bytes are no message, without quoting them.
func reasonOf(body []byte, err error) string {
	if bytes.HasPrefix(body, []byte("\xFF\xFE")) || bytes.HasPrefix(body, []byte("\xFE\xFF")) || bytes.HasPrefix(body, []byte("M\x00S\x00H\x00")) || bytes.HasPrefix(body, []byte("\x00M\x00S\x00H")) {
		return "it is UTF-16, whose bytes MLLP cannot carry; send it as UTF-8"
	}
	var pe *hl7.ParseError
	if errors.As(err, &pe) {
		return fmt.Sprintf("%v at byte %d", pe.Reason, pe.At)
	}
	return "unreadable"
}

// answered is what goes back over this connection to one message. False: it could not be stored, and the sender is to learn it by a closed connection.
func (s *Server) answered(a arrived, out channels.Outcome, err error, log *slog.Logger) ([][]byte, bool) {
	s.stats.Messages.Add(1)
	if err != nil {
		s.stats.StorageFailures.Add(1)
		log.Error("a message could not be stored; its sender keeps it", "type", a.in.Type, "bytes", len(a.in.Body), "error", err)
		answer := s.answerer.stored(a.m, s.d.Now(), s.cfg.Storage)
		return separate(answer), answer != nil
	}
	answers := separate(out.Answer)
	if s.cfg.Return != "" && a.m.AckMode().Enhanced {
		answers = accepts(answers) // the application's are deliveries: see Notices
	}
	return answers, true
}

// receive calls the handler; a panic in it counts as a message that was not stored.
func (s *Server) receive(ctx context.Context, in channels.Inbound, log *slog.Logger) (out channels.Outcome, err error) {
	defer s.guard(log, &err)
	return s.d.Handler.Receive(ctx, in)
}

// guard turns a panic of the handler into an error.
func (s *Server) guard(log *slog.Logger, err *error) {
	if p := recover(); p != nil {
		s.stats.Panics.Add(1)
		log.Error("panic while taking a message", "stack", string(debug.Stack()))
		*err = fmt.Errorf("mllp: panic while taking a message: %w", channels.ErrStorage)
	}
}

// sender names whose control IDs these are: MSH-3 and MSH-4.
func sender(m *hl7.Message) string { return party(m, 3) }

// party joins application and facility, each by its name or else its OID.
func party(m *hl7.Message, field int) string {
	name := func(n int) string {
		hd := m.Segment(0).Field(n).HD()
		if hd.Namespace != "" {
			return hd.Namespace
		}
		return hd.ID
	}
	return name(field) + "|" + name(field+1)
}
