package console

import (
	"net"
	"syscall"
)

// peerKnown: the kernel says who is at the other end of a socket.
const peerKnown = true

// actorOf asks the kernel who is at the other end of the socket.
func actorOf(c net.Conn) string {
	u, ok := c.(*net.UnixConn)
	if !ok {
		return "user:unknown"
	}
	raw, err := u.SyscallConn()
	if err != nil {
		return "user:unknown"
	}
	name := "user:unknown"
	if err := raw.Control(func(fd uintptr) {
		if cred, err := syscall.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED); err == nil {
			name = userName(cred.Uid)
		}
	}); err != nil {
		return "user:unknown"
	}
	return name
}
