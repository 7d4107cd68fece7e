package store

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// ErrInUse is returned by Open when another process (or another Store) writes to the database.
var ErrInUse = errors.New("store: the database is in use by another refloop; stop it, or use its socket")

// pathOf returns the file of a store URL (sqlite:PATH).
func pathOf(u string) (string, error) {
	path, ok := strings.CutPrefix(u, "sqlite:")
	if !ok || path == "" {
		scheme, _, _ := strings.Cut(u, ":")
		return "", fmt.Errorf("store: url: got scheme %q, want sqlite:PATH", scheme)
	}
	return filepath.Clean(path), nil
}

// dsn is the driver's name of path with settings; a PRAGMA through a pool would reach one connection only.
func dsn(path string, settings ...string) string {
	u := url.URL{Path: filepath.ToSlash(path)}
	return "file:" + u.EscapedPath() + "?" + strings.Join(settings, "&")
}

func writerDSN(path string) string {
	return dsn(path, "_txlock=immediate", "_journal_mode=WAL", "_synchronous=FULL", "_busy_timeout=5000", "_foreign_keys=1", "_cache_size=-65536")
}

func readerDSN(path string) string {
	return dsn(path, "mode=ro", "_query_only=1", "_busy_timeout=5000", "_foreign_keys=1", "_cache_size=-8192", "_stmt_cache_size=64")
}

// touch makes the file and its folder for their owner only, if the file is missing. It never opens a database that exists: closing
// any descriptor of it would drop SQLite's own locks in this process.
func touch(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("store: making the folder of the database: %w", err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("store: making the database file: %w", err)
	}
	return f.Close()
}

// lockFile takes the lock beside the database. The system drops it when the process ends, however it ends.
func lockFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("store: lock file: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, ErrInUse
		}
		return nil, fmt.Errorf("store: lock file: %w", err)
	}
	return f, nil
}

// walBytes is the size of the write-ahead log; 0 when there is none. It asks the folder and does not open the file.
func walBytes(path string) int64 {
	info, err := os.Stat(path + "-wal")
	if err != nil {
		return 0
	}
	return info.Size()
}
