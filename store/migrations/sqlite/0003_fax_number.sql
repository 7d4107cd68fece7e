-- Fax numbers that were wrong: no page goes to them until two different people have checked them. Whoever is through is in the audit chain.

CREATE TABLE fax_number (
    partner    TEXT    NOT NULL,
    number     TEXT    NOT NULL,           -- as compared: digits without a leading 1
    blocked_by TEXT    NOT NULL,
    reason     TEXT    NOT NULL,
    since      INTEGER NOT NULL,
    checked_by TEXT    NOT NULL,           -- the first of the two
    checked_at INTEGER NOT NULL,
    PRIMARY KEY (partner, number)
) STRICT, WITHOUT ROWID;
