-- What the daemon needs to run by itself: schedules and their runs, the stop button, approvals, holds, requests,
-- warnings, and what the erasure journal is held against.

-- Who this store is. A backup has the same name, so that the journal knows it again.
CREATE TABLE lapsed_identity (
    only_one INTEGER PRIMARY KEY CHECK (only_one = 1),
    id       TEXT    NOT NULL
) STRICT;
INSERT INTO lapsed_identity (only_one, id) VALUES (1, lower(hex(randomblob(16))));

-- Who serves the store. `start` counts up with every program that takes it: leases of earlier starts are void.
CREATE TABLE lapsed_daemon (
    only_one   INTEGER PRIMARY KEY CHECK (only_one = 1),
    start      INTEGER NOT NULL,
    pid        INTEGER NOT NULL,
    program    TEXT    NOT NULL,               -- `lapsed run` or the command that took the store for itself
    version    TEXT    NOT NULL,
    started_at INTEGER NOT NULL,
    stopped_at INTEGER                         -- null: it runs, or it was killed
) STRICT;

-- A schedule: when something is due for a workgroup, in the tenant's zone (O-2).
CREATE TABLE lapsed_schedule (
    id             TEXT    PRIMARY KEY,
    tenant         TEXT    NOT NULL,
    workgroup      TEXT    NOT NULL,
    job            TEXT    NOT NULL,
    said           TEXT    NOT NULL,           -- as the tenant wrote it
    cron           TEXT    NOT NULL,
    zone           TEXT    NOT NULL,
    if_missed      TEXT    NOT NULL CHECK (if_missed IN ('catch up', 'skip')),
    overlap        TEXT    NOT NULL CHECK (overlap IN ('skip', 'queue one', 'allow')),
    catch_up_ms    INTEGER NOT NULL,           -- older slots are skipped, whatever `if_missed` says
    jitter_ms      INTEGER NOT NULL,           -- how long after its slot a run is due: the same every time
    next_slot_at   INTEGER,                    -- null: none in sight
    counts_from    INTEGER NOT NULL,           -- earlier slots do not count: it was edited, or resumed
    paused_at      INTEGER,
    paused_by      TEXT,
    paused_because TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX lapsed_schedule_next ON lapsed_schedule (next_slot_at) WHERE next_slot_at IS NOT NULL;
CREATE UNIQUE INDEX lapsed_schedule_of_workgroup ON lapsed_schedule (tenant, workgroup, job);

-- A run: a slot of a schedule, or something that was asked for. Unique on (schedule, slot): no slot runs twice.
CREATE TABLE lapsed_run (
    id          INTEGER PRIMARY KEY,
    schedule    TEXT,                          -- null: somebody asked for it
    slot_at     INTEGER,
    tenant      TEXT    NOT NULL,              -- '': it is the daemon's own
    workgroup   TEXT,                          -- null: it concerns the tenant as a whole
    job         TEXT    NOT NULL,
    payload     TEXT    NOT NULL DEFAULT '{}', -- what the job needs to know; people in it are keys of the store
    asked_by    TEXT,
    created_at  INTEGER NOT NULL,
    due_at      INTEGER NOT NULL,
    state       TEXT    NOT NULL CHECK (state IN
                    ('scheduled', 'available', 'running', 'retryable', 'completed', 'cancelled', 'discarded')),
    attempt     INTEGER NOT NULL DEFAULT 0,    -- how many times it was begun and not handed back
    fence       INTEGER NOT NULL DEFAULT 0,    -- grows with every claim: who holds an older one has lost the run
    owner       INTEGER,                       -- the start of the program that runs it
    claimed_at  INTEGER,
    finished_at INTEGER,
    outcome     TEXT,                          -- what became of it, as JSON
    error       TEXT,                          -- why the last attempt failed
    subject     ANY                            -- whom it is about; null once the person was anonymised
) STRICT;
CREATE INDEX lapsed_run_of_subject ON lapsed_run (subject) WHERE subject IS NOT NULL;
CREATE UNIQUE INDEX lapsed_run_of_slot ON lapsed_run (schedule, slot_at) WHERE schedule IS NOT NULL;
CREATE INDEX lapsed_run_unfinished ON lapsed_run (schedule) WHERE finished_at IS NULL;
CREATE INDEX lapsed_run_waiting ON lapsed_run (due_at) WHERE state IN ('scheduled', 'retryable');
CREATE INDEX lapsed_run_available ON lapsed_run (tenant, due_at, id) WHERE state = 'available';
CREATE INDEX lapsed_run_finished ON lapsed_run (finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX lapsed_run_discarded ON lapsed_run (tenant) WHERE state = 'discarded';

-- Whose turn it is: tenants with available runs are served by virtual time, which grows with what they were served.
CREATE TABLE lapsed_turn (
    tenant  TEXT    PRIMARY KEY,
    waiting INTEGER NOT NULL,                  -- 1: it has available runs
    vtime   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX lapsed_turn_waiting ON lapsed_turn (vtime, tenant) WHERE waiting = 1;

-- Slots that were left out, counted: a row for each time that a schedule was moved on.
CREATE TABLE lapsed_skipped (
    schedule   TEXT    NOT NULL,
    first_slot INTEGER NOT NULL,
    last_slot  INTEGER NOT NULL,
    reason     TEXT    NOT NULL CHECK (reason IN ('missed', 'too old', 'overlap', 'paused', 'edited')),
    slots      INTEGER NOT NULL,
    noted_at   INTEGER NOT NULL,
    PRIMARY KEY (schedule, first_slot, reason)
) STRICT, WITHOUT ROWID;
CREATE INDEX lapsed_skipped_noted ON lapsed_skipped (noted_at);

-- The stop button. `*` stands for every tenant.
CREATE TABLE lapsed_pause (
    tenant  TEXT    PRIMARY KEY,
    at      INTEGER NOT NULL,
    by      TEXT    NOT NULL,
    because TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

-- Which run made a plan, so that a run that comes back goes on with it.
ALTER TABLE lapsed_plan ADD COLUMN run INTEGER;
-- 1: one person was judged again. The brake does not take such a plan for the workgroup's first one.
ALTER TABLE lapsed_plan ADD COLUMN of_one INTEGER NOT NULL DEFAULT 0;
CREATE INDEX lapsed_plan_of_run ON lapsed_plan (run) WHERE run IS NOT NULL;
CREATE INDEX lapsed_plan_of_workgroup ON lapsed_plan (tenant, workgroup, planned_at);

-- The brake (R-11): a plan with a row here is not carried out before somebody approved it.
CREATE TABLE lapsed_approval (
    plan        TEXT    PRIMARY KEY REFERENCES lapsed_plan (id) ON DELETE CASCADE,
    because     TEXT    NOT NULL,              -- a JSON list: what is unusual about it
    previous    TEXT,                          -- the plan that it differs from
    asked_at    INTEGER NOT NULL,
    approved_at INTEGER,
    approved_by TEXT,
    reason      TEXT,
    replaced_by TEXT                           -- the plan that was made while this one waited
) STRICT, WITHOUT ROWID;

-- Legal holds: nobody under one is anonymised (R-9).
CREATE TABLE lapsed_hold (
    id         TEXT    PRIMARY KEY,
    tenant     TEXT    NOT NULL,
    kind       TEXT    NOT NULL,               -- `person`, `tenant`, or what the dataset calls holdable: `order`
    workgroup  TEXT,                           -- of a person
    subject    ANY,                            -- of a person; null once the person was anonymised
    created    ANY,                            -- when the person's record was created, as the store says it: keys return
    record     TEXT,                           -- of anything else that can be held
    reason     TEXT,                           -- cleared with the person
    placed_at  INTEGER NOT NULL,
    placed_by  TEXT    NOT NULL,
    ends_at    INTEGER,                        -- null: until it is lifted
    lifted_at  INTEGER,
    lifted_by  TEXT,
    lifted_because TEXT,                       -- cleared with the person
    ended_at   INTEGER                         -- when it was seen that it is over, and people were judged again
) STRICT, WITHOUT ROWID;
CREATE INDEX lapsed_hold_of_tenant ON lapsed_hold (tenant, kind) WHERE lifted_at IS NULL;
CREATE INDEX lapsed_hold_of_subject ON lapsed_hold (subject) WHERE subject IS NOT NULL;
CREATE INDEX lapsed_hold_of_people ON lapsed_hold (kind) WHERE kind = 'person' AND lifted_at IS NULL;
CREATE INDEX lapsed_hold_of_record ON lapsed_hold (kind, tenant) WHERE record IS NOT NULL AND reason IS NOT NULL;
CREATE INDEX lapsed_hold_open ON lapsed_hold (ends_at) WHERE ended_at IS NULL AND lifted_at IS NULL;

-- What people ask for, and what became of it (D-2).
CREATE TABLE lapsed_request (
    id          TEXT    PRIMARY KEY,
    tenant      TEXT    NOT NULL,
    workgroup   TEXT,
    subject     ANY,                           -- null where the person is not known, or was anonymised
    created     ANY,                           -- when the person's record was created, as the store says it: keys return
    kind        TEXT    NOT NULL CHECK (kind IN ('access', 'correction', 'erasure', 'objection')),
    received_at INTEGER NOT NULL,
    due_at      INTEGER NOT NULL,              -- one month by the calendar of the tenant's zone
    recorded_by TEXT    NOT NULL,
    note        TEXT,                          -- cleared with the person
    state       TEXT    NOT NULL CHECK (state IN ('open', 'answered', 'refused')),
    waits_for   TEXT,                          -- the hold that keeps an erasure from being carried out
    answered_at INTEGER,
    answered_by TEXT,
    answer      TEXT                           -- the answer, or the reason of the refusal; cleared with the person
) STRICT, WITHOUT ROWID;
CREATE INDEX lapsed_request_open ON lapsed_request (due_at) WHERE state = 'open';
-- Whoever waits for an answer is left alone until there is one.
CREATE INDEX lapsed_request_unanswered ON lapsed_request (state, subject) WHERE state = 'open' AND kind <> 'erasure';
CREATE INDEX lapsed_request_of_subject ON lapsed_request (subject) WHERE subject IS NOT NULL;
CREATE INDEX lapsed_request_of_tenant ON lapsed_request (tenant, received_at);

-- Who is to be warned before the day, and when. The row goes when the person is anonymised or active again.
CREATE TABLE lapsed_warning (
    tenant    TEXT    NOT NULL,
    workgroup TEXT    NOT NULL,
    subject   ANY     NOT NULL,
    warn_at   INTEGER NOT NULL,
    due_at    INTEGER NOT NULL,                -- when the person would be anonymised
    noted_at  INTEGER NOT NULL,
    PRIMARY KEY (subject, tenant, workgroup)
) STRICT, WITHOUT ROWID;
CREATE INDEX lapsed_warning_of_workgroup ON lapsed_warning (tenant, workgroup, warn_at);

-- Batches that erased people, by the name that the journal knows them by.
CREATE TABLE lapsed_erasure (
    batch     TEXT    PRIMARY KEY,
    tenant    TEXT    NOT NULL,
    at        INTEGER NOT NULL,
    people    INTEGER NOT NULL,
    sequence  INTEGER NOT NULL,                -- the ledger's entry
    workgroup TEXT,                            -- null: people were erased again after a backup was restored
    way       TEXT                             -- null likewise: the brake counts what is new
) STRICT, WITHOUT ROWID;
CREATE INDEX lapsed_erasure_of_workgroup ON lapsed_erasure (tenant, workgroup, at) WHERE way = 'automatic';
CREATE INDEX lapsed_erasure_at ON lapsed_erasure (at);

-- Entries whose particulars are still there, by age: they go when their period has passed (O-6).
CREATE INDEX lapsed_ledger_payloads ON lapsed_ledger (at) WHERE payload IS NOT NULL;
-- Restored backups: every automatic plan asks whether there was one.
CREATE INDEX lapsed_ledger_restored ON lapsed_ledger (tenant, at) WHERE kind = 'restored';

-- What a search for remains of erased people found: tables and columns, and never a value.
CREATE TABLE lapsed_scan (
    id         INTEGER PRIMARY KEY,
    at         INTEGER NOT NULL,
    tenant     TEXT    NOT NULL,
    people     INTEGER NOT NULL,               -- how many were looked for
    columns    INTEGER NOT NULL,               -- in how many columns
    hits       TEXT    NOT NULL                -- JSON: table, column, rows
) STRICT;
CREATE INDEX lapsed_scan_of_tenant ON lapsed_scan (tenant, at);

-- Somebody asked for a search behind the next sweep of every tenant: when.
CREATE TABLE lapsed_scan_asked (
    only_one INTEGER PRIMARY KEY CHECK (only_one = 1),
    at       INTEGER NOT NULL
) STRICT;
