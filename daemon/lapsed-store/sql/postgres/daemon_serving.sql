-- Everybody whose lease runs, daemons first; where there is nobody, whose lease ended last.
SELECT start, node, pid, program, version, started_at, stopped_at, dataset,
       lease_until > statement_timestamp() AS alive
FROM lapsed_daemon
WHERE lease_until > statement_timestamp()
   OR start = (
       SELECT start
       FROM lapsed_daemon
       WHERE NOT EXISTS (SELECT 1 FROM lapsed_daemon WHERE lease_until > statement_timestamp())
       ORDER BY lease_until DESC, start DESC
       LIMIT 1
   )
ORDER BY program <> 'lapsed run', start
