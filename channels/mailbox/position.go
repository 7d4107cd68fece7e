package mailbox

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"refloop/channels/folder"
)

// position is what was taken out of a mailbox, kept in a file. It holds no content. Losing it means that everything in the mailbox is
// handed over again, which the taker recognises as duplicates.
type position struct {
	Version  int       `json:"version"`
	Source   string    `json:"source"` // digest of server, user and folder: another mailbox has another position
	First    time.Time `json:"first"`  // when the mailbox was first read
	Validity uint32    `json:"uidvalidity,omitempty"`
	Last     uint32    `json:"last,omitempty"`    // IMAP: highest UID that was taken
	Pending  []uint32  `json:"pending,omitempty"` // IMAP: taken, not yet marked, moved or deleted
	Taken    []string  `json:"taken,omitempty"`   // POP3: UIDLs taken and still listed, sorted
	Left     []string  `json:"left,omitempty"`    // POP3: of those, handed over without content: never deleted; sorted
}

const (
	positionVersion = 1
	maxPending      = 10000
	maxPosition     = 64 << 20 // bytes of the file
)

// source names a mailbox.
func (p *Puller) source() string {
	sum := sha256.Sum256([]byte(strings.Join([]string{p.cfg.server.protocol, p.cfg.server.address, p.cfg.Username, p.cfg.Folder}, "\x00")))
	return hex.EncodeToString(sum[:16])
}

func (p *Puller) file() string { return fileName(p.d.Name) + ".json" }

// fileName keeps letters, digits, dash and underline of a channel's name. What loses something gets a digest, so that no two are alike.
func fileName(name string) string {
	kept := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '_':
			return r
		}
		return '_'
	}, name)
	if kept != name {
		sum := sha256.Sum256([]byte(name))
		kept += "-" + hex.EncodeToString(sum[:4])
	}
	return kept
}

// load reads the position. A file that is not there or is of another mailbox gives an empty one; what cannot be read is an error,
// because beginning anew should be a person's decision.
func (p *Puller) load() error {
	p.pos = position{Version: positionVersion, Source: p.source()}
	path := filepath.Join(p.d.Dir, p.file())
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err == nil && info.Size() > maxPosition {
		err = fmt.Errorf("got %d bytes, want at most %d", info.Size(), maxPosition)
	}
	var b []byte
	if err == nil {
		b, err = os.ReadFile(path)
	}
	var have position
	if err == nil {
		err = json.Unmarshal(b, &have)
	}
	if err == nil && have.Version != positionVersion {
		err = fmt.Errorf("got version %d, want %d", have.Version, positionVersion)
	}
	if err != nil {
		return fmt.Errorf("mailbox: position %s: %w; without the file the whole mailbox is read again and known mail ends as duplicate", path, err)
	}
	if have.Source == p.pos.Source {
		p.pos = have
	} else {
		p.d.Log.Warn("another mailbox than before: it is read from its beginning", "channel", p.d.Name)
	}
	return nil
}

// save writes the position durably.
func (p *Puller) save() error {
	b, err := json.Marshal(p.pos)
	if err != nil {
		return fmt.Errorf("mailbox: position: %w", err)
	}
	if err := os.MkdirAll(p.d.Dir, 0o700); err != nil {
		return fmt.Errorf("mailbox: position: %w", err)
	}
	if err := folder.Write(p.d.Dir, p.file(), b); err != nil {
		return fmt.Errorf("mailbox: position: %w", err)
	}
	p.dirty = false
	return nil
}

// begin fills the time of the first look; first reports that this is it.
func (s *position) begin(now time.Time) (first bool) {
	if !s.First.IsZero() {
		return false
	}
	s.First = now.UTC()
	return true
}

func has(list []string, id string) bool {
	_, found := slices.BinarySearch(list, id)
	return found
}

func add(list []string, id string) []string {
	if i, found := slices.BinarySearch(list, id); !found {
		return slices.Insert(list, i, id)
	}
	return list
}
