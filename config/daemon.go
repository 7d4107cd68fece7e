package config

import (
	"strings"

	"github.com/spf13/viper"
)

// Daemon is the scalar settings that flags and environment may lay over the file: flag, then REFLOOP_... variable, then file.
// Everything else comes from the file alone, because it is what is reviewed, hashed and kept with messages.
type Daemon struct {
	Socket    string // REFLOOP_SOCKET, flag socket
	StoreURL  string // REFLOOP_STORE_URL, flag store-url
	Console   string // REFLOOP_CONSOLE_LISTEN, flag console-listen; empty: no console
	LogLevel  string // REFLOOP_LOG_LEVEL, flag log-level: debug, info, warn, error; default info
	LogFormat string // REFLOOP_LOG_FORMAT, flag log-format: text or json; default text
}

// Flag is one flag of the command line. pflag.Flag gives all of it.
type Flag struct {
	Name    string // socket, store-url, console-listen, log-level, log-format
	Value   string
	Changed bool // stood on the command line
}

// flagValue shows a Flag to viper, which wants an interface of its own.
type flagValue struct{ Flag }

func (f flagValue) HasChanged() bool    { return f.Changed }
func (f flagValue) Name() string        { return f.Flag.Name }
func (f flagValue) ValueString() string { return f.Value }
func (f flagValue) ValueType() string   { return "string" }

// Daemon overlays flags and environment on the settings of the file. Paths from flags and environment are relative to the working
// directory. What cannot be is recorded in p with the flag or variable as its place.
func (c *Config) Daemon(flags []Flag, p *Problems) Daemon {
	settings := []struct{ key, file string }{
		{"socket", string(c.Socket)},
		{"store-url", c.Store.URL},
		{"console-listen", c.Console.Listen},
		{"log-level", "info"},
		{"log-format", "text"},
	}
	v := viper.New()
	v.SetEnvPrefix("REFLOOP")
	v.SetEnvKeyReplacer(strings.NewReplacer("-", "_"))
	v.AllowEmptyEnv(true)
	for _, s := range settings {
		v.SetDefault(s.key, s.file)
		if err := v.BindEnv(s.key); err != nil {
			p.AddAt(Position{}, s.key, "got %v, want a setting", err)
		}
	}
	for _, f := range flags {
		if err := v.BindFlagValue(f.Name, flagValue{f}); err != nil {
			p.AddAt(Position{}, f.Name, "got %v, want a setting", err)
		}
	}
	d := Daemon{Socket: v.GetString("socket"), StoreURL: v.GetString("store-url"), Console: v.GetString("console-listen"),
		LogLevel: v.GetString("log-level"), LogFormat: v.GetString("log-format")}
	if c.Node.Present() || p.Len() == 0 { // else nothing could be read, and an empty setting is nobody's mistake
		d.check(p)
	}
	return d
}

func (d Daemon) check(p *Problems) {
	bad := func(key, got, want string) {
		env := "REFLOOP_" + strings.ToUpper(strings.ReplaceAll(key, "-", "_"))
		p.AddAt(Position{File: "--" + key + " or " + env}, key, "got %q, want %s", clip(got), want)
	}
	if path, ok := strings.CutPrefix(d.StoreURL, "sqlite:"); !ok || path == "" {
		bad("store-url", d.StoreURL, "a database such as sqlite:var/refloop.db")
	}
	if d.Console != "" && !isListen(d.Console) {
		bad("console-listen", d.Console, "an address such as 127.0.0.1:8080")
	}
	if d.Socket == "" {
		bad("socket", d.Socket, "a path")
	}
	oneOf := func(key, got string, names ...string) {
		for _, n := range names {
			if n == got {
				return
			}
		}
		bad(key, got, "one of "+strings.Join(names, ", ")+suggestion(got, names))
	}
	oneOf("log-level", d.LogLevel, "debug", "info", "warn", "error")
	oneOf("log-format", d.LogFormat, "text", "json")
}
