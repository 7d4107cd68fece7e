// Package fax is the rail for faxes that come and go through folders: a fax server, a gateway or a scanner puts files into an
// inbox folder; what leaves is put into an outbox folder as TIFF-F with a job file, and the gateway answers with a status file.
//
// Incoming files are archived first and read afterwards: Prepare has every page read (OCR in child processes), Open finds the fields in
// what was read and is pure. Left out: modems and the protocols of fax servers.
package fax

import (
	"strings"

	"refloop/config"
)

// Config is a channel of type fax. Its zero value is not usable: [DecodeChannel] fills the defaults.
type Config struct {
	Folder config.Path     `yaml:"folder" required:"true" want:"a folder" doc:"where faxes arrive: TIFF, PDF, PNG or JPEG; taken files are removed after they are archived"`
	Scan   config.Duration `yaml:"scan" default:"5s" min:"10ms" max:"1h" doc:"how often the folder is looked at when the system reports no change"`
	Settle config.Duration `yaml:"settle" default:"2s" min:"10ms" max:"1h" doc:"a file is complete when it has not changed for so long and nobody has locked it"`
	Pages  int             `yaml:"max_pages" default:"500" min:"1" max:"5000" doc:"pages of one fax; longer ones are for a person"`
}

// RailConfig is a rail of type fax: how a partner is reached. Its zero value is not usable: [DecodeRail] fills the defaults.
type RailConfig struct {
	Folder   config.Path     `yaml:"folder" required:"true" want:"a folder" doc:"outbox that the fax gateway empties: <delivery>.tif with <delivery>.json; it answers with <delivery>.status.json"`
	Verified config.Date     `yaml:"verified" want:"a day such as 2026-11-01" doc:"day on which somebody made sure that the number is this partner's; without it no patient page is sent"`
	Scan     config.Duration `yaml:"scan" default:"5s" min:"10ms" max:"1h" doc:"how often the folder is looked at for status files when the system reports no change"`
	Settle   config.Duration `yaml:"settle" default:"1s" min:"10ms" max:"1h" doc:"a status file is complete when it has not changed for so long"`
	Pages    int             `yaml:"max_pages" default:"60" min:"2" max:"500" doc:"pages of one fax; longer ones take the partner's next rail"`
	Node     config.Node     `yaml:"."`
}

// DecodeChannel reads and checks the keys of a channel of this type; every mistake goes to p.
func DecodeChannel(c config.Channel, p *config.Problems) Config {
	var cfg Config
	c.Decode(&cfg, p)
	return cfg
}

// DecodeRail reads and checks the keys of a rail of this type; every mistake goes to p.
func DecodeRail(r config.Rail, p *config.Problems) RailConfig {
	var cfg RailConfig
	r.Decode(&cfg, p)
	if digits := digitsOf(r.Address); len(digits) < 7 || len(digits) > 15 {
		p.Add(r.Node.Field("address"), "got %q, want a fax number such as +15550100", r.Address)
	}
	return cfg
}

// digitsOf keeps the digits of a number written in any way; letters make it no number.
func digitsOf(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			b.WriteRune(r)
		case strings.ContainsRune("+-. ()/", r):
		default:
			return ""
		}
	}
	return b.String()
}
