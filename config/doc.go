// Package config reads the YAML configuration: strict, typed, and with the line and column of every mistake.
//
// It knows the keys that belong to the house as a whole (organization, store, limits, channels' common keys, partners, routes,
// console). What belongs to one rail stays a Node, which the rail decodes into its own struct with the same strictness:
//
//	cfg, problems := config.Load("refloop.yaml")
//	for _, ch := range cfg.Channels {
//		var own mllp.Config
//		ch.Decode(&own, problems)
//	}
//	if err := problems.Err(); err != nil { ... } // every mistake of all files at once, in file order
//
// The syntax is YAML 1.2 as go.yaml.in/yaml/v4 parses it; decoding is ours. Left out on purpose: merge keys, custom tags and several
// documents in one file. Durations are written 30s, 1h30m or 400d, sizes 8MiB. Any scalar may be {env: NAME} or {file: path}.
package config
