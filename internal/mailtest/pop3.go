package mailtest

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// POP3Options say what the server offers.
type POP3Options struct {
	TLS      *tls.Config
	StartTLS bool
	SASL     bool              // AUTH PLAIN instead of USER
	Answer   map[string]string // answers to whole commands instead of the usual ones, such as "RETR 1": "-ERR [SYS/PERM] no"
	Sizes    map[string]int    // UIDL: a size that LIST claims
}

// POP3 is a server with one maildrop.
type POP3 struct {
	Addr string

	o    POP3Options
	l    net.Listener
	wg   sync.WaitGroup
	mu   sync.Mutex
	held []drop
	log  []string // commands, without passwords
	open map[net.Conn]bool
}

type drop struct {
	id   string
	body []byte
}

// NewPOP3 starts a server that ends with the test.
func NewPOP3(t testing.TB, o POP3Options) *POP3 {
	t.Helper()
	s := &POP3{o: o, l: listen(t), open: map[net.Conn]bool{}}
	s.Addr = s.l.Addr().String()
	s.wg.Go(func() {
		for {
			c, err := s.l.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.open[c] = true
			s.mu.Unlock()
			s.wg.Go(func() { s.serve(c) })
		}
	})
	t.Cleanup(func() {
		s.l.Close()
		s.mu.Lock()
		for c := range s.open {
			c.Close()
		}
		s.mu.Unlock()
		s.wg.Wait()
	})
	return s
}

// Put delivers a mail.
func (s *POP3) Put(id string, body []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held = append(s.held, drop{id, body})
}

// IDs lists the unique-ids of what is there.
func (s *POP3) IDs() (out []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range s.held {
		out = append(out, d.id)
	}
	return out
}

// Count says how often a command was given.
func (s *POP3) Count(command string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.log {
		if l == command {
			n++
		}
	}
	return n
}

// session is one connection.
type session struct {
	s       *POP3
	c       net.Conn
	in      *bufio.Reader
	secure  bool
	user    bool
	drops   []drop
	deleted map[int]bool
}

func (s *POP3) serve(c net.Conn) {
	defer func() {
		c.Close()
		s.mu.Lock()
		delete(s.open, c)
		s.mu.Unlock()
	}()
	x := &session{s: s, c: c, deleted: map[int]bool{}}
	if s.o.TLS != nil && !s.o.StartTLS {
		x.c, x.secure = tls.Server(c, s.o.TLS), true
	}
	x.in = bufio.NewReader(x.c)
	x.say("+OK ready")
	for {
		line, err := x.in.ReadString('\n')
		if err != nil || !x.do(strings.TrimRight(line, "\r\n")) {
			return
		}
	}
}

func (x *session) say(line string) { fmt.Fprint(x.c, line+"\r\n") }

// do answers one command; false ends the connection.
func (x *session) do(line string) bool {
	verb, arg, _ := strings.Cut(line, " ")
	verb = strings.ToUpper(verb)
	x.s.mu.Lock()
	if verb == "PASS" || verb == "AUTH" {
		x.s.log = append(x.s.log, verb)
	} else {
		x.s.log = append(x.s.log, line)
	}
	answer, fixed := x.s.o.Answer[line]
	x.s.mu.Unlock()
	if fixed {
		if answer == "" {
			return false
		}
		x.say(answer)
		return true
	}
	switch verb {
	case "CAPA":
		x.capabilities()
	case "STLS":
		if x.s.o.TLS == nil || x.secure {
			x.say("-ERR no TLS here")
			return true
		}
		x.say("+OK begin")
		x.c, x.secure = tls.Server(x.c, x.s.o.TLS), true
		x.in = bufio.NewReader(x.c)
	case "USER":
		x.user = arg == User
		x.say("+OK")
	case "PASS":
		x.login(x.user && arg == Password)
	case "AUTH":
		mech, response, _ := strings.Cut(arg, " ")
		text, _ := base64.StdEncoding.DecodeString(response)
		x.login(mech == "PLAIN" && string(text) == "\x00"+User+"\x00"+Password)
	case "QUIT":
		x.quit()
		return false
	default:
		if x.drops == nil {
			x.say("-ERR log in first")
			return true
		}
		x.transaction(verb, arg)
	}
	return true
}

func (x *session) capabilities() {
	x.say("+OK")
	x.say("TOP\r\nUIDL")
	if x.s.o.SASL {
		x.say("SASL PLAIN")
	} else {
		x.say("USER")
	}
	x.say(".")
}

func (x *session) login(ok bool) {
	if !ok {
		x.say("-ERR [AUTH] no")
		return
	}
	x.s.mu.Lock()
	x.drops = append([]drop{}, x.s.held...)
	x.s.mu.Unlock()
	x.say("+OK")
}

func (x *session) transaction(verb, arg string) {
	word, rest, _ := strings.Cut(arg, " ")
	n, _ := strconv.Atoi(word)
	n--
	there := n >= 0 && n < len(x.drops) && !x.deleted[n]
	switch {
	case verb == "UIDL" || verb == "LIST":
		x.say("+OK")
		for i, d := range x.drops {
			size := len(d.body)
			if claimed, ok := x.s.o.Sizes[d.id]; ok {
				size = claimed
			}
			x.say(fmt.Sprintf("%d %s", i+1, map[string]string{"UIDL": d.id, "LIST": strconv.Itoa(size)}[verb]))
		}
		x.say(".")
	case !there:
		x.say("-ERR no such message")
	case verb == "RETR":
		x.say("+OK")
		x.send(x.drops[n].body)
	case verb == "TOP" && rest == "0":
		head, _, _ := bytes.Cut(x.drops[n].body, []byte("\r\n\r\n"))
		x.say("+OK")
		x.send(append(slices.Clone(head), "\r\n\r\n"...))
	case verb == "DELE":
		x.deleted[n] = true
		x.say("+OK")
	default:
		x.say("-ERR what?")
	}
}

// send writes a mail with its dots doubled.
func (x *session) send(body []byte) {
	w := bufio.NewWriter(x.c)
	for line := range bytes.SplitAfterSeq(body, []byte("\n")) {
		if bytes.HasPrefix(line, []byte(".")) {
			_ = w.WriteByte('.')
		}
		_, _ = w.Write(line)
	}
	if len(body) > 0 && !bytes.HasSuffix(body, []byte("\n")) {
		_, _ = io.WriteString(w, "\r\n")
	}
	_, _ = io.WriteString(w, ".\r\n")
	_ = w.Flush()
}

// quit makes the deletions happen.
func (x *session) quit() {
	x.s.mu.Lock()
	for n := range x.deleted {
		x.s.held = slices.DeleteFunc(x.s.held, func(d drop) bool { return d.id == x.drops[n].id })
	}
	x.s.mu.Unlock()
	x.say("+OK bye")
}
