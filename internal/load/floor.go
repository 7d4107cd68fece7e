package load

import (
	"net"
	"os"
	"sync"
	"syscall"
	"time"

	"refloop/hl7"
	"refloop/mllp"
)

// Floor is the least that a durable receiver does: it reads MLLP frames, appends them to one file, makes them durable with one
// fdatasync for all that wait, and answers AA. It decodes, seals and decides nothing.
type Floor struct {
	f     *os.File
	queue chan floorJob
}

type floorJob struct {
	body []byte
	done chan error
}

// NewFloor appends to the file at path.
func NewFloor(path string) (*Floor, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	return &Floor{f: f, queue: make(chan floorJob, 1024)}, nil
}

// Serve takes connections from l until it is closed, and returns when the last of them has ended.
func (fl *Floor) Serve(l net.Listener) error {
	var wg sync.WaitGroup
	written := make(chan struct{})
	go func() { defer close(written); fl.write() }()
	for {
		c, err := l.Accept()
		if err != nil {
			break
		}
		wg.Go(func() { fl.converse(c) })
	}
	wg.Wait()
	close(fl.queue)
	<-written
	return fl.f.Close()
}

// write appends what waits and makes it durable together.
func (fl *Floor) write() {
	var group []floorJob
	for first := range fl.queue {
		group = append(group[:0], first)
		for more := true; more && len(group) < 256; {
			select {
			case j, ok := <-fl.queue:
				if more = ok; ok {
					group = append(group, j)
				}
			default:
				more = false
			}
		}
		var buf []byte
		for _, j := range group {
			buf = append(buf, j.body...)
		}
		_, err := fl.f.Write(buf)
		if err == nil {
			err = syscall.Fdatasync(int(fl.f.Fd()))
		}
		for _, j := range group {
			j.done <- err
		}
	}
}

func (fl *Floor) converse(c net.Conn) {
	defer c.Close()
	r, w := mllp.NewReader(c, mllp.Config{}), mllp.NewWriter(c)
	done := make(chan error, 1)
	for {
		f, err := r.Next()
		if err != nil {
			return
		}
		fl.queue <- floorJob{f.Message, done}
		if err := <-done; err != nil {
			return
		}
		m, err := hl7.Parse(f.Message, hl7.Limits{})
		if err != nil {
			return
		}
		answer := hl7.Ack{Code: "AA", ControlID: "F" + m.ControlID(), Time: time.Now()}.Bytes(m)
		if err := w.WriteMessage(answer); err != nil {
			return
		}
	}
}
