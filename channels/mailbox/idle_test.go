package mailbox

import (
	"bytes"
	"testing"
	"time"

	"refloop/config"
	"refloop/internal/mailtest"
)

// TestIdle: with IDLE new mail is seen at once, however rarely the mailbox is looked at.
func TestIdle(t *testing.T) {
	srv := mailtest.NewIMAP(t, mailtest.IMAPOptions{})
	cfg := conf(t, "imap+insecure://"+srv.Addr, "")
	cfg.Every = config.Duration(time.Hour)
	r := newRig(t, cfg, t.TempDir(), nil).start()
	waitFor(t, "the mailbox to be read", func() bool { return r.p.Ready() == nil })
	for n := 1; n <= 2; n++ {
		srv.Put("INBOX", mail(n))
		if m := r.next(); !bytes.Equal(m.Body, mail(n)) {
			t.Errorf("got %q, want mail %d", m.Body, n)
		}
	}
}
