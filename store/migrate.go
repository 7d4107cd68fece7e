package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"time"

	"refloop/referral"
)

//go:embed migrations/sqlite/*.sql
var migrationFiles embed.FS

// ErrSchema is returned when the database was written by a newer refloop, is not one of refloop, or is too old to read as it is.
var ErrSchema = errors.New("store: schema")

// migration is one step forward. Released ones are never edited.
type migration struct {
	version int64
	name    string
	sql     string
}

// migrations reads the embedded steps in order and refuses gaps.
func migrations(files fs.FS, dir string) ([]migration, error) {
	entries, err := fs.ReadDir(files, dir) // sorted by name
	if err != nil {
		return nil, err
	}
	var out []migration
	for i, e := range entries {
		number, _, _ := strings.Cut(e.Name(), "_")
		v, err := strconv.ParseInt(number, 10, 64)
		if err != nil || v != int64(i+1) {
			return nil, fmt.Errorf("store: migration %s: got number %q, want %04d", e.Name(), number, i+1)
		}
		text, err := fs.ReadFile(files, dir+"/"+e.Name())
		if err != nil {
			return nil, err
		}
		out = append(out, migration{version: v, name: e.Name(), sql: string(text)})
	}
	return out, nil
}

const sqlSchema = `CREATE TABLE schema_migration (version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied INTEGER NOT NULL) STRICT`

// schemaVersion is the highest applied step; 0 for an empty database.
func schemaVersion(ctx context.Context, src source) (int64, error) {
	tables, err := many(ctx, src, text, `SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name = 'schema_migration' DESC LIMIT 1`)
	switch {
	case err != nil:
		return 0, err
	case len(tables) == 0:
		return 0, nil
	case tables[0] != "schema_migration":
		return 0, fmt.Errorf("%w: got a database with tables of another program, want one of refloop; check store.url", ErrSchema)
	}
	return one(ctx, src, number, `SELECT coalesce(max(version), 0) FROM schema_migration`)
}

// checkSchema compares what is there with the steps this program knows and returns those still to do.
func checkSchema(ctx context.Context, src source, all []migration) ([]migration, error) {
	have, err := schemaVersion(ctx, src)
	if err != nil {
		return nil, err
	}
	if have > int64(len(all)) {
		return nil, fmt.Errorf("%w: got version %d, want at most %d; this database was written by a newer refloop, use that one", ErrSchema, have, len(all))
	}
	return all[have:], nil
}

// migrate applies what is missing, one transaction each.
func migrate(ctx context.Context, conn *sql.Conn, all []migration, now time.Time) error {
	todo, err := checkSchema(ctx, connSource{conn}, all)
	if err != nil {
		return err
	}
	for _, m := range todo {
		if err := apply(ctx, conn, m, now); err != nil {
			return fmt.Errorf("store: migration %s: %w", m.name, err)
		}
	}
	return nil
}

func apply(ctx context.Context, conn *sql.Conn, m migration, now time.Time) error {
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // after a commit this does nothing
	if m.version == 1 {
		if _, err := tx.ExecContext(ctx, sqlSchema); err != nil {
			return err
		}
	}
	if _, err := tx.ExecContext(ctx, m.sql); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO schema_migration (version, name, applied) VALUES (?1, ?2, ?3)`, m.version, m.name, micros(now)); err != nil {
		return err
	}
	return tx.Commit()
}

// connSource lets one connection be read before the writer runs.
type connSource struct{ conn *sql.Conn }

func (c connSource) query(ctx context.Context, q string, args ...any) (*sql.Rows, error) {
	return c.conn.QueryContext(ctx, q, args...)
}

// pragma asserts one setting of a connection.
func pragma(ctx context.Context, src source, name, want string) error {
	got, err := one(ctx, src, text, `PRAGMA `+name)
	if err != nil && !errors.Is(err, referral.ErrNotFound) {
		return err
	}
	if got != want {
		return fmt.Errorf("store: sqlite %s: got %q, want %q; the file system may not support it", name, got, want)
	}
	return nil
}
