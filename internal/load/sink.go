package load

import (
	"crypto/sha256"
	"errors"
	"io"
	"net"
	"sync"
	"time"

	"refloop/hl7"
	"refloop/mllp"
)

// Sink is an MLLP receiver that answers AA to everything and remembers, by control ID, the digest of what came.
type Sink struct {
	l  net.Listener
	wg sync.WaitGroup

	mu       sync.Mutex
	conns    map[net.Conn]struct{}
	digests  map[string][32]byte
	changed  []string // control IDs that came again with other bytes
	arrivals int
	news     chan struct{}
}

// NewSink listens on address and serves until Close.
func NewSink(address string) (*Sink, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	s := &Sink{l: l, conns: map[net.Conn]struct{}{}, digests: map[string][32]byte{}, news: make(chan struct{}, 1)}
	s.wg.Go(s.serve)
	return s, nil
}

// Address is where it listens.
func (s *Sink) Address() string { return s.l.Addr().String() }

// News gets a value, at most one that nobody took yet, when something arrived.
func (s *Sink) News() <-chan struct{} { return s.news }

// Arrived returns how many different control IDs came, how many messages in all, and the control IDs that came with different bytes.
func (s *Sink) Arrived() (different, all int, changed []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.digests), s.arrivals, append([]string(nil), s.changed...)
}

// Has reports whether a message with this control ID came.
func (s *Sink) Has(control string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.digests[control]
	return ok
}

// Close stops it and waits for its connections.
func (s *Sink) Close() error {
	err := s.l.Close()
	s.mu.Lock()
	for c := range s.conns {
		err = errors.Join(err, c.Close())
	}
	s.mu.Unlock()
	s.wg.Wait()
	return err
}

func (s *Sink) serve() {
	for {
		c, err := s.l.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.conns[c] = struct{}{}
		s.mu.Unlock()
		s.wg.Go(func() {
			s.converse(c)
			s.mu.Lock()
			delete(s.conns, c)
			s.mu.Unlock()
			_ = c.Close() // the peer ended it or Close did
		})
	}
}

func (s *Sink) converse(c net.Conn) {
	r, w := mllp.NewReader(c, mllp.Config{}), mllp.NewWriter(c)
	for {
		f, err := r.Next()
		if err != nil {
			return
		}
		m, err := hl7.Parse(f.Message, hl7.Limits{})
		if err != nil {
			return
		}
		s.keep(m)
		answer := hl7.Ack{Code: "AA", ControlID: "S" + m.ControlID(), Time: time.Now()}.Bytes(m)
		if err := w.WriteMessage(answer); err != nil && !errors.Is(err, io.EOF) {
			return
		}
	}
}

func (s *Sink) keep(m *hl7.Message) {
	id, sum := m.ControlID(), sha256.Sum256(m.Bytes())
	s.mu.Lock()
	if old, ok := s.digests[id]; ok && old != sum {
		s.changed = append(s.changed, id)
	}
	s.digests[id] = sum
	s.arrivals++
	s.mu.Unlock()
	select {
	case s.news <- struct{}{}:
	default:
	}
}
