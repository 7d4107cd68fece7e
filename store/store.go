package store

import (
	"context"
	"crypto/cipher"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"
	"time"

	_ "github.com/mattn/go-sqlite3" // the SQL driver "sqlite3"

	"refloop/audit"
)

// ErrClosed is returned by work that came after Close.
var ErrClosed = errors.New("store: closed")

// ErrReadOnly is returned by writes to a store that was opened with OpenReadOnly.
var ErrReadOnly = errors.New("store: opened read-only")

// Config says where and how. URL and SealKey are required.
type Config struct {
	URL     string           // sqlite:PATH; the file and its folder are made when missing, for their owner only
	SealKey [32]byte         // wraps the keys in the database; all zero is refused
	Node    string           // name of this daemon's audit chain; default "main"
	Org     string           // organisation that owns the rows; may be empty
	Now     func() time.Time // default time.Now
	Rand    io.Reader        // keys, nonces and ids; default crypto/rand. Only a test may give another
	Readers int              // connections that read; default 4
}

// Store is an open database. All methods may be called from any goroutine.
type Store struct {
	cfg     Config
	path    string
	log     *slog.Logger
	lock    *os.File
	writer  *writer // nil: read-only
	readers pool
	keys    *keyring

	sealKey   cipher.AEAD // only the writer goroutine reads and changes these two
	sealKeyID string

	chain *audit.Chain // these five belong to the writer goroutine
	head  audit.Head
	saved audit.Head // as of the last commit
	// headless: at start the chain had rows but no sealed head, or one that does not fit; it is never made anew.
	headless bool
	lanes    map[string]int64 // last LaneSeq given, of the lanes seen
	room     room

	closing sync.RWMutex // held for reading while work is being queued
	closed  bool
	queue   chan *job
	done    chan struct{} // closed when the writer goroutine has ended
}

// Open opens or makes the database, brings its schema up to date, and starts the writer. ErrInUse, ErrSchema and ErrSealKey tell what a
// person must do.
func Open(ctx context.Context, cfg Config, log *slog.Logger) (*Store, error) {
	s, err := prepare(cfg, log)
	if err != nil {
		return nil, err
	}
	if err := touch(s.path); err != nil {
		return nil, err
	}
	if s.lock, err = lockFile(s.path); err != nil {
		return nil, err
	}
	if err := s.openWriter(ctx); err != nil {
		return nil, errors.Join(err, s.release())
	}
	if err := s.openReaders(ctx); err != nil {
		return nil, errors.Join(err, s.release())
	}
	if err := s.begin(ctx); err != nil {
		return nil, errors.Join(err, s.release())
	}
	go s.run()
	return s, nil
}

// OpenReadOnly opens an existing database for reading, also while a daemon writes to it or after one was killed. Writes fail with
// ErrReadOnly. The folder must be writable when a write-ahead log was left behind.
func OpenReadOnly(ctx context.Context, cfg Config, log *slog.Logger) (*Store, error) {
	s, err := prepare(cfg, log)
	if err != nil {
		return nil, err
	}
	if err := s.openReaders(ctx); err != nil {
		return nil, errors.Join(err, s.release())
	}
	if err := s.readKeys(ctx); err != nil {
		return nil, errors.Join(err, s.release())
	}
	return s, nil
}

func prepare(cfg Config, log *slog.Logger) (*Store, error) {
	if !withCgo {
		return nil, errors.New("store: this program was built without cgo and has no SQLite; build it with CGO_ENABLED=1 and a C compiler")
	}
	path, err := pathOf(cfg.URL)
	if err != nil {
		return nil, err
	}
	if cfg.SealKey == [32]byte{} {
		return nil, fmt.Errorf("%w: got none, want 32 random bytes; check store.seal_key", ErrSealKey)
	}
	if log == nil {
		return nil, fmt.Errorf("store: Open: got a nil log, want one")
	}
	if cfg.Node == "" {
		cfg.Node = "main"
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Rand == nil {
		cfg.Rand = rand.Reader
	} else {
		cfg.Rand = &lockedReader{r: cfg.Rand}
	}
	if cfg.Readers <= 0 {
		cfg.Readers = 4
	}
	return &Store{cfg: cfg, path: path, log: log, lanes: map[string]int64{}, queue: make(chan *job, queueLimit), done: make(chan struct{})}, nil
}

// openWriter opens the one connection that writes and brings the schema up to date.
func (s *Store) openWriter(ctx context.Context) error {
	db, err := sql.Open("sqlite3", writerDSN(s.path))
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(1)
	if s.writer, err = newWriter(ctx, db); err != nil {
		return fmt.Errorf("store: opening %s: %w", s.path, errors.Join(err, db.Close()))
	}
	for _, p := range [][2]string{{"journal_mode", "wal"}, {"synchronous", "2"}, {"foreign_keys", "1"}} {
		if err := pragma(ctx, s.writer, p[0], p[1]); err != nil {
			return err
		}
	}
	// Savepoints copy the pages they touch; in memory, not into a temporary file.
	if _, err := s.writer.conn.ExecContext(ctx, fmt.Sprintf(`PRAGMA wal_autocheckpoint = %d; PRAGMA temp_store = MEMORY`, checkpointPages)); err != nil {
		return err
	}
	all, err := migrations(migrationFiles, "migrations/sqlite")
	if err != nil {
		return err
	}
	return migrate(ctx, s.writer.conn, all, s.cfg.Now())
}

func (s *Store) openReaders(ctx context.Context) error {
	if _, err := os.Stat(s.path); err != nil {
		return fmt.Errorf("store: opening the database: %w", err)
	}
	db, err := sql.Open("sqlite3", readerDSN(s.path))
	if err != nil {
		return err
	}
	db.SetMaxOpenConns(s.cfg.Readers)
	db.SetMaxIdleConns(s.cfg.Readers)
	s.readers = pool{db}
	return pragma(ctx, s.readers, "query_only", "1")
}

// begin loads keys and the head of the audit chain and clears what a crash left behind.
func (s *Store) begin(ctx context.Context) error {
	var err error
	if s.sealKey, err = newAEAD(s.cfg.SealKey[:]); err != nil {
		return err
	}
	s.sealKeyID = SealKeyID(s.cfg.SealKey)
	if s.keys, err = loadKeys(ctx, s.writer, s.cfg.SealKey, s.cfg.Rand); err != nil {
		return err
	}
	if err := s.ensureKeys(s.cfg.Now()); err != nil {
		return err
	}
	if err := s.loadHead(ctx); err != nil {
		return err
	}
	return s.collectOrphans()
}

// readKeys is begin for a read-only store: the schema must be exactly ours.
func (s *Store) readKeys(ctx context.Context) error {
	all, err := migrations(migrationFiles, "migrations/sqlite")
	if err != nil {
		return err
	}
	todo, err := checkSchema(ctx, s.readers, all)
	if err != nil {
		return err
	}
	if len(todo) > 0 {
		return fmt.Errorf("%w: got version %d, want %d; start the daemon once to bring it up to date", ErrSchema, len(all)-len(todo), len(all))
	}
	if s.keys, err = loadKeys(ctx, s.readers, s.cfg.SealKey, s.cfg.Rand); err != nil {
		return err
	}
	if s.keys.audit != nil {
		s.chain = audit.New(s.cfg.Node, s.keys.audit)
	}
	return nil
}

// Close ends the writer after the work that is queued, and closes the database. Work that comes later gets ErrClosed.
func (s *Store) Close() error {
	s.closing.Lock()
	if s.closed {
		s.closing.Unlock()
		return nil
	}
	s.closed = true
	close(s.queue)
	s.closing.Unlock()
	if s.writer != nil {
		<-s.done
	}
	return s.release()
}

// release closes whatever is open.
func (s *Store) release() error {
	var errs []error
	if s.readers.db != nil {
		errs = append(errs, s.readers.db.Close())
	}
	if s.writer != nil {
		errs = append(errs, s.writer.close())
	}
	if s.lock != nil {
		errs = append(errs, s.lock.Close())
	}
	return errors.Join(errs...)
}
