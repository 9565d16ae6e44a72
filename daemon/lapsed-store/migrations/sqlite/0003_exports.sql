-- Files of whole workgroups (X-3): who asked for them, where they lie, and what became of them.
CREATE TABLE lapsed_export (
    id           TEXT    PRIMARY KEY,
    tenant       TEXT    NOT NULL,
    workgroup    TEXT    NOT NULL,
    node         TEXT    NOT NULL,             -- the machine on whose disk it lies
    folder       TEXT    NOT NULL,
    file         TEXT    NOT NULL,
    asked_by     TEXT    NOT NULL,
    filter       TEXT    NOT NULL,             -- JSON: whom it is about
    state        TEXT    NOT NULL DEFAULT 'writing' CHECK (state IN ('writing', 'finished', 'withdrawn', 'removed')),
    began_at     INTEGER NOT NULL,
    finished_at  INTEGER,
    delete_at    INTEGER,                      -- null: whoever asked for it takes care of it
    removed_at   INTEGER,
    because      TEXT,                         -- why it is not there any more
    rows         INTEGER,
    bytes        INTEGER,
    sha256       TEXT
) STRICT;
CREATE INDEX lapsed_export_there ON lapsed_export (node, id) WHERE state <> 'removed';
CREATE INDEX lapsed_export_gone ON lapsed_export (removed_at) WHERE removed_at IS NOT NULL;
CREATE INDEX lapsed_export_of_tenant ON lapsed_export (tenant, began_at);

-- Whom a file names. The batch that erases one of them withdraws the file in its own transaction.
CREATE TABLE lapsed_export_subject (
    export  TEXT NOT NULL,
    subject ANY  NOT NULL,
    PRIMARY KEY (export, subject)
) STRICT, WITHOUT ROWID;
CREATE INDEX lapsed_export_naming ON lapsed_export_subject (subject);
