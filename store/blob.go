package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"

	"github.com/google/uuid"

	"refloop/referral"
)

// chunkSize is the most that is sealed in one piece. Bodies over it are committed in pieces before the row that refers to them.
const chunkSize = 1 << 20

// Stow seals body for the archive, before and outside of any transaction. Up to 1 MiB it comes back sealed and travels with the row
// that refers to it; more is committed at once in chunks. What nothing refers to at the next start is collected.
func (s *Store) Stow(ctx context.Context, body []byte) (referral.Blob, error) {
	if s.writer == nil {
		return referral.Blob{}, ErrReadOnly
	}
	id, err := uuid.NewV7FromReader(s.cfg.Rand)
	if err != nil {
		return referral.Blob{}, fmt.Errorf("store: making an id: %w", err)
	}
	sum := sha256.Sum256(body)
	b := referral.Blob{ID: id.String(), Bytes: int64(len(body)), SHA256: hex.EncodeToString(sum[:])}
	if len(body) <= chunkSize {
		b.Sealed, err = s.keys.seal(sealBlob, chunkPlace(b.ID, 0, true), body)
	} else {
		err = s.stowChunks(ctx, b.ID, body)
	}
	if err != nil {
		return referral.Blob{}, err
	}
	return b, nil
}

// stowChunks commits body in pieces, one commit each, so that other work gets in between.
func (s *Store) stowChunks(ctx context.Context, id string, body []byte) error {
	for n := 0; len(body) > 0; n++ {
		piece := body[:min(len(body), chunkSize)]
		body = body[len(piece):]
		last := len(body) == 0
		sealed, err := s.keys.seal(sealBlob, chunkPlace(id, n, last), piece)
		if err != nil {
			return err
		}
		err = s.Write(ctx, func(tx *Tx) error {
			if n == 0 {
				if err := tx.addLoose(id); err != nil {
					return err
				}
			}
			return tx.addChunk(id, n, last, sealed)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// chunkPlace binds a chunk to its blob, its place and the end, so that none can be moved, dropped or added unseen.
func chunkPlace(id string, n int, last bool) string {
	end := "-"
	if last {
		end = "."
	}
	return id + end + strconv.Itoa(n)
}

func (tx *Tx) addLoose(id string) error {
	_, err := tx.exec(`INSERT INTO loose (blob_id, node, since) VALUES (?1, ?2, ?3)`, id, tx.s.cfg.Node, micros(tx.s.cfg.Now()))
	return err
}

func (tx *Tx) addChunk(id string, n int, last bool, sealed []byte) error {
	_, err := tx.exec(`INSERT INTO chunk (blob_id, n, last, sealed) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING`, id, n, flag(last), sealed)
	return err
}

// attach makes b belong to a row of this work. The zero Blob is no bytes.
func (tx *Tx) attach(b referral.Blob) error {
	if b.ID == "" {
		return nil
	}
	if b.Sealed != nil {
		return tx.addChunk(b.ID, 0, true, b.Sealed)
	}
	n, err := tx.exec(`DELETE FROM loose WHERE blob_id = ?1`, b.ID)
	if err != nil || n == 1 {
		return err
	}
	if _, err := one(tx.ctx(), tx, number, `SELECT n FROM chunk WHERE blob_id = ?1 AND n = 0`, b.ID); err != nil {
		return fmt.Errorf("store: blob %s of %d bytes: got no chunks, want those of Stow: %w", b.ID, b.Bytes, err)
	}
	return nil
}

// chunk is one piece as stored.
type chunk struct {
	n      int
	last   bool
	sealed []byte
}

func scanChunk(s scan) (c chunk, err error) {
	err = s(&c.n, &c.last, &c.sealed)
	return c, err
}

// blobBytes returns the bytes of a blob; nil for the empty id.
func (s *Store) blobBytes(ctx context.Context, src source, id string) ([]byte, error) {
	if id == "" {
		return nil, nil
	}
	chunks, err := many(ctx, src, scanChunk, `SELECT n, last, sealed FROM chunk WHERE blob_id = ?1 ORDER BY n`, id)
	if err != nil {
		return nil, err
	}
	if len(chunks) == 0 || !chunks[len(chunks)-1].last {
		return nil, fmt.Errorf("%w: blob %s: got %d chunks without an end", ErrSealed, id, len(chunks))
	}
	if len(chunks) == 1 {
		return s.keys.open(sealBlob, chunkPlace(id, 0, true), chunks[0].sealed)
	}
	size := 0
	for _, c := range chunks {
		size += len(c.sealed)
	}
	out := make([]byte, 0, size)
	for n, c := range chunks {
		chunks[n].sealed = nil // what was opened is not held twice
		piece, err := s.keys.open(sealBlob, chunkPlace(id, n, c.last), c.sealed)
		if err != nil {
			return nil, err
		}
		out = append(out, piece...)
	}
	return out, nil
}

// collectOrphans removes chunks that this node committed and no row came to refer to.
func (s *Store) collectOrphans() error {
	return s.writer.atomically(func() error {
		n, err := s.writer.exec(`DELETE FROM chunk WHERE blob_id IN (SELECT blob_id FROM loose WHERE node = ?1)`, s.cfg.Node)
		if err != nil {
			return err
		}
		if n > 0 {
			s.log.Info("orphaned chunks collected", "chunks", n)
		}
		_, err = s.writer.exec(`DELETE FROM loose WHERE node = ?1`, s.cfg.Node)
		return err
	})
}
