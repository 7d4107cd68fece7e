package config

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the .want files")

// railOwn stands for a rail: it has keys of its own, one of them of a later release.
type railOwn struct {
	Listen string   `yaml:"listen"`
	Folder Path     `yaml:"folder"`
	Allow  []string `yaml:"allow"`
	_      struct{} `yaml:"batch_ack" later:"batches"`
}

// Every message that a wrong file can cause: testdata/bad_config/<case>.yaml and what refloop check says about it.
func TestBadConfig(t *testing.T) {
	t.Chdir("../testdata/bad_config")
	t.Setenv("REFLOOP_TEST_SIZE", "huge")
	cases, err := filepath.Glob("*.yaml")
	if err != nil || len(cases) < 40 {
		t.Fatalf("got %d cases in testdata/bad_config (%v), want at least 40", len(cases), err)
	}
	for _, path := range cases {
		t.Run(strings.TrimSuffix(path, ".yaml"), func(t *testing.T) {
			cfg, p := Load(path)
			for _, ch := range cfg.Channels {
				var own railOwn
				ch.Decode(&own, p)
			}
			if p.Err() == nil {
				t.Fatal("got no mistake, want some")
			}
			got := p.Error() + "\n"
			want := strings.TrimSuffix(path, ".yaml") + ".want"
			if *update {
				if err := os.WriteFile(want, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			b, err := os.ReadFile(want)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(b), got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
