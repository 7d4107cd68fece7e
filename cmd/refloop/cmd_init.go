package main

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	_ "embed" // the starting configuration

	"github.com/spf13/cobra"
)

//go:embed cmd_init.yaml
var startingConfig []byte

func initCommand() *cobra.Command {
	return &cobra.Command{
		Use: "init [DIR]", Short: "write a configuration to start from, its folders and a seal key; nothing that exists is changed", Args: cobra.MaximumNArgs(1),
		Example: "  refloop init clinic && refloop check clinic/refloop.yaml",
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := "."
			if len(args) == 1 {
				dir = args[0]
			}
			for _, sub := range startFolders() {
				if err := os.MkdirAll(filepath.Join(dir, sub), 0o700); err != nil {
					return fmt.Errorf("init: %w", err)
				}
			}
			key, err := newSealKey()
			if err != nil {
				return err
			}
			for _, f := range []struct {
				name string
				body []byte
				mode fs.FileMode
			}{{"refloop.yaml", startingConfig, 0o644}, {"var/seal.key", key, 0o600}} {
				path := filepath.Join(dir, f.name)
				said := "made"
				if err := writeNew(path, f.body, f.mode); errors.Is(err, fs.ErrExist) {
					said = "left as it is"
				} else if err != nil {
					return fmt.Errorf("init: %w", err)
				}
				if _, err := fmt.Fprintf(cmd.OutOrStdout(), "%s: %s\n", path, said); err != nil {
					return err
				}
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "Keep a copy of the seal key in a safe place: without it nothing in the database can be read.\nNext: edit %s, then: refloop check and refloop serve, both with -c %[1]s\n", filepath.Join(dir, "refloop.yaml"))
			return err
		},
	}
}

// startFolders are the folders that the starting configuration names; var holds keys and is for its owner only.
func startFolders() []string {
	return []string{"var", "var/fax-inbox", "var/fax-outbox", "var/in", "var/out", "var/anchors", "var/peer-certs"}
}

// newSealKey is 32 random bytes as base64.
func newSealKey() ([]byte, error) {
	var key [32]byte
	if _, err := rand.Read(key[:]); err != nil {
		return nil, fmt.Errorf("init: reading randomness: %w", err)
	}
	return append(base64.StdEncoding.AppendEncode(nil, key[:]), '\n'), nil
}

// writeNew writes a file that does not exist yet, else fs.ErrExist.
func writeNew(path string, b []byte, mode fs.FileMode) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	return errors.Join(err, f.Sync(), f.Close())
}
