-- The schedules of a JSON list of ids, with what decides about their slots: whether they are paused, and their
-- unfinished runs.
SELECT s.*,
       s.paused_at IS NOT NULL
           OR EXISTS (SELECT 1 FROM lapsed_pause p WHERE p.tenant IN ('*', s.tenant)) AS paused,
       (SELECT count(*) FROM lapsed_run r WHERE r.schedule = s.id AND r.finished_at IS NULL) AS unfinished
FROM json_each($1) e
CROSS JOIN lapsed_schedule s
WHERE s.id = e.value
ORDER BY e.key
