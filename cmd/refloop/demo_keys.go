package main

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"refloop/channels/direct"
	"refloop/config"
)

// makeDemoKeys makes, for `demo: true` only, the seal key and the Direct identities that the configuration names and that do not exist.
func makeDemoKeys(pl *plan, storeURL string, log *slog.Logger) error {
	if !pl.cfg.Demo {
		return nil
	}
	secret := &pl.cfg.Store.SealKey
	if !secret.Set() && secret.File() != "" {
		file := secret.File()
		if err := keyLost(file, storeURL); err != nil {
			return err
		}
		value, err := makeSealKey(file)
		if err != nil {
			return err
		}
		*secret = config.NewSecret(value)
		log.Warn("demo: made a seal key", "file", file)
	}
	if !pl.direct.present {
		return nil
	}
	made, err := direct.EnsureDemo(pl.direct.settings, time.Now())
	for _, file := range made {
		log.Warn("demo: made a certificate and key", "file", file)
	}
	return err
}

// keyLost refuses to make a new key beside a database that was sealed with one that is gone.
func keyLost(keyFile, storeURL string) error {
	if _, err := os.Stat(keyFile); !errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	db, ok := strings.CutPrefix(storeURL, "sqlite:")
	if !ok {
		return nil
	}
	db, _, _ = strings.Cut(db, "?")
	if _, err := os.Stat(db); err != nil {
		return nil
	}
	return fmt.Errorf("store.seal_key: got no file %s beside the database %s, want the key that it was sealed with; put the key back, or move the database away to begin anew", keyFile, db)
}

// makeSealKey writes 32 random bytes as base64, for its owner only; a file that is there already is read.
func makeSealKey(path string) (string, error) {
	if b, err := os.ReadFile(path); err == nil {
		return string(b), nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("store.seal_key: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", fmt.Errorf("store.seal_key: %w", err)
	}
	var key [32]byte
	if _, err := rand.Read(key[:]); err != nil {
		return "", err
	}
	text := base64.StdEncoding.EncodeToString(key[:])
	if err := os.WriteFile(path, []byte(text+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("store.seal_key: %w", err)
	}
	return text, nil
}
