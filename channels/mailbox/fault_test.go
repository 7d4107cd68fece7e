package mailbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/emersion/go-imap/v2"

	"refloop/internal/mailtest"
)

// afterCases are what may become of a mail in an IMAP folder.
var afterCases = []struct {
	after   string
	settled func(inbox, done []mailtest.Held) bool
}{
	{"keep", func(inbox, done []mailtest.Held) bool { return len(inbox) == 1 && !inbox[0].Seen && len(done) == 0 }},
	{"seen", func(inbox, done []mailtest.Held) bool { return len(inbox) == 1 && inbox[0].Seen }},
	{"move:Done", func(inbox, done []mailtest.Held) bool {
		return len(inbox) == 0 && len(done) == 1 && bytes.Equal(done[0].Body, mail(1))
	}},
	{"delete", func(inbox, done []mailtest.Held) bool { return len(inbox) == 0 && len(done) == 0 }},
}

// TestCutBeforeCommit: the connection dies after the mail was fetched and before it was stored. The mailbox is as it was, and the
// mail is handed over again.
func TestCutBeforeCommit(t *testing.T) {
	for _, c := range afterCases {
		t.Run(c.after, func(t *testing.T) {
			srv := mailtest.NewIMAP(t, mailtest.IMAPOptions{})
			srv.Put("INBOX", mail(1))
			r := newRig(t, conf(t, "imap+insecure://"+srv.Addr, ", after: \""+c.after+"\""), t.TempDir(), nil)
			var tries atomic.Int32
			r.took = func(m Mail) error {
				if tries.Add(1) == 1 {
					if held := srv.List("INBOX"); len(held) != 1 || held[0].Seen || held[0].Deleted {
						t.Errorf("before the commit: got %+v, want the mail untouched", held)
					}
					r.hangUp()
					return errors.New("no room")
				}
				return nil
			}
			r.start()
			if m := r.next(); !bytes.Equal(m.Body, mail(1)) {
				t.Errorf("got %q, want mail 1", m.Body)
			}
			waitFor(t, "the mailbox to be settled", func() bool { return c.settled(srv.List("INBOX"), srv.List("Done")) })
			r.stop()
			r.none()
		})
	}
}

// TestCutBeforeMark: the connection dies after the mail was stored and before the mailbox knows. The mail is not handed over again,
// and the mailbox is settled over the next connection.
func TestCutBeforeMark(t *testing.T) {
	for _, c := range afterCases {
		t.Run(c.after, func(t *testing.T) {
			srv := mailtest.NewIMAP(t, mailtest.IMAPOptions{})
			srv.Put("INBOX", mail(1))
			r := newRig(t, conf(t, "imap+insecure://"+srv.Addr, ", after: \""+c.after+"\""), t.TempDir(), nil)
			var tries atomic.Int32
			r.took = func(m Mail) error {
				if tries.Add(1) == 1 {
					r.hangUp()
				}
				return nil
			}
			r.start()
			r.next()
			srv.Put("INBOX", []byte("Subject: another\r\n\r\n"))
			r.next()
			r.stop()
			again := newRig(t, r.p.cfg, r.dir, nil).start()
			waitFor(t, "the mailbox to be read", func() bool { return again.p.Ready() == nil })
			again.stop()
			again.none()
			r.none()
			if inbox := srv.List("INBOX"); c.after == "seen" && (len(inbox) != 2 || !inbox[0].Seen || !inbox[1].Seen) || c.after == "delete" && len(inbox) != 0 {
				t.Errorf("got %+v in the mailbox", inbox)
			}
			if done := srv.List("Done"); c.after == "move:Done" && len(done) != 2 {
				t.Errorf("got %d mails moved, want 2", len(done))
			}
		})
	}
}

// TestCrashBeforePosition: the program dies after the commit and before it kept its position. The same bytes come again: the taker
// knows them.
func TestCrashBeforePosition(t *testing.T) {
	srv := mailtest.NewIMAP(t, mailtest.IMAPOptions{})
	srv.Put("INBOX", mail(1))
	cfg := conf(t, "imap+insecure://"+srv.Addr, ", after: keep")
	r := newRig(t, cfg, t.TempDir(), nil).start()
	first := r.next()
	r.stop()
	again := newRig(t, cfg, t.TempDir(), nil).start() // another folder: no position
	if m := again.next(); !bytes.Equal(m.Body, first.Body) || m.ID != first.ID {
		t.Errorf("got %q as %s, want %q as %s", m.Body, m.ID, first.Body, first.ID)
	}
}

// TestRenumbered: another UIDVALIDITY begins anew.
func TestRenumbered(t *testing.T) {
	srv := mailtest.NewIMAP(t, mailtest.IMAPOptions{})
	srv.Put("INBOX", mail(1))
	srv.Put("INBOX", mail(2))
	cfg := conf(t, "imap+insecure://"+srv.Addr, "")
	r := newRig(t, cfg, t.TempDir(), nil).start()
	r.next()
	r.next()
	r.stop()
	srv.Drop("INBOX")
	srv.Make("INBOX")
	srv.Put("INBOX", mail(3))
	again := newRig(t, cfg, r.dir, nil).start()
	if m := again.next(); !bytes.Equal(m.Body, mail(3)) || !strings.HasSuffix(m.ID, "/1") {
		t.Errorf("got %q as %s, want mail 3 with UID 1", m.Body, m.ID)
	}
}

// TestTooLarge: a mail over the limit is handed over as its header, and stays in the mailbox whatever `after` says; those behind it are taken.
func TestTooLarge(t *testing.T) {
	big := append([]byte("From: <a@b.example>\r\nMessage-ID: <big@b.example>\r\n\r\n"), bytes.Repeat([]byte("0123456789abcdef\r\n"), 10000)...)
	imapServer := mailtest.NewIMAP(t, mailtest.IMAPOptions{})
	popServer := mailtest.NewPOP3(t, mailtest.POP3Options{})
	liar := mailtest.NewPOP3(t, mailtest.POP3Options{Sizes: map[string]int{"big": 10}})
	imapServer.Put("INBOX", big)
	imapServer.Put("INBOX", mail(1))
	for _, s := range []*mailtest.POP3{popServer, liar} {
		s.Put("big", big)
		s.Put("one", mail(1))
	}
	for _, c := range []struct {
		name, url, header string
		left              func() int
	}{
		{"IMAP", "imap+insecure://" + imapServer.Addr, "<big@b.example>", func() int { return len(imapServer.List("INBOX")) }},
		{"POP3", "pop3+insecure://" + popServer.Addr, "<big@b.example>", func() int { return len(popServer.IDs()) }},
		{"POP3 whose list is wrong", "pop3+insecure://" + liar.Addr, "", func() int { return len(liar.IDs()) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, conf(t, c.url, ", after: delete"), t.TempDir(), nil).start()
			m := r.next()
			if m.Why != WhyTooLarge || !strings.Contains(string(m.Body), c.header) || len(m.Body) > maxHeader || m.Size <= r.p.d.Max {
				t.Errorf("got why %q, size %d and %d bytes, want the header of a mail that is too large", m.Why, m.Size, len(m.Body))
			}
			if m = r.next(); !bytes.Equal(m.Body, mail(1)) {
				t.Errorf("behind it: got %q, want mail 1", m.Body)
			}
			waitFor(t, "the other one to be deleted", func() bool { return c.left() == 1 })
			r.stop()
			r.none()
		})
	}
}

// TestPOP3Faults: what POP3 can go wrong with.
func TestPOP3Faults(t *testing.T) {
	t.Run("cut before QUIT", func(t *testing.T) { // nothing is deleted then (RFC 1939 section 6), and nothing is taken twice
		srv := mailtest.NewPOP3(t, mailtest.POP3Options{})
		srv.Put("one", mail(1))
		r := newRig(t, conf(t, "pop3+insecure://"+srv.Addr, ", after: delete"), t.TempDir(), nil)
		r.cut = func(n int, line []byte) bool { return n == 1 && string(line) == "QUIT\r\n" }
		r.start()
		r.next()
		waitFor(t, "the mail to be deleted", func() bool { return len(srv.IDs()) == 0 })
		r.stop()
		r.none()
		if n := srv.Count("RETR 1"); n != 1 {
			t.Errorf("got %d fetches, want 1", n)
		}
	})
	t.Run("AUTH PLAIN alone", func(t *testing.T) {
		srv := mailtest.NewPOP3(t, mailtest.POP3Options{SASL: true})
		srv.Put("one", mail(1))
		newRig(t, conf(t, "pop3+insecure://"+srv.Addr, ""), t.TempDir(), nil).start().next()
	})
	t.Run("no content", func(t *testing.T) {
		srv := mailtest.NewPOP3(t, mailtest.POP3Options{Answer: map[string]string{"RETR 1": "-ERR [SYS/PERM] gone bad"}})
		srv.Put("one", mail(1))
		srv.Put("two", mail(2))
		r := newRig(t, conf(t, "pop3+insecure://"+srv.Addr, ", after: delete"), t.TempDir(), nil).start()
		if m := r.next(); m.Why != WhyUnreadable {
			t.Errorf("got why %q, want %s", m.Why, WhyUnreadable)
		}
		r.next()
		waitFor(t, "the other one to be deleted", func() bool { return fmt.Sprint(srv.IDs()) == "[one]" })
	})
	t.Run("answers that are none", func(t *testing.T) {
		for command, answer := range map[string]string{"UIDL": "+OK\r\n1 has spaces in it\r\n.", "LIST": "+OK\r\none\r\n.", "CAPA": "rubbish", "USER " + mailtest.User: strings.Repeat("x", 5000)} {
			srv := mailtest.NewPOP3(t, mailtest.POP3Options{Answer: map[string]string{command: answer}})
			srv.Put("one", mail(1))
			_, err := Probe(context.Background(), conf(t, "pop3+insecure://"+srv.Addr, ""))
			if command != "CAPA" && !errors.Is(err, errAnswer) {
				t.Errorf("%s: got %v, want %v", command, err, errAnswer)
			}
		}
	})
}

// TestStartNew leaves alone what was there before.
func TestStartNew(t *testing.T) {
	imapServer, popServer := mailtest.NewIMAP(t, mailtest.IMAPOptions{}), mailtest.NewPOP3(t, mailtest.POP3Options{})
	imapServer.Put("INBOX", mail(1))
	popServer.Put("one", mail(1))
	for url, put := range map[string]func(){
		"imap+insecure://" + imapServer.Addr: func() { imapServer.Put("INBOX", mail(2)) },
		"pop3+insecure://" + popServer.Addr:  func() { popServer.Put("two", mail(2)) },
	} {
		r := newRig(t, conf(t, url, ", start: new, after: delete"), t.TempDir(), nil).start()
		waitFor(t, "the mailbox to be read", func() bool { return r.p.Ready() == nil })
		put()
		if m := r.next(); !bytes.Equal(m.Body, mail(2)) {
			t.Errorf("%s: got %q, want mail 2", url, m.Body)
		}
		r.stop()
	}
	if len(imapServer.List("INBOX")) != 1 || len(popServer.IDs()) > 2 {
		t.Error("what was there before is gone")
	}
}

// TestServersWithLess: no IDLE, no MOVE, no UIDPLUS.
func TestServersWithLess(t *testing.T) {
	for _, c := range afterCases {
		srv := mailtest.NewIMAP(t, mailtest.IMAPOptions{Caps: imap.CapSet{imap.CapIMAP4rev1: {}}})
		srv.Put("INBOX", mail(1))
		r := newRig(t, conf(t, "imap+insecure://"+srv.Addr, ", after: \""+c.after+"\""), t.TempDir(), nil).start()
		r.next()
		waitFor(t, c.after, func() bool { return c.settled(srv.List("INBOX"), srv.List("Done")) })
		r.stop()
	}
}

// TestPositionOfAnotherKind: a file that cannot be read is for a person, not a reason to begin anew.
func TestPositionOfAnotherKind(t *testing.T) {
	srv := mailtest.NewIMAP(t, mailtest.IMAPOptions{})
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "mail-in.json"), []byte("{"), 0o600))
	r := newRig(t, conf(t, "imap+insecure://"+srv.Addr, ""), dir, nil)
	if err := r.p.Run(context.Background(), context.Background()); err == nil || !strings.Contains(err.Error(), "mail-in.json") || r.p.Ready() == nil {
		t.Errorf("got %v, want an error that names the file", err)
	}
}

// fullBudget has no memory at first.
type fullBudget struct{ left atomic.Int32 }

func (b *fullBudget) Take(int) error {
	if b.left.Add(-1) >= 0 {
		return errors.New("full")
	}
	return nil
}
func (b *fullBudget) Give(int) {}

// TestMemory: mail waits in the mailbox while there is no memory for it.
func TestMemory(t *testing.T) {
	imapServer, popServer := mailtest.NewIMAP(t, mailtest.IMAPOptions{}), mailtest.NewPOP3(t, mailtest.POP3Options{})
	imapServer.Put("INBOX", mail(1))
	popServer.Put("one", mail(1))
	for _, url := range []string{"imap+insecure://" + imapServer.Addr, "pop3+insecure://" + popServer.Addr} {
		b := new(fullBudget)
		b.left.Store(1)
		r := newRig(t, conf(t, url, ""), t.TempDir(), func(d *Deps) { d.Budget = b }).start()
		r.next()
		r.stop()
	}
}
