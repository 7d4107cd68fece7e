package config

import (
	"cmp"
	"os"
	"path/filepath"
)

// SocketOf is where the daemon of a configuration listens for this machine: REFLOOP_SOCKET, else the key socket of the file. It reads nothing else, so
// that people who may speak with the daemon need not be able to read its keys; with the variable not even the file.
func SocketOf(path string) (string, error) {
	if s := os.Getenv("REFLOOP_SOCKET"); s != "" {
		return s, nil
	}
	l := loader{set: &set{}, p: &Problems{}, cfg: &Config{}}
	root, ok := l.open(path, Position{})
	if !ok {
		return "", l.p.Err()
	}
	name, _ := root.Field("socket").Scalar()
	name = cmp.Or(name, defaultSocket)
	if !filepath.IsAbs(name) {
		name = filepath.Join(filepath.Dir(path), name)
	}
	return name, nil
}

// defaultSocket is the default of the key socket.
const defaultSocket = "var/refloop.sock"
