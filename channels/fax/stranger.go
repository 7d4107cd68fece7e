package fax

import (
	"context"
	"sync"
	"time"

	"refloop/channels"
)

// AlarmStranger is the kind of the alarm of a channel that archived mail of an address that is not one of mail.senders: somebody else's, or the
// gateway's new one.
const AlarmStranger = "mail_of_strangers"

// strangers remembers the last day of which was told.
type strangers struct {
	mu  sync.Mutex
	day string
}

// tell opens one item a day and channel. That a mail was archived does not depend on it.
func (s *strangers) tell(ctx context.Context, c *Channel) {
	to, ok := c.d.Handler.(channels.Observer)
	if !ok {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := c.d.Now().UTC()
	day := now.Format(time.DateOnly)
	if day == s.day {
		return
	}
	o := channels.Observation{Source: "channel/" + c.d.Name + "/senders", At: now, Kinds: []string{AlarmStranger}, Scope: c.d.Name + " "}
	o.Alarms = []channels.Alarm{{Kind: AlarmStranger, Key: o.Scope + day,
		Note: "mail of an address that is not one of mail.senders came to channel " + c.d.Name + " and was archived as refused; if the gateway has a new address, its faxes are among them"}}
	if err := to.Observe(ctx, o); err != nil {
		c.d.Log.Error("telling of mail of strangers", "channel", c.d.Name, "error", err)
		return
	}
	s.day = day
}
