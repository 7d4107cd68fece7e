package fax

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"refloop/channels"
	"refloop/channels/folder"
)

// mark is what must be known of a fax on its way when the daemon starts again. It holds no patient data.
type mark struct {
	Delivery  string    `json:"delivery"`
	Reference string    `json:"reference"` // by which the other side knows it
	Attempt   int       `json:"attempt"`
	Pages     int       `json:"pages"`
	State     string    `json:"state"`
	Job       string    `json:"job,omitempty"` // the other side's number
	At        time.Time `json:"at"`
}

// States of a mark, each written before what it speaks of is done.
const (
	markBegun  = "begun"  // nothing has left yet that could become a fax
	markHanded = "handed" // it is being handed over: whether it was is not known
	markSent   = "sent"   // the other side has it
)

// oldest is how long a mark is kept of a fax of which nobody ever said what became of it.
const oldest = 30 * 24 * time.Hour

// ledger keeps the marks of one rail, one small file each.
type ledger struct {
	dir string
	mu  sync.Mutex
}

func (l *ledger) put(m mark) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	b, err := json.Marshal(m)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(l.dir, 0o700); err != nil {
		return fmt.Errorf("fax: %s: %w", l.dir, errors.Unwrap(err))
	}
	return folder.Write(l.dir, m.Delivery+".json", append(b, '\n'))
}

// get reads a mark. One that cannot be read is an error: without it a fax might go out twice.
func (l *ledger) get(delivery string) (mark, bool, error) {
	b, err := os.ReadFile(filepath.Join(l.dir, delivery+".json"))
	if errors.Is(err, fs.ErrNotExist) {
		return mark{}, false, nil
	}
	var m mark
	if err == nil {
		err = json.Unmarshal(b, &m)
	}
	if err != nil || m.Delivery != delivery {
		return mark{}, false, fmt.Errorf("fax: %s: got a file of delivery %s that cannot be read, want what was written there", l.dir, delivery)
	}
	return m, true, nil
}

func (l *ledger) drop(delivery string) error {
	err := os.Remove(filepath.Join(l.dir, delivery+".json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// dropIf drops a mark that is still that of this attempt: a new one may have begun meanwhile.
func (l *ledger) dropIf(m mark) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	now, ok, err := l.get(m.Delivery)
	if err != nil || !ok || now.Reference != m.Reference {
		return err
	}
	return l.drop(m.Delivery)
}

// all lists the marks of faxes that the other side has or may have. Those that are too old are dropped.
func (l *ledger) all(now time.Time) ([]mark, error) {
	entries, err := os.ReadDir(l.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("fax: %s: %w", l.dir, errors.Unwrap(err))
	}
	var out []mark
	for _, e := range entries {
		id, ok := strings.CutSuffix(e.Name(), ".json")
		if !ok || !plainID.MatchString(id) {
			continue
		}
		m, ok, err := l.get(id)
		if err != nil || !ok {
			continue // a single broken file is reported when its delivery is tried
		}
		if now.Sub(m.At) > oldest {
			if err := l.drop(id); err != nil {
				return nil, err
			}
			continue
		}
		out = append(out, m)
	}
	return out, nil
}

// referenceOf is the name of one attempt for the other side: that of the delivery, and from the second attempt on its number.
func referenceOf(o channels.Outbound) string {
	if o.Attempt <= 1 {
		return o.DeliveryID
	}
	return fmt.Sprintf("%s_%d", o.DeliveryID, o.Attempt)
}

// deliveryOf is the delivery that a reference speaks of.
func deliveryOf(reference string) string {
	id, _, _ := strings.Cut(reference, "_")
	return id
}
