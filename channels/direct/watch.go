package direct

import (
	"context"
	"time"

	"refloop/channels"
	"refloop/channels/direct/trust"
)

// Notices is the sender of notifications, and the one place that does the agent's background work.
type Notices struct{ *Sender }

// NewNotices makes the sender of notifications to anybody.
func NewNotices(a *Agent, lane string) *Notices { return &Notices{NewSender(a, lane, RailConfig{})} }

// expiryEvery is how often certificates are looked through for those that end soon.
const expiryEvery = 6 * time.Hour

// Watch keeps trust bundles current and says in the log which certificates end in 60, 30, 14, 7 and 1 days, each once.
func (n *Notices) Watch(take, _ context.Context, _ channels.Handler) error {
	done := make(chan struct{})
	go func() {
		defer close(done)
		n.agent.Bundles.Run(take)
	}()
	told := map[trust.Ending]int{}
	tick := time.NewTicker(expiryEvery)
	defer tick.Stop()
	for {
		n.agent.warn(told)
		select {
		case <-take.Done():
			<-done
			return nil
		case <-tick.C:
		}
	}
}

// warn logs every certificate that reached its next step since the last call.
func (g *Agent) warn(told map[trust.Ending]int) {
	if g.Log == nil {
		return
	}
	for _, e := range g.Trust.Endings(g.Now()) {
		key := e
		key.Days = 0
		if step, ok := told[key]; ok && step == e.Step() {
			continue
		}
		told[key] = e.Step()
		if e.Days < 0 {
			g.Log.Error("a certificate has ended", "kind", e.What, "for", e.Name, "at", e.At)
			continue
		}
		g.Log.Warn("a certificate ends soon: order a new one", "kind", e.What, "for", e.Name, "at", e.At, "days", e.Days)
	}
}
