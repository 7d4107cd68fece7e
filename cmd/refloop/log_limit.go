package main

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// Limits of repeated log lines.
const (
	logBurst  = 5           // lines of one kind, warnings and errors, in logWindow
	logWindow = time.Minute // afterwards the next one says how many were left out
	logKinds  = 1000        // kinds remembered; over it everything is let through
)

// limitedLog lets a few warnings and errors of one kind through in a window, and leaves the rest out: a full disk or a partner that is down
// says the same thing for every message. A kind is the message with what names its place; lines of other levels always pass.
type limitedLog struct {
	slog.Handler
	state *limitState
	place string // of attributes given by With
}

type limitState struct {
	mu   sync.Mutex
	now  func() time.Time
	seen map[string]*logKind
}

type logKind struct {
	since   time.Time
	n, left int
}

// limitLog wraps a handler.
func limitLog(h slog.Handler, now func() time.Time) slog.Handler {
	return limitedLog{Handler: h, state: &limitState{now: now, seen: map[string]*logKind{}}}
}

// Handle implements slog.Handler.
func (l limitedLog) Handle(ctx context.Context, r slog.Record) error {
	if r.Level < slog.LevelWarn {
		return l.Handler.Handle(ctx, r)
	}
	kind := r.Level.String() + " " + r.Message + l.place
	r.Attrs(func(a slog.Attr) bool { kind += placeOfLine(a); return true })
	left, pass := l.state.count(kind)
	if !pass {
		return nil
	}
	if left > 0 {
		r = r.Clone()
		r.AddAttrs(slog.Int("left_out", left))
	}
	return l.Handler.Handle(ctx, r)
}

// placeOfLine is what tells lines of one message apart: where it happened, never which message or delivery it was about.
func placeOfLine(a slog.Attr) string {
	switch a.Key {
	case "channel", "lane", "room", "kind", "bundle", "rail", "code":
		return " " + a.Key + "=" + a.Value.String()
	}
	return ""
}

// count says whether a line of this kind may pass, and how many before it did not.
func (s *limitState) count(kind string) (left int, pass bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	k := s.seen[kind]
	if k == nil {
		if len(s.seen) >= logKinds {
			s.forget(now)
		}
		if len(s.seen) >= logKinds {
			return 0, true
		}
		k = &logKind{since: now}
		s.seen[kind] = k
	}
	if now.Sub(k.since) >= logWindow || now.Before(k.since) {
		left, k.left, k.n, k.since = k.left, 0, 0, now
	}
	if k.n++; k.n > logBurst {
		k.left++
		return 0, false
	}
	return left, true
}

// forget drops kinds whose window is over.
func (s *limitState) forget(now time.Time) {
	for kind, k := range s.seen {
		if now.Sub(k.since) >= logWindow {
			delete(s.seen, kind)
		}
	}
}

// WithAttrs implements slog.Handler.
func (l limitedLog) WithAttrs(attrs []slog.Attr) slog.Handler {
	for _, a := range attrs {
		l.place += placeOfLine(a)
	}
	l.Handler = l.Handler.WithAttrs(attrs)
	return l
}

// WithGroup implements slog.Handler.
func (l limitedLog) WithGroup(name string) slog.Handler {
	l.Handler = l.Handler.WithGroup(name)
	return l
}
