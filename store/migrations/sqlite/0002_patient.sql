-- The practice's own patients, to find whom a paper is about. Everything about them is sealed; source and times stay in the clear.
CREATE TABLE patient (
    id      TEXT    PRIMARY KEY,
    org     TEXT    NOT NULL,
    source  TEXT    NOT NULL,              -- list:<name> or channel:<name>, which said so last
    updated INTEGER NOT NULL,              -- when it changed
    seen    INTEGER NOT NULL,              -- when a list or a message named it last
    record  BLOB    NOT NULL
) STRICT;
CREATE INDEX patient_source ON patient (source, seen);

-- Keyed hashes of number, birth date, name and telephone number.
CREATE TABLE patient_lookup (
    hash       BLOB    NOT NULL,
    patient_id TEXT    NOT NULL,
    version    INTEGER NOT NULL,           -- of the normaliser
    PRIMARY KEY (hash, patient_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX patient_lookup_patient ON patient_lookup (patient_id);
