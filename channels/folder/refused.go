package folder

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// reasonSuffix ends the name of the file that says why the one beside it was set aside.
const reasonSuffix = ".reason.txt"

// standing is what the subfolder "refused" holds.
type standing struct {
	files  int
	newest time.Time
}

// tellRefused tells whoever wants to know of files that were set aside, once each time that they change.
func (w *Watcher) tellRefused(ctx context.Context) {
	if w.cfg.Refused == nil {
		return
	}
	now := w.standing()
	if w.told != nil && w.told.files == now.files && w.told.newest.Equal(now.newest) {
		return
	}
	if err := w.cfg.Refused(ctx, now.files, now.newest); err != nil {
		if ctx.Err() == nil {
			w.cfg.Log.Error("telling of files that were set aside", "folder", w.cfg.Dir, "error", err)
		}
		return
	}
	w.told = &now
}

// standing counts the files that were set aside and are still there. A folder that cannot be read counts as empty: setting aside
// fails there too and is logged.
func (w *Watcher) standing() (s standing) {
	entries, err := os.ReadDir(filepath.Join(w.cfg.Dir, RefusedDir))
	if err != nil {
		return s
	}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), reasonSuffix) {
			continue
		}
		if _, err := os.Lstat(filepath.Join(w.cfg.Dir, RefusedDir, strings.TrimSuffix(e.Name(), reasonSuffix))); err != nil {
			continue // somebody took it away
		}
		s.files++
		if info, err := e.Info(); err == nil && info.ModTime().After(s.newest) {
			s.newest = info.ModTime()
		}
	}
	return s
}
