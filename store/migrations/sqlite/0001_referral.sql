-- Times are microseconds since 1970 UTC, 0 is none. Columns named sealed, record, snapshot, answer, notice and detail blobs are
-- AES-256-GCM under a key of table key. What identifies a person is only in those.

CREATE TABLE key (
    id         INTEGER PRIMARY KEY,
    purpose    TEXT    NOT NULL,           -- data, lookup, audit
    created    INTEGER NOT NULL,
    wrapped_by TEXT    NOT NULL,           -- which seal key wraps it
    wrapped    BLOB    NOT NULL
) STRICT;

-- Bytes of messages, evidence and documents, in pieces of at most 1 MiB.
CREATE TABLE chunk (
    blob_id TEXT    NOT NULL,
    n       INTEGER NOT NULL,              -- from 0
    last    INTEGER NOT NULL,              -- 1: the blob ends here
    sealed  BLOB    NOT NULL,
    PRIMARY KEY (blob_id, n)
) STRICT;

-- Blobs whose chunks are committed and that nothing refers to yet.
CREATE TABLE loose (
    blob_id TEXT    PRIMARY KEY,
    node    TEXT    NOT NULL,
    since   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE message (
    id           TEXT    PRIMARY KEY,
    org          TEXT    NOT NULL,
    direction    TEXT    NOT NULL,
    channel      TEXT    NOT NULL,
    partner      TEXT    NOT NULL,
    peer         TEXT    NOT NULL,
    type         TEXT    NOT NULL,
    content_type TEXT    NOT NULL,
    control_id   TEXT    NOT NULL,
    sender       TEXT    NOT NULL,
    recipient    TEXT    NOT NULL,
    received_at  INTEGER NOT NULL,
    state        TEXT    NOT NULL,
    reason       TEXT    NOT NULL,
    code         TEXT    NOT NULL,
    related_to   TEXT    NOT NULL,
    bytes        INTEGER NOT NULL,
    sha256       TEXT    NOT NULL,
    referral_ids TEXT    NOT NULL,         -- JSON array
    config_hash  TEXT    NOT NULL,
    delivery_id  TEXT    NOT NULL,
    body_id      TEXT    NOT NULL,
    evidence_id  TEXT    NOT NULL DEFAULT '',
    answer       BLOB
) STRICT;
CREATE INDEX message_time ON message (received_at);
CREATE INDEX message_channel ON message (channel, direction, received_at);
CREATE INDEX message_control ON message (control_id, sender, received_at);
-- OR, not IN: for a list SQLite builds a table of its own at every insert.
CREATE INDEX message_open ON message (state, received_at) WHERE state = 'received' OR state = 'held' OR state = 'failed';
-- HL7 v2 repeats are known by their control ID; only other rails are compared by content.
CREATE INDEX message_content ON message (sha256, channel) WHERE content_type <> 'x-application/hl7-v2+er7';

CREATE TABLE message_referral (
    referral_id TEXT NOT NULL,
    message_id  TEXT NOT NULL,
    PRIMARY KEY (referral_id, message_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE referral (
    id           TEXT    PRIMARY KEY,
    org          TEXT    NOT NULL,
    authority    TEXT    NOT NULL,
    role         TEXT    NOT NULL,
    version      INTEGER NOT NULL,
    state        TEXT    NOT NULL,
    end_reason   TEXT    NOT NULL,
    grade        TEXT    NOT NULL,
    test         INTEGER NOT NULL,
    created      INTEGER NOT NULL,
    updated      INTEGER NOT NULL,
    initiator    TEXT    NOT NULL,         -- partner id
    recipient    TEXT    NOT NULL,         -- partner id
    specialty    TEXT    NOT NULL,
    priority     TEXT    NOT NULL,
    parent       TEXT    NOT NULL,
    clock_name   TEXT    NOT NULL,
    clock_debtor TEXT    NOT NULL,
    clock_since  INTEGER NOT NULL,
    clock_due    INTEGER NOT NULL,
    clock_warn   INTEGER NOT NULL,
    indexed      BLOB    NOT NULL,         -- digest of its identifier and lookup rows
    record       BLOB    NOT NULL
) STRICT;
CREATE INDEX referral_state ON referral (state, created);
CREATE INDEX referral_created ON referral (created);

CREATE TABLE event (
    referral_id  TEXT    NOT NULL REFERENCES referral (id),
    seq          INTEGER NOT NULL,
    event_time   INTEGER NOT NULL,
    receive_time INTEGER NOT NULL,
    type         TEXT    NOT NULL,
    from_state   TEXT    NOT NULL,
    to_state     TEXT    NOT NULL,
    side         TEXT    NOT NULL,
    actor        TEXT    NOT NULL,
    origin       TEXT    NOT NULL,
    grade        TEXT    NOT NULL,
    implied      INTEGER NOT NULL,
    evidence_ref TEXT    NOT NULL,
    config_hash  TEXT    NOT NULL,
    digest       TEXT    NOT NULL,
    sealed       BLOB    NOT NULL,         -- the whole event
    snapshot     BLOB,                     -- the record after the last event of a batch
    PRIMARY KEY (referral_id, seq)
) STRICT;

-- Identifiers in the clear; never a patient's number.
CREATE TABLE identifier (
    value       TEXT NOT NULL,             -- as compared
    authority   TEXT NOT NULL,             -- as compared
    referral_id TEXT NOT NULL,
    kind        TEXT NOT NULL,
    PRIMARY KEY (value, authority, referral_id, kind)
) STRICT, WITHOUT ROWID;

-- Keyed hashes of what identifies a person.
CREATE TABLE lookup (
    hash        BLOB    NOT NULL,
    referral_id TEXT    NOT NULL,
    version     INTEGER NOT NULL,          -- of the normaliser
    PRIMARY KEY (hash, referral_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE document (
    id           TEXT    PRIMARY KEY,
    org          TEXT    NOT NULL,
    referral_id  TEXT    NOT NULL,
    message_id   TEXT    NOT NULL,
    kind         TEXT    NOT NULL,
    content_type TEXT    NOT NULL,
    bytes        INTEGER NOT NULL,
    sha256       TEXT    NOT NULL,
    body_id      TEXT    NOT NULL,
    sealed       BLOB    NOT NULL          -- the whole document entry
) STRICT;
CREATE INDEX document_referral ON document (referral_id);

CREATE TABLE delivery (
    id           TEXT    PRIMARY KEY,
    org          TEXT    NOT NULL,
    referral_id  TEXT    NOT NULL,
    event        TEXT    NOT NULL,
    seq          INTEGER NOT NULL,
    partner      TEXT    NOT NULL,
    rail         TEXT    NOT NULL,
    rail_index   INTEGER NOT NULL,
    address      TEXT    NOT NULL,
    lane         TEXT    NOT NULL,
    lane_seq     INTEGER NOT NULL,
    state        TEXT    NOT NULL,
    created      INTEGER NOT NULL,
    next_attempt INTEGER NOT NULL,
    attempts     INTEGER NOT NULL,
    control_id   TEXT    NOT NULL,
    recipient    TEXT    NOT NULL,
    message_id   TEXT    NOT NULL,
    receipt      TEXT    NOT NULL,
    grade        TEXT    NOT NULL,
    proven_at    INTEGER NOT NULL,
    replaces     TEXT    NOT NULL,
    copy_of      TEXT    NOT NULL,
    reason       TEXT    NOT NULL,
    notice_of    TEXT    NOT NULL,
    notice       BLOB
) STRICT;
CREATE UNIQUE INDEX delivery_lane ON delivery (lane, lane_seq);
CREATE INDEX delivery_open ON delivery (lane, lane_seq) WHERE state = 'queued' OR state = 'sending' OR state = 'failed';
CREATE INDEX delivery_state ON delivery (state, created);
CREATE INDEX delivery_referral ON delivery (referral_id, created);
CREATE INDEX delivery_control ON delivery (control_id, created);
CREATE UNIQUE INDEX delivery_notice ON delivery (notice_of, event) WHERE notice_of <> '';

CREATE TABLE attempt (
    delivery_id TEXT    NOT NULL REFERENCES delivery (id),
    n           INTEGER NOT NULL,
    at          INTEGER NOT NULL,
    result      TEXT    NOT NULL,
    code        TEXT    NOT NULL,
    PRIMARY KEY (delivery_id, n)
) STRICT, WITHOUT ROWID;

CREATE TABLE hold (
    referral_id TEXT    NOT NULL,
    kind        TEXT    NOT NULL,
    n           INTEGER NOT NULL,
    reason      TEXT    NOT NULL,
    owner       TEXT    NOT NULL,
    since       INTEGER NOT NULL,
    expires     INTEGER NOT NULL,
    PRIMARY KEY (referral_id, n)
) STRICT, WITHOUT ROWID;

CREATE TABLE incident (
    id          TEXT    PRIMARY KEY,
    org         TEXT    NOT NULL,
    kind        TEXT    NOT NULL,
    cause       TEXT    NOT NULL,          -- one open incident a kind and cause
    referral_id TEXT    NOT NULL,
    message_id  TEXT    NOT NULL,
    delivery_id TEXT    NOT NULL,
    opened      INTEGER NOT NULL,
    resolved    INTEGER NOT NULL,
    count       INTEGER NOT NULL,
    note        TEXT    NOT NULL
) STRICT;
CREATE UNIQUE INDEX incident_open ON incident (kind, cause) WHERE resolved = 0;
CREATE INDEX incident_opened ON incident (opened);

CREATE TABLE partner_state (
    partner TEXT    NOT NULL,
    rail    TEXT    NOT NULL,
    state   TEXT    NOT NULL,
    since   INTEGER NOT NULL,
    note    TEXT    NOT NULL,
    PRIMARY KEY (partner, rail)
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
    node    TEXT    NOT NULL,
    seq     INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    actor   TEXT    NOT NULL,
    action  TEXT    NOT NULL,
    object  TEXT    NOT NULL,
    detail  TEXT    NOT NULL,
    purged  INTEGER NOT NULL DEFAULT 0,    -- 1: a tombstone, content stands in for the entry
    content BLOB,
    digest  BLOB    NOT NULL,
    PRIMARY KEY (node, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE audit_head (
    node   TEXT    PRIMARY KEY,
    seq    INTEGER NOT NULL,
    digest BLOB    NOT NULL,
    seal   BLOB    NOT NULL
) STRICT, WITHOUT ROWID;
