package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const minimal = "organization: {name: Northside, oid: 1.2.3}\nstore: {seal_key: secret}\n"

func TestLoadMinimal(t *testing.T) {
	dir := t.TempDir()
	cfg, p := Load(write(t, dir, "refloop.yaml", minimal+"partners: [{id: a}]\n"))
	if err := p.Err(); err != nil {
		t.Fatal(err)
	}
	if cfg.Store.URL != "sqlite:"+filepath.Join(dir, "var/refloop.db") || cfg.Socket != Path(filepath.Join(dir, "var/refloop.sock")) ||
		cfg.Limits.Memory != 256<<20 || cfg.Limits.Message != 64<<20 || cfg.Console.Listen != "127.0.0.1:8080" || cfg.Direct.Present() || cfg.Partners[0].Name != "a" {
		t.Errorf("got %+v", cfg)
	}
	if _, ok := cfg.Partner("a"); !ok {
		t.Error("no partner a")
	}
	if _, ok := cfg.Channel("a"); ok {
		t.Error("a channel nobody made")
	}
}

func TestLoadDemoMakesKeys(t *testing.T) {
	dir := t.TempDir()
	cfg, p := Load(write(t, dir, "refloop.yaml", "demo: true\norganization: {name: N, oid: 1.2}\nstore: {seal_key: {file: var/seal.key}}\n"))
	if err := p.Err(); err != nil {
		t.Fatal(err)
	}
	if cfg.Store.SealKey.Set() || cfg.Store.SealKey.File() != filepath.Join(dir, "var/seal.key") || !cfg.Node.Demo() {
		t.Errorf("got %v from %s", cfg.Store.SealKey, cfg.Store.SealKey.File())
	}
}

func TestLoadIncludes(t *testing.T) {
	dir := t.TempDir()
	path := write(t, dir, "refloop.yaml", minimal+"include: [channels.d/*.yaml, none.d/*.yaml]\nroutes: [{when: 'true', to: b}]\n")
	write(t, dir, "channels.d/b.yaml", "partners: [{id: b, rails: [{type: file, folder: out}]}]\nroutes: [{when: 'false', to: b}]\n")
	write(t, dir, "channels.d/a.yaml", "channels: [{name: a, type: file, partner: b, lookup: {x: ../x.csv}}, {name: c, type: file, lookup: {x: ../x.csv}}]\n")
	write(t, dir, "x.csv", "a,b\n")
	cfg, p := Load(path)
	if err := p.Err(); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range cfg.Files {
		names = append(names, filepath.Base(f.Name))
	}
	if got := strings.Join(names, " "); got != "refloop.yaml a.yaml b.yaml x.csv" {
		t.Errorf("got files %s", got)
	}
	if len(cfg.Routes) != 2 || string(cfg.Routes[0].When.Text) != "true" || string(cfg.Channels[1].Lookup[0].Bytes) != "a,b\n" {
		t.Errorf("got %+v", cfg)
	}
	var rail struct {
		Folder Path `yaml:"folder"`
	}
	cfg.Partners[0].Rails[0].Decode(&rail, p)
	if p.Err() != nil || rail.Folder != Path(filepath.Join(dir, "channels.d/out")) {
		t.Errorf("got %q, %v", rail.Folder, p.Err())
	}
}

// The hash names the bytes that decide: every file and table, nothing else.
func TestHash(t *testing.T) {
	dir := t.TempDir()
	path := write(t, dir, "refloop.yaml", minimal+"channels: [{name: a, type: file, lookup: {x: x.csv}}]\n")
	write(t, dir, "x.csv", "a,b\n")
	load := func() string {
		cfg, p := Load(path)
		if err := p.Err(); err != nil {
			t.Fatal(err)
		}
		return cfg.Hash
	}
	first := load()
	if again := load(); again != first || len(first) != 64 {
		t.Errorf("got %s then %s", first, again)
	}
	write(t, dir, "x.csv", "a,c\n")
	if load() == first {
		t.Error("another table, the same hash")
	}
	write(t, dir, "x.csv", "a,b\n")
	if load() != first {
		t.Error("the same bytes, another hash")
	}
}

func TestLoadLimits(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"got more than 1048576 bytes":       strings.Repeat("# filler\n", 10<<20/9),
		"got more than 200000 values":       "a: [" + strings.Repeat("1,", 300_000) + "]",
		"got lists and mappings more than":  strings.Repeat("[", 100) + strings.Repeat("]", 100),
		"that is no YAML (exceeded max dep": strings.Repeat("[", 500_000),
	} {
		_, p := Load(write(t, dir, "refloop.yaml", text))
		if !strings.Contains(p.Error(), name) || p.Len() != 1 {
			t.Errorf("got %s, want %q alone", p.Error(), name)
		}
	}
	_, p := Load(filepath.Join(dir, "nowhere.yaml"))
	if !strings.HasSuffix(p.Error(), "nowhere.yaml: got no readable file (no such file or directory), want one; do name one with --config FILE or make one with refloop init") {
		t.Errorf("got %s", p.Error())
	}
	var list strings.Builder
	for i := range MaxFiles + 5 {
		name := filepath.Join("many", "p"+strings.Repeat("x", i%7)+string(rune('a'+i%26))+strings.Repeat("y", i/26)+".yaml")
		write(t, dir, name, "partners: []\n")
		list.WriteString(name)
	}
	_, p = Load(write(t, dir, "refloop.yaml", minimal+"include: [many/*.yaml]\n"))
	if !strings.Contains(p.Error(), "got more than 1000 files, want fewer") {
		t.Errorf("got %s", p.Error())
	}
}

func TestDaemonSettings(t *testing.T) {
	cfg, p := Load(write(t, t.TempDir(), "refloop.yaml", minimal))
	t.Setenv("REFLOOP_STORE_URL", "sqlite:env.db")
	t.Setenv("REFLOOP_CONSOLE_LISTEN", "")
	t.Setenv("REFLOOP_LOG_LEVEL", "warn")
	t.Setenv("REFLOOP_SOCKET", "env.sock")
	got := cfg.Daemon([]Flag{{"socket", "flag.sock", true}, {"log-level", "debug", false}, {"store-url", "", false}}, p)
	want := Daemon{Socket: "flag.sock", StoreURL: "sqlite:env.db", Console: "", LogLevel: "warn", LogFormat: "text"}
	if got != want || p.Err() != nil {
		t.Errorf("got %+v, %v, want %+v", got, p.Err(), want)
	}
	t.Setenv("REFLOOP_STORE_URL", "mysql:x")
	t.Setenv("REFLOOP_LOG_LEVEL", "wran")
	t.Setenv("REFLOOP_CONSOLE_LISTEN", "8080")
	t.Setenv("REFLOOP_SOCKET", "")
	t.Setenv("REFLOOP_LOG_FORMAT", "xml")
	cfg.Daemon(nil, p)
	for _, want := range []string{
		`--store-url or REFLOOP_STORE_URL: store-url: got "mysql:x", want a database such as sqlite:var/refloop.db`,
		`log-level: got "wran", want one of debug, info, warn, error; did you mean "warn"?`,
		`console-listen: got "8080", want an address such as 127.0.0.1:8080`, `socket: got "", want a path`, `log-format: got "xml", want one of text, json`,
	} {
		if !strings.Contains(p.Error(), want) {
			t.Errorf("got\n%s\nwant %s", p.Error(), want)
		}
	}
}

// Whatever stands in a file, Load ends without a panic, and a mistake has a place in the file.
func FuzzLoad(f *testing.F) {
	seeds, err := filepath.Glob("../testdata/bad_config/*.yaml")
	if err != nil || len(seeds) == 0 {
		f.Fatalf("got no seeds in testdata/bad_config (%v)", err)
	}
	for _, path := range append(seeds, "../examples/refloop.yaml") {
		b, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, b []byte) {
		if strings.Contains(string(b), "file") || strings.Contains(string(b), "include") || strings.Contains(string(b), "lookup") {
			return // no paths of a fuzzer's making
		}
		s, p := &set{}, &Problems{}
		root := s.parse(filepath.Join(dir, "x.yaml"), b, p)
		l := loader{set: s, p: p, cfg: &Config{}}
		root.Decode(l.cfg, "", p)
		l.check()
		for _, ch := range l.cfg.Channels {
			var own railOwn
			ch.Decode(&own, p)
			places(t, ch.When)
			for _, s := range ch.Set {
				places(t, s.Expr)
			}
		}
		for _, problem := range p.All() {
			if problem.Line < 1 || problem.Col < 1 || problem.Text == "" {
				t.Fatalf("got %v, want a place and a text", problem)
			}
		}
	})
}

func places(t *testing.T, e Expr) {
	t.Helper()
	for i := -1; i <= len([]rune(e.Text))+1; i++ {
		if at := e.At(i); e.Text != "" && (at.Line < 1 || at.Col < 1 || at.Line < e.Node.Position().Line) {
			t.Fatalf("character %d of %q: got %v", i, e.Text, at)
		}
	}
}
