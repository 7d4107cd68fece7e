package main

import (
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"refloop/console"
	"refloop/store"
)

func auditCommand() *cobra.Command {
	verify := &cobra.Command{
		Use: "verify", Short: "check every hash chain; exit 1 names the first row that does not hold", Args: cobra.NoArgs,
		Long: "verify walks the chain of each node from its first row and compares its end with the sealed head. Keep a copy of the heads it\n" +
			"prints elsewhere: who has the seal key could write a new chain, but not one with the old heads.",
		Example: "  refloop audit verify --json >> /mnt/elsewhere/heads.jsonl",
		RunE: func(cmd *cobra.Command, _ []string) error {
			chains, err := rowsOf[console.AuditView](cmd, console.Query{Name: "audit"})
			if err != nil {
				return err
			}
			broken := false
			var rows [][]string
			for _, c := range chains {
				state := "whole"
				if c.Why != "" {
					broken = true
					state = fmt.Sprintf("BROKEN at row %d: %s", c.Broken, c.Why)
				}
				if wantsJSON(cmd) {
					if err := writeJSON(cmd.OutOrStdout(), c); err != nil {
						return err
					}
				}
				rows = append(rows, []string{c.Node, fmt.Sprint(c.Rows), c.Head, state})
			}
			if !wantsJSON(cmd) {
				if err := printTable(cmd.OutOrStdout(), []string{"NODE", "ROWS", "HEAD", "STATE"}, rows); err != nil {
					return err
				}
			}
			if broken {
				return errors.New("audit: a chain is broken; compare with a backup and the heads that were exported before")
			}
			return nil
		},
	}
	verify.Flags().Bool("json", false, "one JSON object a chain")
	return group("audit", "the hash chain of who did and saw what", verify)
}

// keyView is one key of the database; its keys are stable. The key itself never leaves the store.
type keyView struct {
	ID        string    `json:"id"`
	Purpose   string    `json:"purpose"`
	Created   time.Time `json:"created"`
	WrappedBy string    `json:"wrapped_by"`
}

func keysCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "keys", Short: "list the keys of the database: what for, since when, wrapped by which seal key; never the keys", Args: cobra.NoArgs,
		Example: "  refloop keys",
		RunE: func(cmd *cobra.Command, _ []string) error {
			keys, err := storedKeys(cmd)
			if err != nil {
				return err
			}
			var rows [][]string
			for _, k := range keys {
				v := keyView{ID: strconv.FormatInt(k.ID, 10), Purpose: k.Purpose, Created: k.Created.UTC(), WrappedBy: k.WrappedBy}
				if wantsJSON(cmd) {
					if err := writeJSON(cmd.OutOrStdout(), v); err != nil {
						return err
					}
				}
				rows = append(rows, []string{v.ID, v.Purpose, when(&v.Created), v.WrappedBy})
			}
			if wantsJSON(cmd) {
				return nil
			}
			return printTable(cmd.OutOrStdout(), []string{"KEY", "FOR", "MADE (UTC)", "WRAPPED BY"}, rows)
		},
	}
	c.Flags().Bool("json", false, "one JSON object a line, stable keys")
	c.AddCommand(identityCommands()...)
	return c
}

// storedKeys reads the table of keys; a running daemon does not mind.
func storedKeys(cmd *cobra.Command) ([]store.Key, error) {
	cfg, settings, err := settingsOf(cmd)
	if err != nil {
		return nil, err
	}
	key, err := sealKey(cfg.Store.SealKey.Reveal())
	if err != nil {
		return nil, err
	}
	st, err := store.OpenReadOnly(cmd.Context(), store.Config{URL: settings.StoreURL, SealKey: key}, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	keys, err := st.Keys(cmd.Context())
	return keys, errors.Join(err, st.Close())
}
