-- The next start. Machine $5, dataset $6 and lease $7 tell daemons apart that serve side by side, and here none do.
INSERT INTO lapsed_daemon (only_one, start, pid, program, version, started_at)
SELECT 1, 1, $1, $2, $3, $4
WHERE coalesce($5, $6, $7, '') IS NOT NULL
ON CONFLICT (only_one) DO UPDATE
SET start = start + 1, pid = excluded.pid, program = excluded.program, version = excluded.version,
    started_at = excluded.started_at, stopped_at = NULL
RETURNING start
