-- Runs at $1 of owners whose lease has ended: free again, or discarded where they were begun $2 times and got nowhere. A run
-- whose batch is not committed yet is locked, and waits for the next look.
UPDATE lapsed_run
SET state = CASE WHEN attempt >= $2 THEN 'discarded' ELSE 'available' END,
    finished_at = CASE WHEN attempt >= $2 THEN $1 END,
    error = CASE
        WHEN attempt >= $2 THEN 'the program that ran it ended, again and again'
        ELSE 'the program that ran it ended'
    END,
    owner = NULL
WHERE id = ANY (ARRAY(
    SELECT r.id
    FROM lapsed_run r
    WHERE r.state = 'running'
      AND (SELECT 1 FROM lapsed_daemon d WHERE d.start = r.owner AND d.lease_until > statement_timestamp()) IS NULL
    FOR UPDATE SKIP LOCKED
))
RETURNING state
