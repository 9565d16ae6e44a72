-- The next start, with a lease that runs from now. Rows of programs that are long gone go: their runs were taken over.
WITH gone AS (
    DELETE FROM lapsed_daemon
    WHERE lease_until < statement_timestamp() - interval '30 days'
      AND NOT EXISTS (SELECT 1 FROM lapsed_run r WHERE r.owner = lapsed_daemon.start AND r.state = 'running')
)
INSERT INTO lapsed_daemon (pid, program, version, started_at, node, dataset, lease_until)
VALUES ($1, $2, $3, $4, $5, $6, statement_timestamp() + $7 * interval '1 millisecond')
RETURNING start
