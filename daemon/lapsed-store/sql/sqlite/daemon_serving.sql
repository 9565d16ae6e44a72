-- Who serves the store, or served it last.
SELECT start, '' AS node, pid, program, version, started_at, stopped_at, stopped_at IS NULL AS alive,
       NULL AS dataset
FROM lapsed_daemon
