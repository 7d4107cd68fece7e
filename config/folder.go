package config

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Folder is a folder of YAML files that belong to the configuration: rules, templates. Load reads every *.yaml file in it, in the order
// of their names, and they count in Config.Hash. Whoever owns the key parses them. The zero value is no folder.
type Folder struct {
	Path  string // as Resolve gave it
	Node  Node   // the path in the file, for messages
	Files []File
}

// DecodeNode reads the path.
func (f *Folder) DecodeNode(n Node, p *Problems) {
	text, ok := n.Scalar()
	if !ok || text == "" {
		p.Add(n, "got %s, want a folder", n.kind())
		return
	}
	f.Path, f.Node = n.Resolve(text), n
}

// folders reads the files of every folder that channels name; a folder that two of them name is read once.
func (l *loader) folders() {
	loaded := map[string][]File{}
	for i := range l.cfg.Channels {
		c := &l.cfg.Channels[i]
		for _, f := range []*Folder{&c.Words, &c.Templates} {
			if f.Path == "" {
				continue
			}
			files, ok := loaded[f.Path]
			if !ok {
				files = l.folder(*f)
				loaded[f.Path] = files
			}
			f.Files = files
		}
	}
}

func (l *loader) folder(f Folder) []File {
	entries, err := os.ReadDir(f.Path)
	if err != nil {
		l.p.Add(f.Node, "got no readable folder (%s), want one: %s", reason(err), clip(f.Path))
		return nil
	}
	var out []File
	for _, e := range entries { // sorted by name
		if e.IsDir() || strings.HasPrefix(e.Name(), ".") || !slices.Contains([]string{".yaml", ".yml"}, filepath.Ext(e.Name())) {
			continue
		}
		path := filepath.Join(f.Path, e.Name())
		b, err := l.set.read(path, MaxFileBytes)
		if err != nil {
			l.p.Add(f.Node, "%v: %s", err, clip(path))
			continue
		}
		out = append(out, File{Name: path, Bytes: b})
	}
	return out
}
