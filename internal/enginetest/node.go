package enginetest

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net"
	"time"

	"refloop/channels"
	"refloop/channels/mllp"
	"refloop/config"
	"refloop/engine"
	"refloop/store"
	"refloop/transform"
)

// SealKey is the key of every test store.
func SealKey() [32]byte { return [32]byte{7, 7, 7, 1} }

// Node is an engine with its store, one MLLP channel named "ehr-orders" and one MLLP rail to the recipient, in this process.
type Node struct {
	Store  *store.Store
	Engine *engine.Engine

	l      net.Listener
	server *mllp.Server
	sender *mllp.Sender
}

// NewNode opens the database at path and listens on address; what it has for Lakeside goes to the MLLP receiver at sink.
func NewNode(ctx context.Context, path, address, sink string, log *slog.Logger) (*Node, error) {
	st, err := store.Open(ctx, store.Config{URL: "sqlite:" + path, SealKey: SealKey(), Org: "northside"}, log)
	if err != nil {
		return nil, err
	}
	n := &Node{Store: st}
	if err := n.open(address, sink, log); err != nil {
		return nil, errors.Join(err, st.Close())
	}
	return n, nil
}

func (n *Node) open(address, sink string, log *slog.Logger) error {
	const lane = Lakeside + "/mllp"
	rail := mllp.RailConfig{AckTimeout: config.Duration(5 * time.Second), Connection: "keep", TLS: "off"}
	var err error
	if n.sender, err = mllp.NewSender(rail, mllp.SenderDeps{Lane: lane, Address: sink, Now: time.Now, Log: log}); err != nil {
		return err
	}
	dir := Directory()
	dir.Partners[1].Rails = []transform.Rail{{Type: "mllp", Address: sink, Lane: lane, Dialect: transform.Dialect{Version: "2.5.1"}}}
	set := &engine.Setup{
		Hash: "node", Directory: dir, Senders: map[string]channels.Sender{lane: n.sender}, Channels: map[string]engine.Channel{},
		Retry: engine.Retry{First: 50 * time.Millisecond, Max: time.Second, Attempts: 1000},
	}
	if n.Engine, err = engine.New(engine.Config{Store: Store{n.Store}, Now: time.Now, Rand: rand.Reader, Log: log}, set); err != nil {
		return err
	}
	cfg := mllp.Config{Ack: "auto", Reply: "ack", Storage: "close", Garbled: "AR", Connections: 100, Idle: config.Duration(time.Minute), Read: config.Duration(time.Minute)}
	if n.server, err = mllp.NewServer(cfg, mllp.Deps{Name: "ehr-orders", Partner: EHR, Handler: n.Engine, Now: time.Now, Log: log}); err != nil {
		return err
	}
	set.Channels["ehr-orders"] = engine.Channel{Rail: n.server, Rules: transform.Channel{Name: "ehr-orders", Type: channels.MLLP, Partner: EHR, Validate: "lenient"}}
	n.l, err = net.Listen("tcp", address)
	return err
}

// Address is where it listens.
func (n *Node) Address() string { return n.l.Addr().String() }

// Run serves until take ends, as the daemon does: the listener ends first, deliveries last.
func (n *Node) Run(take context.Context) error {
	engineTake, stop := context.WithCancel(context.WithoutCancel(take))
	hold, letGo := context.WithCancel(context.WithoutCancel(take))
	defer letGo()
	ran := make(chan error, 1)
	go func() { ran <- n.Engine.Run(engineTake, hold) }()
	watch, stopWatch := context.WithCancel(context.WithoutCancel(take))
	watched := make(chan error, 1)
	go func() { watched <- n.sender.Watch(watch, hold, n.Engine) }()
	err := n.server.Serve(take, hold, n.l)
	stop()
	err = errors.Join(err, <-ran)
	stopWatch()
	return errors.Join(err, <-watched, n.Store.Close())
}
