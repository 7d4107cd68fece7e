package enginetest

import (
	"context"
	"crypto/rand"
	"log/slog"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"refloop/channels"
	"refloop/engine"
	"refloop/referral"
	"refloop/store"
	"refloop/transform"
)

// Channels of a World.
const (
	FromEHR      = "ehr-orders"  // speaks for EHR
	FromLakeside = "lakeside-in" // speaks for Lakeside
	FromAnyone   = "anyone"      // MSH-3 and MSH-4 say who speaks
	FromMail     = "direct-in"   // answers before it reads
)

// World is an engine with the real store in a temporary folder and rails made of functions, for use inside a synctest bubble.
type World struct {
	T       testing.TB
	Store   *store.Store
	Engine  *engine.Engine
	Set     *engine.Setup
	Senders map[string]*Sender
	Mail    *Mail

	path string
	stop func()
}

// New makes a world on a fresh database. Nothing runs in the background yet: see Start.
func New(t testing.TB) *World {
	w := &World{T: t, path: filepath.Join(t.TempDir(), "refloop.db"), Senders: map[string]*Sender{}, Mail: &Mail{}}
	w.Set = &engine.Setup{
		Hash: "config-1", Directory: Directory(), Senders: map[string]channels.Sender{}, Channels: map[string]engine.Channel{},
		Notices: map[string]string{channels.Direct: NoticeLane}, Wide: map[string]int{DirectLane: 4, FaxLane: 4, RehabLane: 4, NoticeLane: 4},
		Retry: engine.Retry{First: 2 * time.Second, Max: time.Minute, Attempts: 4},
	}
	for _, lane := range []string{EHRLane, DirectLane, FaxLane, RehabLane, NoticeLane} {
		w.Senders[lane] = &Sender{}
		w.Set.Senders[lane] = w.Senders[lane]
	}
	w.Senders[DirectLane].SendFunc = Mailed
	w.Channel(FromEHR, &Line{}, transform.Channel{Type: channels.MLLP, Partner: EHR})
	w.Channel(FromLakeside, &Line{}, transform.Channel{Type: channels.MLLP, Partner: Lakeside})
	w.Channel(FromAnyone, &Line{}, transform.Channel{Type: channels.MLLP})
	w.Channel(FromMail, w.Mail, transform.Channel{Type: channels.Direct})
	w.open()
	t.Cleanup(w.Close)
	return w
}

// Mailed is the answer of a mail server: taken, and nothing is known of the receiver.
func Mailed(context.Context, channels.Outbound) (channels.Receipt, error) {
	return channels.Receipt{Level: channels.LevelSent, Code: "250"}, nil
}

// Channel adds a way in. Before Start only.
func (w *World) Channel(name string, rail channels.Channel, rules transform.Channel) {
	rules.Name = name
	w.Set.Channels[name] = engine.Channel{Rail: rail, Rules: rules}
}

func (w *World) open() {
	w.T.Helper()
	var err error
	log := slog.New(slog.DiscardHandler)
	if w.Store, err = store.Open(context.Background(), store.Config{URL: "sqlite:" + w.path, SealKey: SealKey(), Org: "northside", Now: time.Now}, log); err != nil {
		w.T.Fatal(err)
	}
	cfg := engine.Config{Store: Store{w.Store}, Now: time.Now, Rand: rand.Reader, Log: log}
	if w.Engine, err = engine.New(cfg, w.Set); err != nil {
		w.T.Fatal(err)
	}
}

// Start runs the engine's background work until Stop.
func (w *World) Start() {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.Engine.Run(ctx, ctx) }()
	w.stop = func() {
		cancel()
		if err := <-done; err != nil {
			w.T.Errorf("the engine ended with: %v", err)
		}
	}
}

// Stop ends the background work, work in hand included: what was under way is left as a crash would leave it.
func (w *World) Stop() {
	if w.stop != nil {
		w.stop()
		w.stop = nil
	}
}

// Close stops everything.
func (w *World) Close() {
	w.Stop()
	if err := w.Store.Close(); err != nil {
		w.T.Error(err)
	}
}

// Restart is a crash and a new start: another engine on the same database, with the setup of the world.
func (w *World) Restart() {
	w.Close()
	w.open()
	w.Start()
}

// Settle waits until everything that is due now has been done.
func (w *World) Settle() { synctest.Wait() }

// Pass lets d go by and settles.
func (w *World) Pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// Inbound is an HL7 message as the MLLP rail hands it over. Its answer is "ACK" with the verdict and the message id.
func Inbound(channel, body string) channels.Inbound {
	in := channels.Inbound{
		Channel: channel, Peer: "127.0.0.1:4711", Type: Field(body, "MSH", 9), ContentType: "x-application/hl7-v2+er7",
		ControlID: Field(body, "MSH", 10), Sender: Field(body, "MSH", 3) + "|" + Field(body, "MSH", 4), Body: []byte(body),
	}
	in.Answer = func(o channels.Outcome) []byte {
		return []byte("ACK " + [...]string{"AA", "AE", "AR"}[o.Verdict] + " " + o.MessageID)
	}
	return in
}

// Take hands a message in and returns what became of it.
func (w *World) Take(channel, body string) channels.Outcome {
	w.T.Helper()
	out, err := w.Engine.Receive(w.T.Context(), Inbound(channel, body))
	if err != nil {
		w.T.Fatal(err)
	}
	return out
}

// Post hands in a message of the mail channel: answered after the archive. The body is HL7 all the same.
func (w *World) Post(body, id string) channels.Outcome {
	w.T.Helper()
	in := Inbound(FromMail, body)
	in.Type, in.ContentType, in.ControlID, in.Sender, in.Later, in.Answer = "direct/mail", "message/rfc822", id, LakesideDirect, true, nil
	out, err := w.Engine.Receive(w.T.Context(), in)
	if err != nil {
		w.T.Fatal(err)
	}
	return out
}

// Message reads a message back.
func (w *World) Message(id string) referral.Message {
	w.T.Helper()
	m, err := w.Store.Message(w.T.Context(), id)
	if err != nil {
		w.T.Fatal(err)
	}
	return m
}

// Referral reads a referral back.
func (w *World) Referral(id string) referral.Referral {
	w.T.Helper()
	r, err := w.Store.Referral(w.T.Context(), id)
	if err != nil {
		w.T.Fatal(err)
	}
	return r
}

// Referrals lists all of them, oldest first.
func (w *World) Referrals() []referral.Referral {
	w.T.Helper()
	list, err := w.Store.Referrals(w.T.Context(), store.ReferralFilter{Limit: 10000})
	if err != nil {
		w.T.Fatal(err)
	}
	var out []referral.Referral
	for i := len(list) - 1; i >= 0; i-- {
		out = append(out, list[i].Referral)
	}
	return out
}

// Events lists the types of a referral's events.
func (w *World) Events(id string) []string {
	w.T.Helper()
	events, err := w.Store.Events(w.T.Context(), id)
	if err != nil {
		w.T.Fatal(err)
	}
	var out []string
	for _, ev := range events {
		out = append(out, string(ev.Type))
	}
	return out
}

// Deliveries lists all deliveries of a referral (empty: of all), oldest first.
func (w *World) Deliveries(id string) []referral.Delivery {
	w.T.Helper()
	list, err := w.Store.Deliveries(w.T.Context(), store.DeliveryFilter{ReferralID: id, Limit: 10000})
	if err != nil {
		w.T.Fatal(err)
	}
	out := make([]referral.Delivery, len(list))
	for i, d := range list {
		out[len(list)-1-i] = d
	}
	return out
}

// Incidents lists the kinds of the open incidents, oldest first, each with its count.
func (w *World) Incidents() map[string]int {
	w.T.Helper()
	list, err := w.Store.Incidents(w.T.Context(), store.IncidentFilter{Open: true, Limit: 10000})
	if err != nil {
		w.T.Fatal(err)
	}
	out := map[string]int{}
	for _, i := range list {
		out[i.Kind]++
	}
	return out
}

// EngineOn is another engine with the setup of the world on another store.
func (w *World) EngineOn(s engine.Store) *engine.Engine {
	w.T.Helper()
	e, err := engine.New(engine.Config{Store: s, Now: time.Now, Rand: rand.Reader, Log: slog.New(slog.DiscardHandler)}, w.Set)
	if err != nil {
		w.T.Fatal(err)
	}
	return e
}

// Messages lists every message, oldest first.
func (w *World) Messages() []referral.Message {
	w.T.Helper()
	list, err := w.Store.Messages(w.T.Context(), store.MessageFilter{Limit: 10000})
	if err != nil {
		w.T.Fatal(err)
	}
	out := make([]referral.Message, len(list))
	for i, m := range list {
		out[len(list)-1-i] = m
	}
	return out
}
