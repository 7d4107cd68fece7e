package mllp

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"refloop/channels"
	"refloop/hl7"
)

// handle takes one frame: one message, or the messages of a batch, each with its own answer. It returns false when the connection is to be closed.
func (s *Server) handle(ctx context.Context, body []byte, peer string, log *slog.Logger) ([][]byte, bool) {
	m, err := hl7.ParseWith(body, s.opts)
	if errors.Is(err, hl7.ErrBatch) {
		return s.batch(ctx, body, peer, log)
	}
	return s.parsed(ctx, m, err, body, peer, log)
}

// parsed takes one message, or refuses what is none.
func (s *Server) parsed(ctx context.Context, m *hl7.Message, err error, body []byte, peer string, log *slog.Logger) ([][]byte, bool) {
	if err != nil {
		s.stats.Unreadable.Add(1)
		log.Warn("a frame is no HL7 message", "bytes", len(body), "looks_like", looksLike(body[:min(len(body), 3)]), "error", err)
		if s.cfg.Garbled == "close" {
			return nil, false
		}
		return [][]byte{unreadable(s.d.Now(), "this is no HL7 version 2 message: "+reasonOf(err))}, true
	}
	return s.one(ctx, m, peer, log)
}

// batch handles the messages of a FHS/BHS wrapper one after the other.
func (s *Server) batch(ctx context.Context, body []byte, peer string, log *slog.Logger) ([][]byte, bool) {
	b, err := hl7.Split(body, s.opts.Limits)
	if err != nil {
		s.stats.Unreadable.Add(1)
		log.Warn("a frame is no HL7 batch", "bytes", len(body), "error", err)
		return [][]byte{unreadable(s.d.Now(), "this batch cannot be read: "+reasonOf(err))}, s.cfg.Garbled != "close"
	}
	var answers [][]byte
	ok := true
	for _, part := range b.Messages {
		m, err := hl7.ParseWith(part.Bytes, s.opts)
		var got [][]byte
		got, ok = s.parsed(ctx, m, err, part.Bytes, peer, log)
		answers = append(answers, got...)
		if !ok {
			break
		}
	}
	if s.cfg.BatchAck && len(answers) > 0 {
		now := s.d.Now()
		sum := sha256.Sum256(body)
		answers = [][]byte{b.Wrap(answers, controlID(string(sum[:])+now.Format(time.RFC3339Nano)), now)}
	}
	return answers, ok
}

func reasonOf(err error) string {
	var pe *hl7.ParseError
	if errors.As(err, &pe) {
		return fmt.Sprintf("%v at byte %d", pe.Reason, pe.At)
	}
	return "unreadable"
}

// one hands a message to the engine and returns what it answers; nil: nothing. False: storage failed and the sender is to learn it by a closed
// connection.
func (s *Server) one(ctx context.Context, m *hl7.Message, peer string, log *slog.Logger) ([][]byte, bool) {
	s.stats.Messages.Add(1)
	in := channels.Inbound{
		Channel: s.d.Name, Partner: s.d.Partner, Peer: peer, Type: typeOf(m), ContentType: ContentType, ControlID: m.ControlID(), Sender: sender(m),
		Body: m.Bytes(),
	}
	if !m.IsAck() {
		in.Answer = func(o channels.Outcome) []byte { return s.answerer.answer(m, o) }
	}
	out, err := s.receive(ctx, in, log)
	if err != nil {
		s.stats.StorageFailures.Add(1)
		log.Error("a message could not be stored; its sender keeps it", "type", in.Type, "bytes", len(in.Body), "error", err)
		answer := s.answerer.stored(m, s.d.Now(), s.cfg.Storage)
		return separate(answer), answer != nil
	}
	return s.direct(m, separate(out.Answer)), true
}

// direct sends application acknowledgements to the return connection when there is one; what is left goes back on this one.
func (s *Server) direct(m *hl7.Message, answers [][]byte) [][]byte {
	if s.back == nil || !m.AckMode().Enhanced {
		return answers
	}
	var here [][]byte
	for _, a := range answers {
		if info, err := hl7.ParseAck(a, hl7.Limits{}); err == nil && !info.Commit() {
			s.back.put(a)
			continue
		}
		here = append(here, a)
	}
	return here
}

// receive calls the handler; a panic in it counts as a message that was not stored.
func (s *Server) receive(ctx context.Context, in channels.Inbound, log *slog.Logger) (out channels.Outcome, err error) {
	defer func() {
		if p := recover(); p != nil {
			s.stats.Panics.Add(1)
			log.Error("panic while taking a message", "stack", string(debug.Stack()))
			out, err = channels.Outcome{}, fmt.Errorf("mllp: panic while taking a message: %w", channels.ErrStorage)
		}
	}()
	return s.d.Handler.Receive(ctx, in)
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
