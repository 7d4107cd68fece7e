package config

import "testing"

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
