package config

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"path/filepath"
	"slices"
	"strings"
)

// Load reads a configuration and everything it includes. The result is never nil; it is of use only when the second one's Err is nil,
// but is filled as far as possible, so that rails and rules can add their mistakes to the same list. Load never panics; bytes,
// files, values and depth are bounded by the Max constants.
func Load(path string) (*Config, *Problems) {
	l := loader{set: &set{}, p: &Problems{}, cfg: &Config{}}
	root, ok := l.open(path, Position{})
	if !ok {
		return l.cfg, l.p
	}
	if demo, _ := root.Field("demo").Scalar(); demo == "true" {
		l.set.demo = true
	}
	root.Decode(l.cfg, "", l.p)
	for _, in := range root.Field("include").Items() {
		l.include(in)
	}
	l.tables()
	l.folders()
	l.check()
	l.cfg.Files = l.set.files
	l.cfg.Hash = hash(l.set.files)
	return l.cfg, l.p
}

type loader struct {
	set *set
	p   *Problems
	cfg *Config
}

// open reads and parses one file; at is where it is named, for the message when it cannot be read.
func (l *loader) open(path string, at Position) (Node, bool) {
	b, err := l.set.read(path, MaxFileBytes)
	if err != nil {
		if at.File == "" {
			l.p.AddAt(Position{File: path}, "", "%v; do name one with --config FILE or make one with refloop init", err)
		} else {
			l.p.AddAt(at, "include", "%v: %s", err, clip(path))
		}
		return Node{}, false
	}
	root := l.set.parse(path, b, l.p)
	return root, !root.src.broken
}

// part is what an included file may hold.
type part struct {
	Channels []Channel `yaml:"channels"`
	Partners []Partner `yaml:"partners"`
	Routes   []Route   `yaml:"routes"`
}

func (l *loader) include(n Node) {
	pattern, ok := n.Scalar()
	if !ok {
		return // Decode said so
	}
	paths, err := filepath.Glob(n.Resolve(pattern))
	if err != nil || len(paths) == 0 && !strings.ContainsAny(pattern, "*?[") {
		l.p.Add(n, "got %q, want a file that exists or a pattern such as channels.d/*.yaml", clip(pattern))
		return
	}
	slices.Sort(paths)
	for _, path := range paths {
		read := func(f File) bool { return filepath.Clean(f.Name) == filepath.Clean(path) }
		if slices.ContainsFunc(l.set.files, read) {
			l.p.Add(n, "got %q, which is read already, want each file once", clip(path))
			continue
		}
		root, ok := l.open(path, n.Position())
		if !ok {
			continue
		}
		var in part
		root.Decode(&in, "", l.p)
		c := l.cfg
		c.Channels = append(c.Channels, in.Channels...)
		c.Partners = append(c.Partners, in.Partners...)
		c.Routes = append(c.Routes, in.Routes...)
	}
}

func (l *loader) tables() {
	loaded := map[string][]byte{}
	for i := range l.cfg.Channels {
		for j := range l.cfg.Channels[i].Lookup {
			t := &l.cfg.Channels[i].Lookup[j]
			b, ok := loaded[t.Path]
			if !ok {
				var err error
				if b, err = l.set.read(t.Path, MaxTableBytes); err != nil {
					l.p.Add(t.Node, "%v: %s", err, clip(t.Path))
					continue
				}
				loaded[t.Path] = b
			}
			t.Bytes = b
		}
	}
}

// hash covers names too, so that moving a key from one file to another shows; lengths keep neighbours apart.
func hash(files []File) string {
	h := sha256.New()
	for _, f := range files {
		var n [8]byte
		for _, b := range [][]byte{[]byte(filepath.Base(f.Name)), f.Bytes} {
			binary.BigEndian.PutUint64(n[:], uint64(len(b)))
			h.Write(n[:])
			h.Write(b)
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}
