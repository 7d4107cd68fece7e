package folder

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// fate is what became of a file.
type fate int

const (
	stays    fate = iota // it is tried again at the next scan
	finished             // taken and removed, or set aside
	remains              // taken, but it cannot be removed
)

// one takes a single file.
func (w *Watcher) one(ctx context.Context, name string, info os.FileInfo) fate {
	path := filepath.Join(w.cfg.Dir, name)
	if info.Size() > w.cfg.Max {
		return w.aside(path, info, fmt.Sprintf("got %d bytes, want at most %d", info.Size(), w.cfg.Max))
	}
	if w.cfg.Budget != nil {
		if err := w.cfg.Budget.Take(int(info.Size())); err != nil {
			return stays // memory is used up: the file waits where it is
		}
		defer w.cfg.Budget.Give(int(info.Size()))
	}
	body, err := read(path, info)
	if errors.Is(err, errInUse) {
		return stays
	}
	if err != nil {
		w.cfg.Log.Error("file cannot be read", "kind", w.cfg.Subject, "folder", w.cfg.Dir, "bytes", info.Size(), "error", cause(err))
		return stays
	}
	err = w.take(ctx, File{Name: name, Body: body, Time: info.ModTime()})
	var a *Aside
	switch {
	case errors.Is(err, ErrWait):
		return stays
	case errors.As(err, &a):
		return w.aside(path, info, a.Reason)
	case err != nil:
		w.cfg.Log.Error("file stays in its folder", "kind", w.cfg.Subject, "folder", w.cfg.Dir, "bytes", info.Size(), "error", err)
		return stays
	}
	if err := w.remove(path, info); err != nil {
		w.cfg.Log.Error("file was taken but cannot be removed; let refloop write to the folder", "kind", w.cfg.Subject, "folder", w.cfg.Dir, "error", cause(err))
		return remains
	}
	return finished
}

// errInUse is returned for a file that its writer still holds or that changed while it was read.
var errInUse = errors.New("folder: file is in use")

// read returns the bytes of a file that nobody has locked (HylaFAX holds a lock as long as a call lasts) and that is still the one
// that was seen. Links are not followed.
func read(path string, seen os.FileInfo) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, errInUse
	} // file systems without locks: size and time must do
	body := make([]byte, seen.Size())
	if _, err := io.ReadFull(f, body); errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return nil, errInUse
	} else if err != nil {
		return nil, err
	}
	after, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !same(seen, after) {
		return nil, errInUse
	}
	return body, nil
}

func same(a, b os.FileInfo) bool {
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

// remove deletes a file that was taken, unless another one has its name by now.
func remove(path string, taken os.FileInfo) error {
	now, err := os.Lstat(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if !same(taken, now) {
		return nil // a new file under the old name: the next scan takes it
	}
	return os.Remove(path)
}

// maxAsideName leaves room for a number before the name and for the extension of the reason, within the 255 bytes of most file systems.
const maxAsideName = 235

// aside moves a file to the subfolder "refused" and writes the reason beside it. A name that is too long loses its first part.
func (w *Watcher) aside(path string, info os.FileInfo, reason string) fate {
	dir := filepath.Join(w.cfg.Dir, RefusedDir)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		w.cfg.Log.Error("folder for refused files cannot be made", "folder", dir, "error", cause(err))
		return stays
	}
	name := filepath.Base(path)
	name = strings.TrimLeft(strings.ToValidUTF8(name[max(0, len(name)-maxAsideName):], "_"), ".")
	if name == "" {
		name = "file"
	}
	to := filepath.Join(dir, name)
	for n := 1; n < 1000; n++ {
		if _, err := os.Lstat(to); errors.Is(err, os.ErrNotExist) {
			break
		}
		to = filepath.Join(dir, strconv.Itoa(n)+"-"+name)
	}
	if err := os.Rename(path, to); err != nil && !errors.Is(err, os.ErrNotExist) {
		w.cfg.Log.Error("file cannot be set aside", "kind", w.cfg.Subject, "folder", w.cfg.Dir, "error", cause(err))
		return stays
	}
	if err := Write(dir, filepath.Base(to)+reasonSuffix, []byte(reason+"\n")); err != nil {
		w.cfg.Log.Error("reason of a refused file cannot be written", "folder", dir, "error", err)
	}
	w.cfg.Log.Warn("file set aside", "kind", w.cfg.Subject, "folder", dir, "bytes", info.Size(), "reason", reason)
	return finished
}
