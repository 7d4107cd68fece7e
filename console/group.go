package console

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// socketFolder makes the folder of the socket when it is missing and gives the number of the group, -1 for none. Members of the group must be able to
// pass through the folder: one that is there is not changed, it may hold more than the socket.
func socketFolder(dir, group string) (gid int, err error) {
	if group == "" {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return -1, fmt.Errorf("console: socket folder: %w", err)
		}
		return -1, nil
	}
	if !peerKnown {
		return -1, errors.New("console: socket_group: got one on a system that does not say who uses a socket, want none")
	}
	if gid, err = groupID(group); err != nil {
		return -1, err
	}
	if _, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) {
		return gid, makeGroupFolder(dir, gid)
	}
	info, err := os.Stat(dir)
	if err != nil {
		return -1, fmt.Errorf("console: socket folder: %w", err)
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if pass := info.Mode()&0o001 != 0 || ok && int(owner.Gid) == gid && info.Mode()&0o010 != 0; !pass {
		return -1, fmt.Errorf("console: socket folder %s: got mode %04o that keeps group %s out, want a folder of its own for the socket (mode 0755, or 0750 and that group)", dir, info.Mode().Perm(), group)
	}
	return gid, nil
}

func makeGroupFolder(dir string, gid int) error {
	err := os.MkdirAll(dir, 0o700)
	if err == nil {
		err = os.Chown(dir, -1, gid)
	}
	if err == nil {
		err = os.Chmod(dir, 0o750)
	}
	if err != nil {
		return fmt.Errorf("console: socket folder: %w", err)
	}
	return nil
}

// groupID finds a group by its name or number.
func groupID(group string) (int, error) {
	if g, err := user.LookupGroup(group); err == nil {
		group = g.Gid
	}
	gid, err := strconv.Atoi(group)
	if err != nil || gid < 0 {
		return -1, fmt.Errorf("console: socket_group: got %q that is no group of this machine, want one (groupadd)", group)
	}
	return gid, nil
}
