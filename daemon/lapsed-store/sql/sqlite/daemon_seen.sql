-- The latest time that any program saw.
SELECT max(max(started_at, coalesce(stopped_at, 0))) FROM lapsed_daemon
