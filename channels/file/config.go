// Package file is the rail for plain folders: other programs leave files for us in one, and we leave the files of a referral in another,
// for a chart import or an archive.
//
// Incoming files are archived as they are; Open says by their first bytes what they are. A file of several HL7 v2 messages (a batch, MLLP
// frames) is taken apart, each with its own answer. Left out: subfolders, archives, and files that
// belong together.
package file

import "refloop/config"

// Config is a channel of type file. Its zero value is not usable: [DecodeChannel] fills the defaults.
type Config struct {
	Folder  config.Path     `yaml:"folder" required:"true" want:"a folder" doc:"where files arrive: HL7 v2, C-CDA, PDF, TIFF, text; taken files are removed after they are archived"`
	Answers config.Path     `yaml:"answers" want:"a folder" doc:"where the acknowledgements of HL7 v2 files are put, as NAME.ack; absent: none are written"`
	Scan    config.Duration `yaml:"scan" default:"5s" min:"10ms" max:"1h" doc:"how often the folder is looked at when the system reports no change"`
	Settle  config.Duration `yaml:"settle" default:"2s" min:"10ms" max:"1h" doc:"a file is complete when it has not changed for so long and nobody has locked it"`
}

// RailConfig is a rail of type file: where a partner's files go. Its zero value is not usable: [DecodeRail] fills the defaults.
type RailConfig struct {
	Folder     config.Path `yaml:"folder" required:"true" want:"a folder" doc:"where the files of a referral are put, named by its ID"`
	Body       []string    `yaml:"body" want:"a list of cda, pdf and json" doc:"what is written; absent: all of them"`
	Processing string      `yaml:"processing" enum:"P|T|D" default:"P" doc:"only T and D rails are told of test referrals"`
	Node       config.Node `yaml:"."`
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
	for i, word := range cfg.Body {
		if word == "cda" || word == "pdf" || word == "json" {
			continue
		}
		at := cfg.Node.Field("body")
		if items := at.Items(); i < len(items) {
			at = items[i]
		}
		p.Add(at, "got %q, want cda, pdf or json", word)
	}
	return cfg
}
