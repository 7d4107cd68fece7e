// Package folder is what the rails that live on folders share: taking files out of a folder once they are complete, and putting
// files into one so that nobody ever sees half of one.
//
// A scan of the folder is the truth; events of the operating system only make it come sooner, because network shares give none.
// Left out: subfolders, links, and anything about what a file means.
package folder

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"
)

// Config says which folder is watched and how. Zero values mean the defaults given.
type Config struct {
	Dir    string                 // the folder; made with mode 0700 when it is missing
	Every  time.Duration          // between scans; 5 s
	Settle time.Duration          // a file is complete when size and time have not changed for so long; 2 s
	Max    int64                  // bytes of a file; larger ones are set aside; 64 MiB
	Accept func(name string) bool // which names are ours; nil: all that are no temporary names
	Budget Budget                 // memory of open intake; nil: none
	Log    *slog.Logger           // must be set

	Existing bool                                      // the folder is somebody else's: it is not made
	Taken    func(name string, info os.FileInfo) error // what becomes of a file that was taken; nil: it is removed. With it, Accept must turn away what was taken
	Subject  string                                    // what the files are, for the log: fax, status file
	Empty    time.Duration                             // a file that has been empty for so long never gets anything in it: it is set aside; 1 h

	// Refused is told how many files stand in the subfolder "refused" and when the newest came there, at the first scan and whenever that
	// changes; after an error it is told again. nil: nobody is told.
	Refused func(ctx context.Context, files int, newest time.Time) error
}

// Budget is the part of channels.Budget that is needed.
type Budget interface {
	Take(n int) error
	Give(n int)
}

// File is one complete file. Body belongs to the receiver.
type File struct {
	Name string // without folder; it may hold a patient's name, so never log it
	Body []byte
	Time time.Time // of its last change
}

// Aside is returned by a taker for a file that can never be taken: it goes into the subfolder "refused" with the reason beside it.
type Aside struct{ Reason string }

// Error is the reason.
func (a *Aside) Error() string { return a.Reason }

// ErrWait is returned by a taker for a file that is not complete yet by what else is known of it: it stays, without a word.
var ErrWait = errors.New("folder: not complete yet")

// Watcher takes files out of one folder.
type Watcher struct {
	cfg  Config
	take func(context.Context, File) error

	remove func(path string, taken os.FileInfo) error

	mu  sync.Mutex
	err error // of the last scan

	seen map[string]look
	done map[string]look // taken, but still there: they cannot be removed
	told *standing       // what Refused was told last
	last string          // name at which the last scan stopped because it had done enough; empty: at the end
}

// look is what a file was like when it was first seen so.
type look struct {
	size  int64
	mtime time.Time
	since time.Time
}

const (
	// RefusedDir is the subfolder for files that were set aside.
	RefusedDir  = "refused"
	maxPerScan  = 1000    // files looked at in one scan; the next goes on behind them
	maxNames    = 1 << 20 // entries of a folder; more are not seen
	defaultMax  = 64 << 20
	eventBuffer = 64
)

var errNotScanned = errors.New("folder: not scanned yet")

// New makes a watcher. A file is handed to take when it is complete and removed when take returns nil. An *Aside sets it aside; after
// any other error it stays and is tried again at the next scan.
func New(cfg Config, take func(context.Context, File) error) *Watcher {
	if cfg.Every <= 0 {
		cfg.Every = 5 * time.Second
	}
	if cfg.Settle <= 0 {
		cfg.Settle = 2 * time.Second
	}
	if cfg.Max <= 0 {
		cfg.Max = defaultMax
	}
	if cfg.Empty <= 0 {
		cfg.Empty = time.Hour
	}
	gone := remove
	if cfg.Taken != nil {
		gone = func(path string, info os.FileInfo) error { return cfg.Taken(filepath.Base(path), info) }
	}
	return &Watcher{cfg: cfg, take: take, remove: gone, err: errNotScanned, seen: map[string]look{}, done: map[string]look{}}
}

// Ready tells whether the last scan could read the folder.
func (w *Watcher) Ready() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

func (w *Watcher) setErr(err error) {
	w.mu.Lock()
	w.err = err
	w.mu.Unlock()
}

// Run scans until take ends. The file in hand when it ends is finished within hold. It returns an error only when the folder cannot
// be made.
func (w *Watcher) Run(take, hold context.Context) error {
	if err := w.make(); err != nil {
		w.setErr(err)
		return fmt.Errorf("folder: %w", err)
	}
	events, stop := w.events()
	defer stop()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-take.Done():
			return nil
		case <-events:
			if w.waiting() {
				continue // the timer is set for the end of the wait already
			}
		case <-timer.C:
		}
		pending := w.scan(take, hold)
		next := w.cfg.Every
		if pending {
			next = min(next, w.cfg.Settle)
		}
		timer.Reset(next)
	}
}

// make makes the folder. One that is somebody else's may come later: Ready says that it is not there.
func (w *Watcher) make() error {
	if w.cfg.Existing {
		return nil
	}
	return os.MkdirAll(w.cfg.Dir, 0o700)
}

// waiting tells whether files are being watched until they rest.
func (w *Watcher) waiting() bool { return len(w.seen) > 0 }

// events gives a hint for every change in the folder; without fsnotify there are none and the scans have to do.
func (w *Watcher) events() (<-chan fsnotify.Event, func()) {
	n, err := fsnotify.NewBufferedWatcher(eventBuffer)
	if err == nil {
		err = n.Add(w.cfg.Dir)
	}
	if err != nil {
		w.cfg.Log.Warn("folder is scanned without change events", "folder", w.cfg.Dir, "every", w.cfg.Every, "error", err)
		if n != nil {
			n.Close()
		}
		return nil, func() {}
	}
	done := make(chan struct{})
	go func() { // errors (an overflow) only mean that a hint was lost
		defer close(done)
		for range n.Errors {
		}
	}()
	return n.Events, func() {
		n.Close()
		<-done
	}
}

// scan looks at every file once, up to maxPerScan, and takes those that are complete. It tells whether some are not yet.
func (w *Watcher) scan(take, hold context.Context) (pending bool) {
	names, err := w.names()
	w.setErr(err)
	if err != nil {
		w.cfg.Log.Error("folder cannot be read", "folder", w.cfg.Dir, "error", err)
		return false
	}
	now := time.Now()
	present, done := make(map[string]look, len(names)), make(map[string]look, len(w.done))
	looked := 0
	for _, name := range w.inTurn(names) {
		if take.Err() != nil {
			return false
		}
		info, err := os.Lstat(filepath.Join(w.cfg.Dir, name))
		if err != nil || !info.Mode().IsRegular() {
			continue
		}
		if info.Size() == 0 {
			if now.Sub(info.ModTime()) >= w.cfg.Empty && !w.cfg.Existing {
				w.aside(filepath.Join(w.cfg.Dir, name), info, "got an empty file, want a fax or message; ask for it again")
			}
			continue
		}
		if d, ok := w.done[name]; ok && d.of(info) {
			done[name] = d
			continue
		}
		l, known := w.seen[name]
		if looked++; looked > maxPerScan {
			if looked == maxPerScan+1 {
				w.last = name
			}
			if known {
				present[name] = l
			}
			continue
		}
		if !known || !l.of(info) {
			l = look{size: info.Size(), mtime: info.ModTime(), since: now}
		}
		if now.Sub(l.since) < w.cfg.Settle {
			present[name], pending = l, true
			continue
		}
		switch w.one(hold, name, info) {
		case stays:
			present[name] = l
		case remains:
			done[name] = l
		}
	}
	if looked <= maxPerScan {
		w.last = ""
	}
	w.seen, w.done = present, done
	w.tellRefused(take)
	return pending || looked > maxPerScan
}

// of tells whether a file is still as it was seen.
func (l look) of(info os.FileInfo) bool {
	return l.size == info.Size() && l.mtime.Equal(info.ModTime())
}

// inTurn sorts names and puts those first that the last scan did not come to.
func (w *Watcher) inTurn(names []string) []string {
	slices.Sort(names)
	i, _ := slices.BinarySearch(names, w.last)
	return append(names[i:len(names):len(names)], names[:i]...)
}

// names lists what may be ours, at most maxNames. What is plainly no file (folders, links, pipes) does not count.
func (w *Watcher) names() ([]string, error) {
	d, err := os.Open(w.cfg.Dir)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	var names []string
	for len(names) < maxNames {
		list, err := d.ReadDir(256)
		for _, e := range list {
			name := e.Name()
			if e.Type().IsRegular() && !temporary(name) && (w.cfg.Accept == nil || w.cfg.Accept(name)) {
				names = append(names, name)
			}
		}
		if err != nil {
			break // io.EOF, or what could be read
		}
	}
	return names, nil
}

// temporary tells names under which programs write files that they rename later.
func temporary(name string) bool {
	if strings.HasPrefix(name, ".") || strings.HasPrefix(name, "~") || strings.HasSuffix(name, "~") {
		return true
	}
	switch strings.ToLower(filepath.Ext(name)) {
	case ".tmp", ".temp", ".part", ".partial", ".filepart", ".crdownload", ".download", ".swp", ".lock", ".writing", ".inprogress":
		return true
	}
	return false
}
