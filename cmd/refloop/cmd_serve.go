package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"refloop/config"
)

// daemonFlags are laid over the configuration file.
func daemonFlags(f *pflag.FlagSet) {
	f.String("socket", "", "local API socket (REFLOOP_SOCKET)")
	f.String("store-url", "", "database (REFLOOP_STORE_URL)")
	f.String("console-listen", "", "address of health and metrics (REFLOOP_CONSOLE_LISTEN)")
	f.String("log-level", "", "debug, info, warn or error (REFLOOP_LOG_LEVEL)")
	f.String("log-format", "", "text or json (REFLOOP_LOG_FORMAT)")
}

// flagsOf reads the daemon flags of a command; commands without them give none.
func flagsOf(c *cobra.Command) []config.Flag {
	var out []config.Flag
	for _, name := range []string{"socket", "store-url", "console-listen", "log-level", "log-format"} {
		if f := c.Flags().Lookup(name); f != nil {
			out = append(out, config.Flag{Name: name, Value: f.Value.String(), Changed: f.Changed})
		}
	}
	return out
}

func serveCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "serve", Short: "run the daemon until it is told to stop (SIGTERM); SIGHUP reads the configuration again", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return serve(cmd.Context(), configPath(cmd), flagsOf(cmd), cmd.ErrOrStderr())
		},
	}
	daemonFlags(c.Flags())
	return c
}

// serve runs one daemon; `ready` goes to stderr when all listeners are open.
func serve(ctx context.Context, path string, flags []config.Flag, stderr io.Writer) error {
	_, settings, _, err := readPlan(path, flags)
	if err != nil {
		return err
	}
	log := newLog(settings, stderr)
	d, err := open(ctx, path, flags, log)
	if err != nil {
		return err
	}
	hup := make(chan os.Signal, 1)
	signal.Notify(hup, syscall.SIGHUP)
	defer signal.Stop(hup)
	go func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-hup:
				if err := d.reload(); err != nil {
					fmt.Fprintln(stderr, err)
				}
			}
		}
	}()
	return d.run(ctx, func() { fmt.Fprintln(stderr, "ready") })
}

// newLog makes the daemon's log. Bodies of messages are never logged, at no level; trouble that repeats itself is said a few times a minute.
func newLog(s config.Daemon, w io.Writer) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(s.LogLevel)); err != nil {
		level = slog.LevelInfo
	}
	opts := &slog.HandlerOptions{Level: level}
	if s.LogFormat == "json" {
		return slog.New(limitLog(slog.NewJSONHandler(w, opts), time.Now))
	}
	return slog.New(limitLog(slog.NewTextHandler(w, opts), time.Now))
}

func checkCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "check [FILE]", Short: "check a configuration without opening a port: every mistake at once, exit 2", Args: cobra.MaximumNArgs(1),
		Long: "check reads the configuration and all it names (included files, tables, certificates and keys, folders) as serve would, and opens no\n" +
			"port and makes nothing. Files that demo: true makes at the first start may be missing.",
		RunE: func(cmd *cobra.Command, args []string) error {
			path := configPath(cmd)
			if len(args) == 1 {
				path = args[0]
			}
			cfg, settings, pl, err := readPlan(path, flagsOf(cmd))
			problems, found := config.AsProblems(err)
			if err != nil && (!found || pl == nil) {
				return err
			}
			if problems == nil {
				problems = &config.Problems{}
			}
			checkMachine(pl, settings, problems)
			checkRooms(pl, problems)
			if err := problems.Err(); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s: ok (%d channels, %d partners, %d routes; hash %s)\n", path, len(cfg.Channels), len(cfg.Partners), len(cfg.Routes), cfg.Hash[:12])
			return nil
		},
	}
	daemonFlags(c.Flags())
	return c
}
