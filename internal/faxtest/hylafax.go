// Package faxtest has stand-ins for what faxes travel through: a HylaFAX server, and what the real one needs to run in a test.
package faxtest

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// HylaFAX speaks as much of hfaxd's protocol as a client needs that submits faxes. What it is told to do, it does at once.
type HylaFAX struct {
	Address string

	listener net.Listener
	wg       sync.WaitGroup

	mu      sync.Mutex
	before  func(command string) (answer string, hangUp bool)
	jobs    map[string]*Job
	last    int
	uploads int
	conns   map[net.Conn]bool
}

// Job is one submitted job.
type Job struct {
	ID, Tag, Number string
	State           int // as in sendq(5): 5 ready, 7 done, 8 failed
	Pages, Total    int
	Status          string
	Document        []byte
	Gone            bool // cleaned out of its queue
}

// NewHylaFAX starts a server on this machine that ends with the test.
func NewHylaFAX(t testing.TB) *HylaFAX {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := &HylaFAX{Address: l.Addr().String(), listener: l, jobs: map[string]*Job{}, conns: map[net.Conn]bool{}}
	h.wg.Go(h.serve)
	t.Cleanup(func() {
		l.Close()
		h.mu.Lock()
		for c := range h.conns {
			c.Close()
		}
		h.mu.Unlock()
		h.wg.Wait()
	})
	return h
}

// Before sets what is asked before a command is carried out, with the words of its line: an answer replaces what would be said; hang up
// ends the session without a word; both: the command is carried out and nobody hears of it. Nil: nothing happens.
func (h *HylaFAX) Before(f func(command string) (answer string, hangUp bool)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.before = f
}

func (h *HylaFAX) asked(command string) (answer string, hangUp bool) {
	h.mu.Lock()
	f := h.before
	h.mu.Unlock()
	if f == nil {
		return "", false
	}
	return f(command)
}

// Jobs are all that were submitted, oldest first.
func (h *HylaFAX) Jobs() []Job {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []Job
	for _, j := range h.jobs {
		out = append(out, *j)
	}
	slices.SortFunc(out, func(a, b Job) int { return strings.Compare(a.ID, b.ID) })
	return out
}

// Change changes a job.
func (h *HylaFAX) Change(id string, change func(*Job)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	change(h.jobs[id])
}

func (h *HylaFAX) serve() {
	for {
		c, err := h.listener.Accept()
		if err != nil {
			return
		}
		h.mu.Lock()
		h.conns[c] = true
		h.mu.Unlock()
		h.wg.Go(func() {
			defer func() {
				c.Close()
				h.mu.Lock()
				delete(h.conns, c)
				h.mu.Unlock()
			}()
			(&hfaxd{h: h, c: c, uploads: map[string][]byte{}}).run()
		})
	}
}

// hfaxd is one session.
type hfaxd struct {
	h       *HylaFAX
	c       net.Conn
	data    net.Listener
	job     *Job
	uploads map[string][]byte
}

func (s *hfaxd) say(format string, args ...any) { fmt.Fprintf(s.c, format+"\r\n", args...) }

func (s *hfaxd) run() {
	s.say("220 stand-in server (HylaFAX (tm) Version 6.0.7) ready.")
	r := bufio.NewReader(s.c)
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		answer, hangUp := s.h.asked(line)
		if hangUp {
			if answer != "" {
				c := s.c
				s.c = quiet{c}
				s.carryOut(line)
			}
			return
		}
		if answer != "" {
			s.say("%s", answer)
			continue
		}
		if !s.carryOut(line) {
			return
		}
	}
}

// quiet is a connection on which nothing is said any more.
type quiet struct{ net.Conn }

func (quiet) Write(p []byte) (int, error) { return len(p), nil }

func (s *hfaxd) carryOut(line string) bool {
	verb, rest, _ := strings.Cut(line, " ")
	switch verb {
	case "USER":
		s.say("331 Password required for %s.", rest)
	case "PASS":
		if rest != "secret" {
			s.say("530 Login incorrect.")
			return true
		}
		s.say("230 User logged in.")
	case "TYPE", "MODE", "FORM", "JOBFMT":
		s.say("200 %s done.", verb)
	case "EPSV":
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			s.say("500 no port")
			return true
		}
		s.data = l
		s.say("229 Entering Extended Passive Mode (|||%d|)", l.Addr().(*net.TCPAddr).Port)
	case "STOT":
		s.take()
	case "JNEW":
		s.h.mu.Lock()
		s.h.last++
		s.job = &Job{ID: strconv.Itoa(s.h.last), State: 5}
		s.h.mu.Unlock()
		s.say("200 New job created: jobid: %s groupid: %s.", s.job.ID, s.job.ID)
	case "JPARM":
		s.param(rest)
	case "JSUBM":
		s.h.mu.Lock()
		s.h.jobs[s.job.ID] = s.job
		s.h.mu.Unlock()
		s.say("200 Job %s submitted.", s.job.ID)
	case "RETR", "LIST":
		s.give(verb, rest)
	case "QUIT":
		s.say("221 Goodbye.")
		return false
	default:
		s.say("500 %s: Command not recognized.", verb)
	}
	return true
}

func (s *hfaxd) param(rest string) {
	key, value, _ := strings.Cut(rest, " ")
	if u, err := strconv.Unquote(value); err == nil {
		value = u
	}
	switch key {
	case "JOBINFO":
		s.job.Tag = value
	case "DIALSTRING":
		s.job.Number = value
	case "DOCUMENT":
		s.job.Document = s.uploads[value]
		s.say("200 Added document %s as docq%s.1.", value, value)
		return
	}
	s.say("213 %s set.", key)
}

func (s *hfaxd) take() {
	s.h.mu.Lock()
	s.h.uploads++
	name := fmt.Sprintf("/tmp/doc%d.tif", s.h.uploads)
	s.h.mu.Unlock()
	s.say("150 FILE: %s (Opening new data connection).", name)
	if c, err := s.data.Accept(); err == nil {
		s.uploads[name], _ = io.ReadAll(c)
		c.Close()
	}
	s.data.Close()
	s.say("226 Transfer complete (FILE: %s).", name)
}

func (s *hfaxd) give(verb, name string) {
	defer s.data.Close()
	body, ok := s.h.file(verb, name)
	if !ok {
		s.say("550 %s: No such file or directory.", name)
		return
	}
	s.say("150 Opening new data connection for %q.", name)
	if c, err := s.data.Accept(); err == nil {
		io.WriteString(c, body)
		c.Close()
	}
	s.say("226 Transfer complete.")
}

// file is a queue's listing or a job's file.
func (h *HylaFAX) file(verb, name string) (string, bool) {
	queue, id, _ := strings.Cut(name, "/q")
	var b strings.Builder
	for _, j := range h.Jobs() {
		in := "sendq"
		if j.State >= 7 {
			in = "doneq"
		}
		if j.Gone || in != queue {
			continue
		}
		if verb == "RETR" && j.ID == id {
			return fmt.Sprintf("state:%d\r\nnpages:%d\r\ntotpages:%d\r\ntotdials:1\r\nnumber:%s\r\njobid:%s\r\njobtag:%s\r\ncommid:000000001\r\nstatus:%s\r\nstatuscode:0\r\n",
				j.State, j.Pages, j.Total, j.Number, j.ID, j.Tag, j.Status), true
		}
		fmt.Fprintf(&b, "%s|%s\r\n", j.ID, j.Tag)
	}
	return b.String(), verb == "LIST"
}
