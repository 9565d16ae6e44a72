-- The schedules of a JSON list of ids, with what decides about their slots: whether they are paused, and their
-- unfinished runs.
SELECT s.*,
       s.paused_at IS NOT NULL
           OR EXISTS (SELECT 1 FROM lapsed_pause p WHERE p.tenant IN ('*', s.tenant)) AS paused,
       (SELECT count(*) FROM lapsed_run r WHERE r.schedule = s.id AND r.finished_at IS NULL) AS unfinished
FROM jsonb_array_elements_text($1::jsonb) WITH ORDINALITY AS e (id, place)
JOIN lapsed_schedule s ON s.id = e.id
ORDER BY e.place
