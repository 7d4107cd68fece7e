package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/user"
	"strconv"
	"time"

	"refloop/audit"
	"refloop/config"
	"refloop/store"
)

// auditStopped writes a read of a stopped daemon's store into its chain, as the daemon does with those it answers.
func auditStopped(ctx context.Context, cfg *config.Config, s config.Daemon, action, object string) error {
	key, err := sealKey(cfg.Store.SealKey.Reveal())
	if err != nil {
		return err
	}
	st, err := openPatiently(ctx, store.Config{URL: s.StoreURL, SealKey: key, Org: cfg.Organization.OID}, slog.New(slog.DiscardHandler))
	if err != nil {
		return fmt.Errorf("refloop: writing the read into the audit chain: %w", err)
	}
	err = st.Write(ctx, func(tx *store.Tx) error {
		return tx.Audit(audit.Entry{At: time.Now(), Actor: localUser(), Action: action, Object: object, Detail: "daemon stopped"})
	})
	return errors.Join(err, st.Close())
}

// lockPatience is how long a store that is in use is waited for: a command that reads a stopped store holds it for a moment only.
const lockPatience = 3 * time.Second

// openPatiently opens a store for writing; store.ErrInUse only when somebody keeps it.
func openPatiently(ctx context.Context, cfg store.Config, log *slog.Logger) (*store.Store, error) {
	ctx, cancel := context.WithTimeout(ctx, lockPatience)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		st, err := store.Open(context.WithoutCancel(ctx), cfg, log)
		if !errors.Is(err, store.ErrInUse) {
			return st, err
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-tick.C:
		}
	}
}

// localUser is who runs this command, named as the daemon names the user behind its socket.
func localUser() string {
	if u, err := user.Current(); err == nil {
		return "user:" + u.Username
	}
	return "user:" + strconv.Itoa(os.Getuid())
}
