package mllp

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"refloop/channels"
	"refloop/hl7"
)

// batchStep is how many messages of a batch are handed over at a time; their answers go out when they are on disk.
const batchStep = 256

// batch handles the messages of a FHS/BHS wrapper in order. Nothing is done of a batch that cannot be read as a whole or holds too many.
func (s *Server) batch(ctx context.Context, body []byte, peer string, log *slog.Logger, send reply) bool {
	limits := s.opts.Limits
	limits.Messages = s.cfg.Batch
	b, err := hl7.Split(body, limits)
	if err != nil {
		s.stats.Unreadable.Add(1)
		log.Warn("a frame is no HL7 batch that can be taken", "bytes", len(body), "error", err)
		code, text := hl7.CodeMessageType, "this batch cannot be read: "+reasonOf(body, err)
		if errors.Is(err, hl7.ErrTooManyMessages) {
			s.stats.TooLarge.Add(1)
			code, text = hl7.CodeInternal, fmt.Sprintf("this batch holds more than %d messages; none of it was taken; send it in parts", s.cfg.Batch)
		} else {
			s.keep(ctx, unreadableFrame, body, peer, log)
			if s.cfg.Garbled == "close" {
				return false
			}
		}
		return send([][]byte{unreadable(s.d.Now(), code, text)}) == nil
	}
	if len(b.Messages) == 0 { // legal: nothing happened since the last one
		log.Info("an empty batch was answered", "batches", len(b.Batches))
		s.incomplete(ctx, b, body, log)
		return send([][]byte{s.wrap(b, nil, body)}) == nil
	}
	var wrapped []hl7.Part
	goOn := true
	for at := 0; at < len(b.Messages) && goOn; {
		var answers []hl7.Part
		var n int
		n, answers, goOn = s.step(ctx, b.Messages[at:min(at+batchStep, len(b.Messages))], peer, log)
		at += n
		if s.cfg.BatchAck {
			wrapped = append(wrapped, answers...)
		} else if send(bytesOf(answers)) != nil {
			return false
		}
	}
	s.incomplete(ctx, b, body, log)
	if s.cfg.BatchAck && len(wrapped) > 0 {
		return send([][]byte{s.wrap(b, wrapped, body)}) == nil && goOn
	}
	return goOn
}

// wrap is one file of answers in the shape of the batch.
func (s *Server) wrap(b hl7.Batch, answers []hl7.Part, body []byte) []byte {
	now := s.d.Now()
	sum := sha256.Sum256(body)
	return b.Wrap(answers, controlID(string(sum[:])+now.Format(time.RFC3339Nano)), now)
}

// incomplete tells of a batch that may lack messages; those that are there were taken.
func (s *Server) incomplete(ctx context.Context, b hl7.Batch, body []byte, log *slog.Logger) {
	why := b.Incomplete()
	if why == "" {
		return
	}
	log.Warn("a batch may lack messages; those that are there were taken", "messages", len(b.Messages), "batches", len(b.Batches), "why", why)
	if err := channels.TellIncomplete(ctx, s.d.Handler, s.d.Name, body, len(b.Messages), why, s.d.Now()); err != nil {
		log.Error("the item of an incomplete batch could not be kept", "error", err)
	}
}

// step takes some messages and returns how many it dealt with, and their answers in order. False: the connection is to be closed after them.
func (s *Server) step(ctx context.Context, parts []hl7.Part, peer string, log *slog.Logger) (n int, answers []hl7.Part, goOn bool) {
	list := make([]arrived, len(parts))
	var ins []channels.Inbound
	for i, p := range parts {
		m, err := hl7.ParseWith(p.Bytes, s.opts)
		if list[i] = s.parsed(ctx, m, err, p.Bytes, peer, log); list[i].m != nil {
			ins = append(ins, list[i].in)
		}
	}
	outs, err := s.receiveAll(ctx, ins, log)
	if err == nil && len(outs) < len(ins) {
		err = channels.ErrStorage
	}
	for i, a := range list {
		got, failed := a.refused, false
		goOn = !a.close
		switch {
		case a.m == nil:
		case len(outs) > 0:
			got, goOn = s.answered(a, outs[0], nil, log)
			outs = outs[1:]
		default:
			got, goOn = s.answered(a, channels.Outcome{}, err, log)
			failed = true // those after it were not tried
		}
		for _, b := range got {
			answers = append(answers, hl7.Part{Bytes: b, Batch: parts[i].Batch})
		}
		if !goOn || failed {
			return i + 1, answers, goOn
		}
	}
	return len(parts), answers, true
}

// receiveAll gives messages to the handler: together when it can take them so, else one by one. The error is of the one after the last outcome.
func (s *Server) receiveAll(ctx context.Context, list []channels.Inbound, log *slog.Logger) (outs []channels.Outcome, err error) {
	defer s.guard(log, &err)
	if h, ok := s.d.Handler.(channels.BatchHandler); ok {
		return h.ReceiveAll(ctx, list)
	}
	for _, in := range list {
		out, err := s.receive(ctx, in, log)
		if err != nil {
			return outs, err
		}
		outs = append(outs, out)
	}
	return outs, nil
}

func bytesOf(parts []hl7.Part) [][]byte {
	out := make([][]byte, len(parts))
	for i, p := range parts {
		out[i] = p.Bytes
	}
	return out
}
