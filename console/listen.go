package console

import (
	"net"
	"os"
	"path/filepath"
)

// listenPrivate makes a socket that nobody else can reach at any moment: it is made in a folder of mode 0700 under another name, given
// mode 0600, or 0660 and the group gid when that is not negative, then moved to its place.
func listenPrivate(path string, gid int) (net.Listener, error) {
	dir, err := os.MkdirTemp(filepath.Dir(path), ".sock")
	if err != nil {
		return nil, err
	}
	temp := filepath.Join(dir, "s")
	ln, err := net.ListenUnix("unix", &net.UnixAddr{Name: temp, Net: "unix"})
	if err != nil {
		return nil, err
	}
	ln.SetUnlinkOnClose(false)
	mode := os.FileMode(0o600)
	if gid >= 0 {
		mode = 0o660
		if err := os.Chown(temp, -1, gid); err != nil {
			return nil, err
		}
	}
	if err := os.Chmod(temp, mode); err != nil {
		return nil, err
	}
	if err := os.Rename(temp, path); err != nil {
		return nil, err
	}
	return &removing{UnixListener: ln, path: path}, os.Remove(dir)
}

// removing takes the socket's file away when it is closed.
type removing struct {
	*net.UnixListener
	path string
}

// Close implements net.Listener.
func (r *removing) Close() error {
	err := r.UnixListener.Close()
	if rerr := os.Remove(r.path); err == nil && !os.IsNotExist(rerr) {
		err = rerr
	}
	return err
}
