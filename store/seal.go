package store

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// ErrSealed is returned when a sealed value cannot be opened: it was changed, moved to another row, or its key is missing.
var ErrSealed = errors.New("store: a sealed value does not open")

// What is sealed. Together with the row id this is the additional data of the seal, so that no value can be moved to another row.
const (
	sealBlob     = "blob"
	sealAnswer   = "answer"
	sealRecord   = "record"
	sealEvent    = "event"
	sealDocument = "document"
	sealNotice   = "notice"
)

// A sealed value: one byte of format, the data key's id in four, twelve of nonce, then text and tag.
const (
	sealFormat = 1
	nonceSize  = 12
	headSize   = 1 + 4 + nonceSize
	tagSize    = 16
)

// maxSeals is how many values one process seals with one data key: far below the 2^32 that random nonces allow.
const maxSeals = 1 << 28

// dataKey is one unwrapped data key.
type dataKey struct {
	id      uint32
	created time.Time
	aead    cipher.AEAD
	used    atomic.Int64
}

// keyring holds the unwrapped keys. Any goroutine may seal and open; only the writer goroutine adds keys.
type keyring struct {
	rand    io.Reader
	data    atomic.Pointer[map[uint32]*dataKey]
	current atomic.Pointer[dataKey]
	lookup  []byte
	audit   []byte
}

func newAEAD(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// add makes key usable, and the current one when it is the newest.
func (k *keyring) add(key *dataKey) {
	all := map[uint32]*dataKey{key.id: key}
	if old := k.data.Load(); old != nil {
		for id, d := range *old {
			all[id] = d
		}
	}
	k.data.Store(&all)
	if cur := k.current.Load(); cur == nil || key.id > cur.id {
		k.current.Store(key)
	}
}

// due reports whether a new data key is wanted: the first of a month, or after maxSeals values.
func (k *keyring) due(now time.Time) bool {
	cur := k.current.Load()
	if cur == nil || cur.used.Load() >= maxSeals {
		return true
	}
	now = now.UTC()
	return now.After(cur.created) && (now.Year() != cur.created.Year() || now.Month() != cur.created.Month())
}

// seal encrypts plain for the row id.
func (k *keyring) seal(purpose, id string, plain []byte) ([]byte, error) {
	return k.sealInto(nil, purpose, id, plain)
}

// sealInto is seal into the room of buf, which must not overlap plain.
func (k *keyring) sealInto(buf []byte, purpose, id string, plain []byte) ([]byte, error) {
	key := k.current.Load()
	key.used.Add(1)
	out := slices.Grow(buf[:0], headSize+len(plain)+tagSize)[:headSize]
	out[0] = sealFormat
	binary.BigEndian.PutUint32(out[1:5], key.id)
	nonce := out[5:headSize]
	if _, err := io.ReadFull(k.rand, nonce); err != nil {
		return nil, fmt.Errorf("store: reading randomness: %w", err)
	}
	var room [96]byte
	return key.aead.Seal(out, nonce, plain, additional(room[:0], purpose, id)), nil
}

// open decrypts what seal made for the same purpose and row.
func (k *keyring) open(purpose, id string, sealed []byte) ([]byte, error) {
	if len(sealed) < headSize+tagSize || sealed[0] != sealFormat {
		return nil, fmt.Errorf("%w: %s of %s: got %d bytes in an unknown format", ErrSealed, purpose, id, len(sealed))
	}
	keyID := binary.BigEndian.Uint32(sealed[1:5])
	key := (*k.data.Load())[keyID]
	if key == nil {
		return nil, fmt.Errorf("%w: %s of %s: its key %d is missing", ErrSealed, purpose, id, keyID)
	}
	var room [96]byte
	plain, err := key.aead.Open(nil, sealed[5:headSize], sealed[headSize:], additional(room[:0], purpose, id))
	if err != nil {
		return nil, fmt.Errorf("%w: %s of %s: it was changed or belongs to another row", ErrSealed, purpose, id)
	}
	return plain, nil
}

func additional(b []byte, purpose, id string) []byte {
	b = append(b, purpose...)
	b = append(b, 0)
	return append(b, id...)
}

// lockedReader lets goroutines share a source of randomness.
type lockedReader struct {
	mu sync.Mutex
	r  io.Reader
}

// Read fills p.
func (l *lockedReader) Read(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.r.Read(p)
}
