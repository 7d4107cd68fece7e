package mllp

import (
	"context"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"refloop/channels"
)

// Kinds of what is no message, as [Server.Unreadable] counts them.
const (
	unreadableFrame   = "frame"     // a frame, or a message of a batch, without a readable MSH
	unreadableLarge   = "too_large" // a frame or a batch over its limit
	unreadableForeign = "not_mllp"  // a connection that spoke something else
)

// maxKept is how many of the first bytes of what is no message are kept.
const maxKept = 512

// Unreadable counts since start what came and was no message, by kind.
func (s *Server) Unreadable() map[string]int64 {
	return map[string]int64{
		unreadableFrame: s.stats.Unreadable.Load(), unreadableLarge: s.stats.TooLarge.Load(), unreadableForeign: s.stats.Foreign.Load(),
	}
}

// keep makes what is no message known to a person: once an hour its first bytes are archived as refused, and one item a day says so. head may be empty.
func (s *Server) keep(ctx context.Context, kind string, head []byte, peer string, log *slog.Logger) {
	now := s.d.Now().UTC()
	hour := now.Truncate(time.Hour)
	s.mu.Lock()
	again := s.kept.Equal(hour)
	s.kept = hour
	s.mu.Unlock()
	if again {
		return
	}
	if len(head) > 0 {
		in := channels.Inbound{
			Channel: s.d.Name, Partner: s.d.Partner, Peer: peer, Type: "unreadable", ContentType: "application/octet-stream",
			Body: append([]byte(nil), head[:min(len(head), maxKept)]...), Refused: "no HL7 message (" + kind + "); its first bytes alone are kept",
		}
		if _, err := s.receive(ctx, in, log); err != nil {
			log.Error("the first bytes of what is no message could not be kept", "error", err)
		}
	}
	to, ok := s.d.Handler.(channels.Observer)
	if !ok {
		return
	}
	key := s.d.Name + " " + hour.Format(time.DateOnly)
	note := fmt.Sprintf("something that is no HL7 message came on channel %s (%s); the metric refloop_mllp_unreadable_total counts it", s.d.Name, kind)
	err := to.Observe(ctx, channels.Observation{
		Source: "channel/" + s.d.Name + "/unreadable", At: now, Kinds: []string{channels.AlarmUnreadable}, Scope: key,
		Alarms: []channels.Alarm{{Kind: channels.AlarmUnreadable, Key: key, Note: note}},
	})
	if err != nil {
		log.Error("the item of what is no message could not be kept", "error", err)
	}
}

// maxShape is of how many first bytes the log shows the kinds.
const maxShape = 64

// shape shows of what kinds the first bytes are, never which: a5_1p2 is five letters, a blank, two marks. 9 digits, x control bytes, h bytes above
// 0x7F.
func shape(head []byte) string {
	var out strings.Builder
	last, n := byte(0), 0
	flush := func() {
		if n > 0 {
			out.WriteByte(last)
			out.WriteString(strconv.Itoa(n))
		}
	}
	for _, c := range head[:min(len(head), maxShape)] {
		k := kindOf(c)
		if k != last {
			flush()
			last, n = k, 0
		}
		n++
	}
	flush()
	return out.String()
}

func kindOf(c byte) byte {
	switch {
	case c >= 0x80:
		return 'h'
	case c < 0x20 || c == 0x7F:
		return 'x'
	case c == ' ':
		return '_'
	case c >= '0' && c <= '9':
		return '9'
	case c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z':
		return 'a'
	}
	return 'p'
}
