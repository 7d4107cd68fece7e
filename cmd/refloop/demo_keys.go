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
	"time"

	"refloop/channels/direct"
	"refloop/config"
)

// makeDemoKeys makes, for `demo: true` only, the seal key and the Direct identities that the configuration names and that do not exist.
func makeDemoKeys(pl *plan, log *slog.Logger) error {
	if !pl.cfg.Demo {
		return nil
	}
	secret := &pl.cfg.Store.SealKey
	if !secret.Set() && secret.File() != "" {
		file := secret.File()
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
