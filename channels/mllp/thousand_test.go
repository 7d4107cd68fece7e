package mllp

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"syscall"
	"testing"
	"time"

	codec "refloop/mllp"
)

// TestAThousandConnections: each of 1,000 open connections is served, twice; the next one is turned away; when one ends there is room again.
func TestAThousandConnections(t *testing.T) {
	const many = 1000
	cfg := defaults()
	cfg.Connections = many
	r := start(t, cfg, nil, func(d *Deps) { d.Handler = nullEngine{} })
	peers := make([]*peer, many)
	for i := range peers {
		c, err := net.Dial("tcp", r.addr)
		if errors.Is(err, syscall.EMFILE) {
			t.Skipf("this machine gives a process too few open files for %d connections; raise ulimit -n", many)
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		_ = c.SetDeadline(time.Now().Add(time.Minute))
		peers[i] = &peer{t, c, codec.NewReader(c, codec.Config{})}
	}
	for round := range 2 {
		var wg sync.WaitGroup
		for i, p := range peers {
			wg.Go(func() {
				id := fmt.Sprintf("%d-%d", round, i)
				if _, err := p.Write([]byte(frame(ref(id)))); err != nil {
					t.Error(err)
					return
				}
				f, err := p.r.Next()
				if err != nil {
					t.Errorf("connection %d: %v", i, err)
				} else if got := summary(t, f.Message); got != "AA "+id {
					t.Errorf("connection %d: got %s", i, got)
				}
			})
		}
		wg.Wait()
	}
	over := r.connect(t)
	over.closed()
	_ = peers[0].Close()
	for wait := time.Now().Add(10 * time.Second); ; {
		p := r.connect(t)
		if _, err := p.Write([]byte(frame(ref("room")))); err == nil {
			if f, err := p.r.Next(); err == nil && summary(t, f.Message) == "AA room" {
				break
			}
		}
		if time.Now().After(wait) {
			t.Fatal("no room after a connection ended")
		}
	}
}
