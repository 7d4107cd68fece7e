package store

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// maxRoom is the largest buffer that is kept for the next piece of work.
const maxRoom = 1 << 20

// room is where the writer goroutine makes what it writes, again and again: the driver copies values when it binds them.
type room struct {
	plain  bytes.Buffer
	sealed []byte
}

// sealJSON writes v as JSON and seals it. The result is valid until the next call.
func (r *room) sealJSON(k *keyring, purpose, id string, v any) ([]byte, error) {
	if r.plain.Cap() > maxRoom || cap(r.sealed) > maxRoom {
		*r = room{}
	}
	r.plain.Reset()
	if err := json.NewEncoder(&r.plain).Encode(v); err != nil {
		return nil, fmt.Errorf("store: %s of %s: writing it as JSON: %w", purpose, id, err)
	}
	var err error
	r.sealed, err = k.sealInto(r.sealed, purpose, id, r.plain.Bytes())
	return r.sealed, err
}
