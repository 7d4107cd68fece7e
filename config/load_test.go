package config

import (
	"os"
	"path/filepath"
	"testing"
)

// write makes a file in a folder of the test and returns its path.
func write(t testing.TB, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLoadFindsEveryMistakeAtOnce(t *testing.T) {
	dir := t.TempDir()
	path := write(t, dir, "refloop.yaml", `
demo: true
organization: {name: Northside, oid: 1.2.3}
store: {seal_key: {file: var/seal.key}}
chanels: []
channels:
  - name: ehr
    type: mllp
    lisen: 1
    retention: lots
    set: {specialty: 'lookup("specialty", msg("OBR-4.1"))', specialty: x}
  - {name: other, type: mlp}
`)
	cfg, p := Load(path)
	t.Log("\n" + p.Error())
	var own struct {
		Listen string `yaml:"listen" required:"true"`
	}
	cfg.Channels[0].Decode(&own, p)
	t.Log("\n" + p.Error())
	t.Logf("%+v", cfg.Channels[0].Set)
}
