-- The next numbers of rows that were copied come behind them, and the next start behind the start $1.
SELECT setval(pg_get_serial_sequence('lapsed_consent', 'sequence'), coalesce(max(sequence), 0) + 1, FALSE) FROM lapsed_consent
UNION ALL
SELECT setval(pg_get_serial_sequence('lapsed_run', 'id'), coalesce(max(id), 0) + 1, FALSE) FROM lapsed_run
UNION ALL
SELECT setval(pg_get_serial_sequence('lapsed_scan', 'id'), coalesce(max(id), 0) + 1, FALSE) FROM lapsed_scan
UNION ALL
SELECT setval(
    pg_get_serial_sequence('lapsed_daemon', 'start'),
    greatest($1, (SELECT coalesce(max(start), 0) FROM lapsed_daemon)) + 1,
    FALSE
)
