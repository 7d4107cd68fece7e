// Package store keeps messages, referrals, events, documents, deliveries, incidents and the audit chain in one SQLite database.
//
// Writing: one connection, one goroutine, group commit. All work that waits while a commit is under way goes into the next one, each
// piece in its own savepoint, and is answered after the commit is on disk (WAL, synchronous=FULL). Reading: a small pool of read-only
// connections. Opening takes a lock file beside the database, because two writers would break the audit chain; OpenReadOnly does not.
//
// Sealing: bytes and every field that identifies a person are AES-256-GCM under data keys (a new one monthly), which table key holds
// wrapped by the seal key. Look-ups over sealed fields go through keyed hashes with a versioned normaliser; see Reindex. IDs, times,
// states, types, control IDs and addresses of partners are in the clear for queries.
//
// SQL is portable: ?1 placeholders, rewritten for PostgreSQL. It leaves out: PostgreSQL itself, backup, purging of old rows.
package store
