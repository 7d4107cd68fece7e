package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"time"

	"github.com/spf13/cobra"

	"refloop/config"
	"refloop/console"
	"refloop/store"
)

// askQuery answers a question by the daemon, or from the store of a stopped one.
func askQuery(cmd *cobra.Command, q console.Query, w io.Writer) error {
	client, err := dialDaemon(cmd)
	if err == nil {
		defer client.Close()
		return client.Query(cmd.Context(), q, w)
	}
	if !errors.Is(err, console.ErrNoDaemon) {
		return err
	}
	cfg, settings, err := settingsOf(cmd)
	if err != nil {
		return err
	}
	r, closeStore, err := openStopped(cmd.Context(), cfg, settings)
	if err != nil {
		return err
	}
	if action, object, ok := q.Sensitive(); ok {
		if err := auditStopped(cmd.Context(), cfg, settings, action, object); err != nil {
			fmt.Fprintf(cmd.ErrOrStderr(), "not in the audit chain: %v\n", err) // a copy on a read-only disk may still be read
		}
	}
	return errors.Join(q.Answer(cmd.Context(), r, w), closeStore())
}

// dialDaemon reaches the running daemon; there is no other way for acts. It reads the name of the socket alone: keys are the daemon's.
func dialDaemon(cmd *cobra.Command) (*console.Client, error) {
	socket, err := config.SocketOf(configPath(cmd))
	if err != nil {
		return nil, err
	}
	return console.Dial(socket)
}

// settingsOf loads the configuration for its socket and store; its rails are not looked at.
func settingsOf(cmd *cobra.Command) (*config.Config, config.Daemon, error) {
	cfg, problems := config.Load(configPath(cmd))
	if cfg == nil {
		return nil, config.Daemon{}, problems.Err()
	}
	if unreadable(configPath(cmd)) {
		return nil, config.Daemon{}, problems.Err() // what is missing in a file that is not there is no second mistake
	}
	settings := cfg.Daemon(nil, problems)
	return cfg, settings, problems.Err()
}

// unreadable reports whether there is no file to read.
func unreadable(path string) bool {
	_, err := os.Stat(path)
	return err != nil
}

// openStopped opens the store of a stopped daemon for reading.
func openStopped(ctx context.Context, cfg *config.Config, s config.Daemon) (console.Reader, func() error, error) {
	key, err := sealKey(cfg.Store.SealKey.Reveal())
	if err != nil {
		return nil, nil, err
	}
	st, err := store.OpenReadOnly(ctx, store.Config{URL: s.StoreURL, SealKey: key, Org: cfg.Organization.OID}, slog.New(slog.DiscardHandler))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("no database yet (%s): start refloop serve", s.StoreURL)
	}
	if err != nil {
		return nil, nil, err
	}
	return reader{st}, st.Close, nil
}

// listFlags are those of every listing.
func listFlags(c *cobra.Command) {
	c.Flags().Bool("json", false, "one JSON object a line, stable keys")
	c.Flags().Int("limit", 0, "at most `N` rows, 1 to 100000 (default 100)")
	c.Flags().String("since", "", "since `T`: RFC 3339, YYYY-MM-DD, or a duration such as 24h")
	c.Flags().String("state", "", "only this `state`")
}

// filterFlags reads the flags of listFlags.
func filterFlags(c *cobra.Command) (limit int, since time.Time, state string, err error) {
	f := c.Flags()
	text, err := f.GetString("since")
	if err != nil {
		return 0, since, "", err
	}
	if since, err = parseSince(text, time.Now()); err != nil {
		return 0, since, "", err
	}
	if limit, err = limitFlag(c); err != nil {
		return 0, since, "", err
	}
	state, err = f.GetString("state")
	return limit, since, state, err
}

// parseSince reads a time, a day, or a duration back from now.
func parseSince(s string, now time.Time) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339Nano, time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, nil
		}
	}
	d, err := config.ParseDuration(s)
	if err != nil {
		return time.Time{}, usageError{fmt.Errorf("--since: got %q, want a time such as 2026-11-23T08:00:00Z, a day, or a duration such as 24h", s)}
	}
	return now.Add(-d.D()), nil
}

// text reads a key of a row as text.
func text(row map[string]any, key string) string {
	switch v := row[key].(type) {
	case string:
		return v
	case float64:
		return fmt.Sprintf("%v", v)
	case nil:
		return ""
	default:
		return fmt.Sprint(v)
	}
}

// at reads a nested object.
func at(row map[string]any, key string) map[string]any {
	m, _ := row[key].(map[string]any)
	return m
}

// clock shortens a time for tables.
func clock(s string) string {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return s
	}
	return t.UTC().Format("2006-01-02 15:04:05")
}
