-- The people of the batch that is being carried out, and of no other: one connection writes, one batch at a time.
CREATE TEMPORARY TABLE IF NOT EXISTS lapsed_batch (
    subject ANY NOT NULL PRIMARY KEY,
    rule    INTEGER
) STRICT, WITHOUT ROWID;
