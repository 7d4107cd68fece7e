package main

import (
	"context"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"

	"refloop/hl7"
	"refloop/mllp"
)

// demoEHR stands in for the hospital's EHR: it speaks MLLP and nothing else. It sends its messages and reads the ACKs, and it takes what
// the hospital's refloop tells it, answering AE for patients that it does not know.
type demoEHR struct {
	listener net.Listener
	wg       sync.WaitGroup

	mu       sync.Mutex
	patients map[string]bool
	got      []ehrMessage
}

// ehrMessage is one message that the EHR was sent, with the answer it gave.
type ehrMessage struct {
	Type, Control, Patient string
	Placers                []string // every number of its own that stands in a placer field
	Answer                 string
	Text                   []string // NTE and TX lines
	When                   string   // appointment time of ORC-7.4 or OBR-36
	Status                 string   // RF1-1 or ORC-5
	PDF                    int      // bytes of the embedded PDF
}

// openEHR listens on address; patients are the numbers it knows.
func openEHR(address string, patients ...string) (*demoEHR, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("demo: EHR: %w", err)
	}
	e := &demoEHR{listener: l, patients: map[string]bool{}}
	for _, p := range patients {
		e.patients[p] = true
	}
	e.wg.Go(e.serve)
	return e, nil
}

// close stops listening and waits for its connections.
func (e *demoEHR) close() error {
	err := e.listener.Close()
	e.wg.Wait()
	return err
}

func (e *demoEHR) serve() {
	var conns sync.Map
	defer conns.Range(func(c, _ any) bool { return c.(net.Conn).Close() == nil })
	for {
		c, err := e.listener.Accept()
		if err != nil {
			return
		}
		conns.Store(c, true)
		e.wg.Go(func() {
			defer conns.Delete(c)
			defer c.Close()
			e.converse(c)
		})
	}
}

// converse answers every message of one connection.
func (e *demoEHR) converse(c net.Conn) {
	r, w := mllp.NewReader(c, mllp.Config{Limits: mllp.Limits{Message: 16 << 20}}), mllp.NewWriter(c)
	for {
		f, err := r.Next()
		if err != nil {
			return
		}
		m, err := hl7.Parse(f.Message, hl7.Limits{})
		if err != nil {
			return
		}
		if err := w.WriteMessage(e.take(m)); err != nil {
			return
		}
	}
}

// take files a message, or refuses it when the patient is not known.
func (e *demoEHR) take(m *hl7.Message) []byte {
	e.mu.Lock()
	defer e.mu.Unlock()
	got := readEHRMessage(m)
	a := hl7.Ack{Code: "AA", ControlID: fmt.Sprintf("EHR%06d", len(e.got)+1), Time: time.Now()}
	if !e.patients[got.Patient] {
		a.Code = "AE"
		a.Problems = []hl7.Problem{{Segment: "PID", SegIndex: 1, Field: 3, Code: hl7.CodeUnknownKey, Severity: "E", Text: "patient unknown"}}
	}
	got.Answer = a.Code
	e.got = append(e.got, got)
	return a.Bytes(m)
}

func readEHRMessage(m *hl7.Message) ehrMessage {
	got := ehrMessage{Type: m.Type(), Control: m.ControlID(), Patient: m.Get("PID-3.1"), Status: m.Get("RF1-1.1") + m.Get("ORC-5")}
	for _, path := range []string{"RF1-6.1", "ORC-2.1", "OBR-2.1", "TXA-14.1"} {
		if v := m.Get(path); v != "" {
			got.Placers = append(got.Placers, v)
		}
	}
	got.When = m.Get("OBR-36")
	for s := range m.Segments("NTE") {
		got.Text = append(got.Text, s.Field(3).Text())
	}
	for s := range m.Segments("OBX") {
		if ed, err := s.Field(5).ED(); err == nil && s.Field(2).String() == "ED" {
			got.PDF = len(ed.Data)
		}
	}
	return got
}

// know makes a patient number known, as a corrected registration does.
func (e *demoEHR) know(patient string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.patients[patient] = true
}

// forget makes a patient number unknown, as a merge of two registrations does.
func (e *demoEHR) forget(patient string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.patients, patient)
}

// about returns what the EHR was sent about one of its own numbers, in order.
func (e *demoEHR) about(placer string) []ehrMessage {
	e.mu.Lock()
	defer e.mu.Unlock()
	var out []ehrMessage
	for _, m := range e.got {
		if slices.Contains(m.Placers, placer) {
			out = append(out, m)
		}
	}
	return out
}

// send puts one message on a connection of its own and returns MSA-1.
func (e *demoEHR) send(ctx context.Context, address string, body []byte) (string, error) {
	d := net.Dialer{Timeout: 5 * time.Second}
	c, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return "", fmt.Errorf("demo: EHR: %w", err)
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		return "", err
	}
	if err := mllp.NewWriter(c).WriteMessage(body); err != nil {
		return "", fmt.Errorf("demo: EHR: sending: %w", err)
	}
	f, err := mllp.NewReader(c, mllp.Config{Limits: mllp.Limits{Message: 1 << 20}}).Next()
	if err != nil {
		return "", fmt.Errorf("demo: EHR: waiting for the ACK: %w", err)
	}
	ack, err := hl7.ParseAck(f.Message, hl7.Limits{})
	return ack.Code, err
}
