package direct

import (
	"container/list"
	"crypto/sha256"
	"sync"

	"refloop/channels"
	"refloop/direct"
)

// Limits of what a Memo holds: what Prepare opened is wanted again in a moment, or never.
const (
	memoBytes = 16 << 20 // of mail, all together
	memoOne   = 4 << 20  // one mail: larger ones are opened twice
)

// Memo keeps what Prepare decrypted until Open asks for the same bytes for the same recipients, so that one mail costs
// one private key operation. Opening is a pure function of bytes and keys, and an Agent's keys never change, so what comes out is what opening
// again would give. It holds each mail once, hands it out once, and forgets the oldest over its limits.
// It is safe for concurrent use; a nil Memo keeps nothing.
type Memo struct {
	mu    sync.Mutex
	items map[memoKey]*list.Element
	order list.List // the oldest in front
	bytes int
}

type memoKey [sha256.Size]byte

type memoItem struct {
	key    memoKey
	opened *direct.Opened
	bytes  int
}

func keyOf(a channels.Archived) (k memoKey) {
	h := sha256.New()
	h.Write([]byte(a.Recipient + "\x00"))
	h.Write(a.Body)
	h.Sum(k[:0])
	return k
}

func (m *Memo) put(a channels.Archived, o *direct.Opened) {
	if m == nil || len(a.Body) > memoOne {
		return
	}
	key := keyOf(a)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.items == nil {
		m.items = map[memoKey]*list.Element{}
	}
	if m.items[key] != nil {
		return
	}
	m.items[key] = m.order.PushBack(memoItem{key, o, len(a.Body)})
	for m.bytes += len(a.Body); m.bytes > memoBytes; {
		m.drop(m.order.Front())
	}
}

// take returns what was kept and forgets it; nil when there is nothing.
func (m *Memo) take(a channels.Archived) *direct.Opened {
	if m == nil || len(a.Body) > memoOne {
		return nil
	}
	key := keyOf(a)
	m.mu.Lock()
	defer m.mu.Unlock()
	e := m.items[key]
	if e == nil {
		return nil
	}
	return m.drop(e).opened
}

func (m *Memo) drop(e *list.Element) memoItem {
	i, _ := m.order.Remove(e).(memoItem)
	delete(m.items, i.key)
	m.bytes -= i.bytes
	return i
}

// open is direct.Open with the identities of an archived message's recipients.
func (g *Agent) open(a channels.Archived) (*direct.Opened, error) {
	if o := g.Memo.take(a); o != nil {
		return o, nil
	}
	return direct.Open(a.Body, g.decrypting(splitRecipients(a.Recipient)), g.Limits)
}
