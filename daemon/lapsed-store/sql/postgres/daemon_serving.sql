-- Everybody whose lease runs, daemons first; where there is nobody, who began last.
SELECT start, node, pid, program, version, started_at, stopped_at, dataset,
       lease_until > statement_timestamp() AS alive
FROM lapsed_daemon
WHERE lease_until > statement_timestamp()
   OR start = (
       SELECT max(start)
       FROM lapsed_daemon
       WHERE NOT EXISTS (SELECT 1 FROM lapsed_daemon WHERE lease_until > statement_timestamp())
   )
ORDER BY program <> 'lapsed run', start
