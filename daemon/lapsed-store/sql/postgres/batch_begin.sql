-- The people of the batch that is being carried out, and of no other: the table goes with its transaction. From here on a batch
-- holds rows that the platform may wait for. Those that the platform holds were taken without waiting; what else is met is
-- waited for much shorter than the server waits before it looks for a deadlock, so that it is hardly ever the platform's
-- transaction that is ended for it.
CREATE TEMPORARY TABLE lapsed_batch (
    subject jsonb PRIMARY KEY,
    rule    bigint
) ON COMMIT DROP;
SELECT set_config('lock_timeout', (extract(epoch FROM CAST(current_setting('deadlock_timeout') AS interval)) * 200 + 1)::int::text, true)
