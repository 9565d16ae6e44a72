-- The people of the batch that is being carried out, and of no other: the table goes with its transaction. From here on
-- a batch holds rows that the platform may wait for, so it does not wait long for rows that the platform holds.
CREATE TEMPORARY TABLE lapsed_batch (
    subject jsonb PRIMARY KEY,
    rule    bigint
) ON COMMIT DROP;
SET LOCAL lock_timeout TO 2000
