-- How many runs are unfinished or discarded, of the tenant $1 or of all.
SELECT state, count(*) AS runs
FROM lapsed_run INDEXED BY lapsed_run_unfinished
WHERE finished_at IS NULL AND (CAST($1 AS TEXT) IS NULL OR tenant = $1)
GROUP BY state
UNION ALL
SELECT state, count(*)
FROM lapsed_run
WHERE state = 'discarded' AND (CAST($1 AS TEXT) IS NULL OR tenant = $1)
GROUP BY state
