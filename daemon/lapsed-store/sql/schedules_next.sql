-- The schedules whose slots come next, at most $2: those of the tenant $1, or of all those that are not stopped.
SELECT s.*,
       s.paused_at IS NOT NULL
           OR EXISTS (SELECT 1 FROM lapsed_pause p WHERE p.tenant IN ('*', s.tenant)) AS paused,
       (SELECT count(*) FROM lapsed_run r WHERE r.schedule = s.id AND r.finished_at IS NULL) AS unfinished
FROM lapsed_schedule s
WHERE s.next_slot_at IS NOT NULL
  AND CASE
          WHEN CAST($1 AS TEXT) IS NULL THEN
              s.paused_at IS NULL
              AND NOT EXISTS (SELECT 1 FROM lapsed_pause p WHERE p.tenant IN ('*', s.tenant))
          ELSE s.tenant = $1
      END
ORDER BY s.next_slot_at, s.id
LIMIT $2
