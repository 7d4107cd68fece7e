package folder

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Write puts a file into a folder so that it is there whole or not at all, also after a power cut: written under a temporary name,
// synced, renamed, the folder synced. A file of that name is replaced. Mode 0600. Errors do not hold the name.
func Write(dir, name string, body []byte) error {
	if name == "" || name != filepath.Base(name) || name == "." || name == ".." {
		return errors.New("folder: file name: got one with a path, want a plain name")
	}
	f, err := os.CreateTemp(dir, ".refloop-*.tmp")
	if err != nil {
		return fmt.Errorf("folder: %s: %w", dir, cause(err))
	}
	temp := f.Name()
	_, err = f.Write(body)
	if err == nil {
		err = f.Sync()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(temp, filepath.Join(dir, name))
	}
	if err != nil {
		_ = os.Remove(temp) // what matters is the first error
		return fmt.Errorf("folder: %s: %w", dir, cause(err))
	}
	return syncDir(dir)
}

// cause drops the file name that errors of package os quote.
func cause(err error) error {
	if inner := errors.Unwrap(err); inner != nil {
		return inner
	}
	return err
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("folder: %w", err)
	}
	defer d.Close()
	if err := d.Sync(); err != nil {
		return fmt.Errorf("folder: %s: %w", dir, cause(err))
	}
	return nil
}
