-- Runs for slots, from a JSON list of rows; $2 is now. A slot that has one gets no second.
INSERT INTO lapsed_run (schedule, slot_at, tenant, workgroup, job, due_at, created_at, state)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, $2,
       iif(value ->> 5 <= $2, 'available', 'scheduled')
FROM json_each($1)
WHERE true
ON CONFLICT DO NOTHING
