-- Unfinished and discarded runs by tenant and state.
SELECT tenant, state, count(*) AS runs
FROM lapsed_run
WHERE finished_at IS NULL
GROUP BY tenant, state
UNION ALL
SELECT tenant, state, count(*)
FROM lapsed_run
WHERE state = 'discarded'
GROUP BY tenant, state
