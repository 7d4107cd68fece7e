package mailbox

import (
	"context"
	"errors"
	"time"

	"github.com/emersion/go-imap/v2"
)

// settle marks, moves or deletes what was taken and is not yet settled. A failure does not stop the intake: the mails stay pending
// and are tried again at the next pass. UIDs that are gone are none of the server's business, so repeating is harmless.
func (s *imapSession) settle(ctx context.Context) {
	pos := &s.p.pos
	if len(pos.Pending) == 0 || s.p.cfg.After == "keep" {
		return
	}
	var set imap.UIDSet
	for _, uid := range pos.Pending {
		set.AddNum(imap.UID(uid))
	}
	if err := s.mark(ctx, set); err != nil {
		s.p.d.Log.Warn("mail was taken and cannot be marked, moved or deleted in the mailbox; it is tried again", "channel", s.p.d.Name,
			"after", s.p.cfg.After, "mails", len(pos.Pending), "error", err)
		return
	}
	pos.Pending, s.p.dirty = nil, true
}

func (s *imapSession) mark(ctx context.Context, set imap.UIDSet) error {
	switch {
	case s.p.cfg.move != "":
		return s.move(ctx, set)
	case s.p.cfg.After == "delete":
		return s.remove(ctx, set)
	}
	return s.flag(ctx, set, imap.FlagSeen)
}

// remove deletes. Without UIDPLUS what others marked as deleted goes with it.
func (s *imapSession) remove(ctx context.Context, set imap.UIDSet) error {
	if err := s.flag(ctx, set, imap.FlagDeleted); err != nil {
		return err
	}
	return s.do(ctx, "deleting", 0, s.p.cfg.Timeout.D(), func() error {
		if s.c.Caps().Has(imap.CapUIDPlus) {
			return s.c.UIDExpunge(set).Close()
		}
		return s.c.Expunge().Close()
	})
}

func (s *imapSession) flag(ctx context.Context, set imap.UIDSet, f imap.Flag) error {
	return s.do(ctx, "marking", 0, s.p.cfg.Timeout.D(), func() error {
		return s.c.Store(set, &imap.StoreFlags{Op: imap.StoreFlagsAdd, Silent: true, Flags: []imap.Flag{f}}, nil).Close()
	})
}

// move moves, and makes the folder when the server says that there is none. Without MOVE it copies, and deletes once the copy is there:
// the library's own way sends all three commands at once, which loses the mail when copying fails.
func (s *imapSession) move(ctx context.Context, set imap.UIDSet) error {
	moves := s.c.Caps().Has(imap.CapMove)
	var answer *imap.Error
	try := func() error {
		return s.do(ctx, "moving", 0, s.p.cfg.Timeout.D(), func() (err error) {
			if moves {
				_, err = s.c.Move(set, s.p.cfg.move).Wait()
			} else {
				_, err = s.c.Copy(set, s.p.cfg.move).Wait()
			}
			_ = errors.As(err, &answer)
			return err
		})
	}
	err := try()
	if err != nil && answer != nil && (answer.Code == imap.ResponseCodeTryCreate || answer.Code == imap.ResponseCodeNonExistent) {
		if err := s.do(ctx, "making the folder to move to", 0, s.p.cfg.Timeout.D(), func() error { return s.c.Create(s.p.cfg.move, nil).Wait() }); err != nil {
			return err
		}
		err = try()
	}
	if err != nil || moves {
		return err
	}
	return s.remove(ctx, set)
}

// wait returns when new mail may have come, Every is over, or take ends.
func (s *imapSession) wait(take context.Context) error {
	caps := s.c.Caps()
	if !s.p.cfg.Idle || !caps.Has(imap.CapIdle) {
		s.conn.wire.allow(0)
		s.pause(take)
		return nil
	}
	s.conn.wire.allow(0)
	release := s.conn.wire.guard(take, s.p.cfg.Timeout.D())
	idle, err := s.c.Idle()
	release()
	if err != nil {
		return s.said("idling", err)
	}
	s.pause(take)
	release = s.conn.wire.guard(context.WithoutCancel(take), s.p.cfg.Timeout.D())
	defer release()
	if err := idle.Close(); err != nil {
		return s.said("idling", err)
	}
	return s.said("idling", idle.Wait())
}

// pause waits for a hint, for Every, for the end of the connection or of take.
func (s *imapSession) pause(take context.Context) {
	timer := time.NewTimer(min(s.p.cfg.Every.D(), idleRenewal))
	defer timer.Stop()
	select {
	case <-s.news:
	case <-timer.C:
	case <-s.c.Closed():
	case <-take.Done():
	}
}

// logout is a courtesy.
func (s *imapSession) logout(ctx context.Context) {
	s.conn.wire.allow(0)
	release := s.conn.wire.guard(context.WithoutCancel(ctx), time.Second)
	defer release()
	_ = s.c.Logout().Wait()
}

func (s *imapSession) close() { _ = s.c.Close() }
