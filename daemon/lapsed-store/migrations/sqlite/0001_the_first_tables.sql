-- The daemon's own tables. Instants are integer milliseconds UTC, ids text, payloads JSON text. A person's key keeps
-- the type it has in the platform's table (`ANY`): in SQLite a text never equals a number.

-- Every policy that was ever in force, word for word (D-3).
CREATE TABLE lapsed_policy (
    tenant        TEXT    NOT NULL,
    hash          TEXT    NOT NULL,
    text          TEXT    NOT NULL,
    in_force_from INTEGER NOT NULL,
    PRIMARY KEY (tenant, hash)
) STRICT;

-- Which of them each tenant has in force.
CREATE TABLE lapsed_policy_in_force (
    tenant TEXT    PRIMARY KEY,
    hash   TEXT    NOT NULL,
    since  INTEGER NOT NULL,
    FOREIGN KEY (tenant, hash) REFERENCES lapsed_policy (tenant, hash)
) STRICT, WITHOUT ROWID;

-- Plans: who would be anonymised, judged once, at one instant, by one policy and one dataset (R-10).
CREATE TABLE lapsed_plan (
    id           TEXT    PRIMARY KEY,
    tenant       TEXT    NOT NULL,
    workgroup    TEXT    NOT NULL,
    store_key    TEXT    NOT NULL,
    way          TEXT    NOT NULL CHECK (way IN ('automatic', 'manual', 'self-service')),
    planned_at   INTEGER NOT NULL,
    cut_off      INTEGER NOT NULL,
    zone         TEXT    NOT NULL,
    policy_hash  TEXT    NOT NULL,
    dataset_hash TEXT    NOT NULL,
    hash         TEXT    NOT NULL,
    rules        TEXT    NOT NULL,             -- the names of the candidate rules, a JSON list
    counts       TEXT    NOT NULL,             -- people by rule, a JSON object
    subjects     INTEGER NOT NULL,
    state        TEXT    NOT NULL CHECK (state IN ('planned', 'applying', 'applied')),
    applied_to   ANY,                          -- the last subject of the last committed batch
    anonymised   INTEGER NOT NULL DEFAULT 0,
    dropped      INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX lapsed_plan_of_tenant ON lapsed_plan (tenant, planned_at);

CREATE TABLE lapsed_plan_subject (
    plan    TEXT    NOT NULL REFERENCES lapsed_plan (id) ON DELETE CASCADE,
    subject ANY     NOT NULL,
    rule    INTEGER,                           -- place of the first rule that matched, from 1; null: somebody decided
    dropped INTEGER NOT NULL DEFAULT 0,        -- 1: became active between plan and batch, or was gone
    PRIMARY KEY (plan, subject)
) STRICT, WITHOUT ROWID;

-- Who was anonymised, where the platform has no column that says so.
CREATE TABLE lapsed_erased (
    subject   ANY     PRIMARY KEY,
    erased_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- One row while index pages, samples and the log may still hold what was erased: since when, and how many batches
-- wrote it. It is written with every batch and goes when the store was scrubbed behind the last of them, so that
-- neither a kill in between nor a second program forgets anything.
CREATE TABLE lapsed_remnants (
    only_one INTEGER PRIMARY KEY CHECK (only_one = 1),
    since    INTEGER NOT NULL,
    batches  INTEGER NOT NULL
) STRICT;

-- Consents as a history that only grows: a cell is a person, a purpose and a channel ('' for purposes that are given
-- for all channels at once), and its last row says how it stands. Anonymising deletes a person's rows (R-7).
CREATE TABLE lapsed_consent (
    sequence   INTEGER PRIMARY KEY,
    tenant     TEXT    NOT NULL,
    workgroup  TEXT    NOT NULL,
    subject    ANY     NOT NULL,
    purpose    TEXT    NOT NULL CHECK (purpose IN ('processing', 'service', 'marketing', 'suggestions')),
    channel    TEXT    NOT NULL DEFAULT '',
    state      TEXT    NOT NULL CHECK (state IN ('requested', 'granted', 'refused', 'withdrawn', 'expired')),
    at         INTEGER NOT NULL,
    expires_at INTEGER,                        -- null: it does not expire
    source     TEXT    NOT NULL
) STRICT;
CREATE INDEX lapsed_consent_cell ON lapsed_consent (subject, purpose, channel, at, sequence);

-- What datasets may build on: `at` is the instant until which a consent holds, null for one without an end (R-3.8).
CREATE VIEW lapsed_active_consent AS
SELECT c.subject,
       c.expires_at AS at,
       c.purpose || CASE c.channel WHEN '' THEN '' ELSE ' by ' || c.channel END AS record
FROM lapsed_consent c
WHERE c.state = 'granted'
  AND NOT EXISTS (
      SELECT 1
      FROM lapsed_consent newer
      WHERE newer.subject = c.subject
        AND newer.purpose = c.purpose
        AND newer.channel = c.channel
        AND (newer.at, newer.sequence) > (c.at, c.sequence)
  );

-- The ledger: a chain per tenant. `payload` may go when its period has passed; the chain covers its salted digest.
CREATE TABLE lapsed_ledger (
    tenant         TEXT    NOT NULL,
    sequence       INTEGER NOT NULL,
    at             INTEGER NOT NULL,
    kind           TEXT    NOT NULL,
    payload        TEXT,
    salt           TEXT    NOT NULL,
    payload_digest TEXT    NOT NULL,
    hash           TEXT    NOT NULL,
    key            TEXT    NOT NULL,
    mac            TEXT    NOT NULL,
    PRIMARY KEY (tenant, sequence)
) STRICT, WITHOUT ROWID;

-- The end of each chain. Writing it is the last thing that a transaction does.
CREATE TABLE lapsed_ledger_head (
    tenant   TEXT    PRIMARY KEY,
    sequence INTEGER NOT NULL,
    hash     TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

-- By which a store notices that it is served with a key of the right name and the wrong secret.
CREATE TABLE lapsed_key (
    id          TEXT PRIMARY KEY,
    check_value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
