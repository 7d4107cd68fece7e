package mailbox

import (
	"context"
	"log/slog"
	"time"

	"github.com/emersion/go-imap/v2"
)

// Report is what Probe found.
type Report struct {
	Via   Via
	Mails int // in the mailbox now
}

// Probe connects, logs in and looks at the mailbox, and changes nothing in it. It is for people who want to know whether it would work.
func Probe(ctx context.Context, cfg Config) (Report, error) {
	p := &Puller{cfg: cfg, d: Deps{Log: slog.New(slog.DiscardHandler)}}
	ctx, cancel := context.WithTimeout(ctx, 3*cfg.Timeout.D()+time.Second)
	defer cancel()
	if cfg.server.protocol == POP3 {
		s, err := p.openPOP3(ctx)
		if err != nil {
			return Report{}, err
		}
		defer s.close()
		list, err := s.list(ctx)
		if err != nil {
			return Report{}, err
		}
		return Report{s.via, len(list)}, s.quit(ctx)
	}
	s, err := p.openIMAP(ctx)
	if err != nil {
		return Report{}, err
	}
	defer s.close()
	r := Report{Via: s.via}
	err = s.do(ctx, "opening the folder", 0, cfg.Timeout.D(), func() error {
		data, err := s.c.Select(cfg.Folder, &imap.SelectOptions{ReadOnly: true}).Wait()
		if err == nil {
			r.Mails = int(data.NumMessages)
		}
		return err
	})
	if err == nil && cfg.move != "" {
		err = s.checkFolder(ctx)
	}
	s.logout(ctx)
	return r, err
}

// checkFolder looks whether the folder to move to could be opened; it is made when the first mail is moved.
func (s *imapSession) checkFolder(ctx context.Context) error {
	return s.do(ctx, "looking for the folder to move to", 0, s.p.cfg.Timeout.D(), func() error {
		_, err := s.c.List("", s.p.cfg.move, nil).Collect()
		return err
	})
}
