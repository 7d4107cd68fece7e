package console_test

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"refloop/console"
)

// ownGroup is a group that this test may give files to.
func ownGroup() string { return strconv.Itoa(os.Getgid()) }

func TestSocketOfAGroup(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	path := filepath.Join(dir, "s")
	l, err := console.OpenLocal(path, ownGroup(), &fake{}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]fs.FileMode{path: 0o660, dir: 0o750} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want || int(info.Sys().(*syscall.Stat_t).Gid) != os.Getgid() {
			t.Errorf("%s: got mode %04o, want %04o and the group", filepath.Base(name), got, want)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := console.OpenLocal(path, ownGroup(), &fake{}, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "keeps group") {
		t.Errorf("folder of mode 0700: got %v, want it refused", err)
	}
	if _, err := console.OpenLocal(path, "no such group", &fake{}, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "socket_group") {
		t.Errorf("unknown group: got %v", err)
	}
}

// as does f as another user. The thread is not used again: it ends with the goroutine.
func as(uid, gid int, groups []uint32, f func() error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		var first unsafe.Pointer
		if len(groups) > 0 {
			first = unsafe.Pointer(&groups[0])
		}
		for _, call := range [][4]uintptr{
			{syscall.SYS_SETGROUPS, uintptr(len(groups)), uintptr(first), 0},
			{syscall.SYS_SETRESGID, uintptr(gid), uintptr(gid), uintptr(gid)},
			{syscall.SYS_SETRESUID, uintptr(uid), uintptr(uid), uintptr(uid)},
		} {
			if _, _, no := syscall.RawSyscall(call[0], call[1], call[2], call[3]); no != 0 {
				done <- no
				return
			}
		}
		done <- f()
	}()
	return <-done
}

// TestTwoPeopleOfAGroup: two users of the group are two people for the daemon; a third who is not of it is kept out.
func TestTwoPeopleOfAGroup(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can be several users; run this test as root")
	}
	const group = 60123
	dir := t.TempDir()
	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	f := &fake{}
	path := filepath.Join(dir, "s")
	l, err := console.OpenLocal(path, strconv.Itoa(group), f, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	speak := func() error {
		c, err := net.Dial("unix", path)
		if err != nil {
			return err
		}
		defer c.Close()
		fmt.Fprint(c, "POST /v1/deliveries/D1/resend HTTP/1.1\r\nHost: refloop\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
		resp, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			return err
		}
		return resp.Body.Close()
	}
	for _, uid := range []int{60001, 60002} {
		if err := as(uid, uid, []uint32{group}, speak); err != nil {
			t.Fatal(err)
		}
	}
	if want := []string{"user:60001", "user:60002"}; !slices.Equal(f.actors, want) {
		t.Errorf("got %q, want %q", f.actors, want)
	}
	if err := as(60003, 60003, nil, speak); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("not of the group: got %v, want it kept out", err)
	}
}
