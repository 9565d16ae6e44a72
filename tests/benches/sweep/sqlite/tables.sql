-- What the script keeps of its own: the same as the daemon, as plain as it gets.
CREATE TABLE IF NOT EXISTS script_plan (
    workgroup TEXT    NOT NULL,
    subject   INTEGER NOT NULL,
    rule      INTEGER NOT NULL,
    PRIMARY KEY (workgroup, subject)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS script_log (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, people TEXT NOT NULL) STRICT;
CREATE TEMP TABLE script_batch (subject INTEGER PRIMARY KEY, rule INTEGER NOT NULL) STRICT;
CREATE TEMP TABLE script_order (id INTEGER PRIMARY KEY) STRICT;
