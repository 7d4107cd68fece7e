package store

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"refloop/audit"
	"refloop/referral"
)

// Audit appends e to this node's chain. It is part of the work: what is undone was not done.
func (tx *Tx) Audit(e audit.Entry) error {
	r := tx.s.chain.Next(tx.s.head, e)
	_, err := tx.exec(`INSERT INTO audit (node, seq, at, actor, action, object, detail, digest) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)`,
		r.Node, r.Seq, r.Entry.At.UnixMicro(), e.Actor, e.Action, e.Object, e.Detail, r.Digest[:])
	if err != nil {
		return err
	}
	tx.s.head = r.Head()
	return nil
}

// storeHead seals the new end of the chain, once a commit.
func (s *Store) storeHead() error {
	if s.head == s.saved || s.headless {
		return nil
	}
	seal := s.chain.Seal(s.head)
	_, err := s.writer.exec(`INSERT INTO audit_head (node, seq, digest, seal) VALUES (?1, ?2, ?3, ?4)
		ON CONFLICT (node) DO UPDATE SET seq = ?2, digest = ?3, seal = ?4`, s.head.Node, s.head.Seq, s.head.Digest[:], seal[:])
	return err
}

// loadHead finds the end of this node's chain at start: the sealed head, also when rows before it were cut off. The chain then goes on
// from the seal, so that the hole stays and VerifyAudit names it for ever.
func (s *Store) loadHead(ctx context.Context) error {
	s.chain = audit.New(s.cfg.Node, s.keys.audit)
	s.head = s.chain.Genesis()
	r, err := one(ctx, s.writer, scanAudit, sqlAudit+` WHERE node = ?1 ORDER BY seq DESC LIMIT 1`, s.cfg.Node)
	if err == nil {
		s.head = r.Head()
	} else if !errors.Is(err, referral.ErrNotFound) {
		return err
	}
	sealed, seal, err := sealedHead(ctx, s.writer, s.cfg.Node)
	if err == nil && sealed.Seq > s.head.Seq {
		s.log.Error("the audit chain was cut: rows are missing before its sealed end", "node", s.cfg.Node, "last", s.head.Seq, "sealed", sealed.Seq)
		s.head = sealed
	} else if err == nil {
		s.headless = s.chain.VerifyHead(s.head, sealed, seal) != nil
	} else if errors.Is(err, referral.ErrNotFound) {
		s.headless = s.head.Seq > 0 // somebody took the seal away: it is not made anew, so that VerifyAudit says so
	} else {
		return fmt.Errorf("store: head of the audit chain: %w", err)
	}
	s.saved = s.head
	return nil
}

// sealedHead reads the stored end of a node's chain with its seal; referral.ErrNotFound when there is none.
func sealedHead(ctx context.Context, src source, node string) (audit.Head, audit.Digest, error) {
	var seal audit.Digest
	h, err := one(ctx, src, func(sc scan) (h audit.Head, err error) {
		var digest, mark []byte
		h.Node = node
		err = sc(&h.Seq, &digest, &mark)
		copy(h.Digest[:], digest)
		copy(seal[:], mark)
		return h, err
	}, `SELECT seq, digest, seal FROM audit_head WHERE node = ?1`, node)
	return h, seal, err
}

const sqlAudit = `SELECT node, seq, at, actor, action, object, detail, purged, content, digest FROM audit`

func scanAudit(s scan) (r audit.Row, err error) {
	var at int64
	var content, digest []byte
	err = s(&r.Node, &r.Seq, &at, &r.Entry.Actor, &r.Entry.Action, &r.Entry.Object, &r.Entry.Detail, &r.Purged, &content, &digest)
	if err != nil {
		return r, err
	}
	r.Entry.At = time.UnixMicro(at).UTC()
	copy(r.Content[:], content)
	copy(r.Digest[:], digest)
	return r, nil
}

// AuditFilter chooses audit rows. The zero value is the newest 100 of this node.
type AuditFilter struct {
	Node, Actor, Action, Object string
	Since                       time.Time
	Limit                       int
}

// AuditRows lists audit rows, newest first.
func (s *Store) AuditRows(ctx context.Context, f AuditFilter) ([]audit.Row, error) {
	var w where
	if f.Node == "" {
		f.Node = s.cfg.Node
	}
	w.equal("node", f.Node)
	w.equal("actor", f.Actor)
	w.equal("action", f.Action)
	w.equal("object", f.Object)
	w.since("at", f.Since)
	return many(ctx, s.readers, scanAudit, sqlAudit+w.sql()+` ORDER BY seq DESC`+w.limit(f.Limit), w.args...)
}

// VerifyAudit walks the chain of every node and checks its sealed head. It returns the heads that hold, to be kept elsewhere; the error
// of the first chain that does not is an *audit.BrokenError. It reads one moment of the database, also while it is written to.
func (s *Store) VerifyAudit(ctx context.Context) ([]audit.Head, error) {
	tx, err := s.readers.db.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer func() { _ = tx.Rollback() }() // it only read
	src := txSource{tx}
	nodes, err := many(ctx, src, text, `SELECT node FROM audit_head UNION SELECT node FROM audit ORDER BY node`)
	if err != nil {
		return nil, err
	}
	var heads []audit.Head
	for _, node := range nodes {
		h, err := s.verifyNode(ctx, src, node)
		if err != nil {
			return heads, err
		}
		heads = append(heads, h)
	}
	return heads, nil
}

func (s *Store) verifyNode(ctx context.Context, src source, node string) (audit.Head, error) {
	chain := audit.New(node, s.keys.audit)
	head, err := chain.Verify(auditRows(ctx, src, node))
	if err != nil {
		return head, err
	}
	sealed, seal, err := sealedHead(ctx, src, node)
	if errors.Is(err, referral.ErrNotFound) {
		return head, &audit.BrokenError{Node: node, Seq: head.Seq, Why: "its sealed head is missing"}
	}
	if err != nil {
		return head, fmt.Errorf("store: head of the audit chain: %w", err)
	}
	return head, chain.VerifyHead(head, sealed, seal)
}

// auditRows iterates over a chain without holding it in memory.
func auditRows(ctx context.Context, src source, node string) iter.Seq2[audit.Row, error] {
	return func(yield func(audit.Row, error) bool) {
		rows, err := src.query(ctx, sqlAudit+` WHERE node = ?1 ORDER BY seq`, node)
		if err != nil {
			yield(audit.Row{}, err)
			return
		}
		defer rows.Close()
		for rows.Next() {
			r, err := scanAudit(rows.Scan)
			if !yield(r, err) || err != nil {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(audit.Row{}, err)
		}
	}
}
