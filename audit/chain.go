package audit

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"time"
)

// Digest is one HMAC-SHA-256.
type Digest [sha256.Size]byte

// Head is the end of a chain: its last sequence and row digest. Sequence 0 is the empty chain.
type Head struct {
	Node   string
	Seq    int64
	Digest Digest
}

// Row is one link of a chain.
type Row struct {
	Node    string
	Seq     int64
	Entry   Entry  // zero when Purged, but for At, which may be kept
	Purged  bool   // a tombstone: Content stands in for the entry
	Content Digest // content digest; only read of a tombstone
	Digest  Digest // row digest
}

// Labels keep the four uses of one key apart.
const (
	labelGenesis = "refloop audit 1 genesis"
	labelContent = "refloop audit 1 content"
	labelRow     = "refloop audit 1 row"
	labelHead    = "refloop audit 1 head"
)

// Chain computes the digests of one node. It holds no state but a buffer; it is not safe for concurrent use.
type Chain struct {
	node string
	mac  hash.Hash
	buf  []byte
}

// New returns the chain of node under key (32 random bytes).
func New(node string, key []byte) *Chain {
	return &Chain{node: node, mac: hmac.New(sha256.New, key)}
}

// Genesis is the head of the empty chain.
func (c *Chain) Genesis() Head {
	c.begin(labelGenesis)
	c.text(c.node)
	return Head{Node: c.node, Digest: c.sum()}
}

// Next returns the row that follows head. At is cut to microseconds, UTC, as it is stored.
func (c *Chain) Next(head Head, e Entry) Row {
	e.At = Micro(e.At)
	content := c.Content(e)
	seq := head.Seq + 1
	return Row{Node: c.node, Seq: seq, Entry: e, Content: content, Digest: c.row(seq, head.Digest, content)}
}

// Head returns the head of the chain that ends with r.
func (r Row) Head() Head { return Head{Node: r.Node, Seq: r.Seq, Digest: r.Digest} }

// Content is the digest of an entry alone: what a tombstone keeps of it.
func (c *Chain) Content(e Entry) Digest {
	c.begin(labelContent)
	c.number(e.At.UnixMicro())
	c.text(e.Actor)
	c.text(e.Action)
	c.text(e.Object)
	c.text(e.Detail)
	return c.sum()
}

// Tombstone returns r without its entry.
func (c *Chain) Tombstone(r Row) Row {
	if r.Purged {
		return r
	}
	return Row{Node: r.Node, Seq: r.Seq, Purged: true, Content: c.Content(r.Entry), Digest: r.Digest}
}

// Seal is the digest kept beside the rows to prove that h is the end of the chain.
func (c *Chain) Seal(h Head) Digest {
	c.begin(labelHead)
	c.text(h.Node)
	c.number(h.Seq)
	c.buf = append(c.buf, h.Digest[:]...)
	return c.sum()
}

// Micro cuts t to microseconds, UTC. Digests cover no finer time.
func Micro(t time.Time) time.Time { return time.UnixMicro(t.UnixMicro()).UTC() }

func (c *Chain) row(seq int64, prev, content Digest) Digest {
	c.begin(labelRow)
	c.text(c.node)
	c.number(seq)
	c.buf = append(c.buf, prev[:]...)
	c.buf = append(c.buf, content[:]...)
	return c.sum()
}

// The canonical encoding: the label, then each text with its length before it and each number in eight bytes, so that no two
// entries have the same encoding.
func (c *Chain) begin(label string) {
	c.buf = c.buf[:0]
	c.text(label)
}

func (c *Chain) text(s string) {
	c.number(int64(len(s)))
	c.buf = append(c.buf, s...)
}

func (c *Chain) number(n int64) { c.buf = binary.BigEndian.AppendUint64(c.buf, uint64(n)) }

func (c *Chain) sum() Digest {
	c.mac.Reset()
	c.mac.Write(c.buf)
	var d Digest
	c.mac.Sum(d[:0])
	return d
}
