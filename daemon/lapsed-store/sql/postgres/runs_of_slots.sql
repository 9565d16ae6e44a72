-- Runs for slots, from a JSON list of rows; $2 is now. A slot that has one gets no second.
INSERT INTO lapsed_run (schedule, slot_at, tenant, workgroup, job, due_at, created_at, state)
SELECT e ->> 0, (e ->> 1)::bigint, e ->> 2, e ->> 3, e ->> 4, (e ->> 5)::bigint, $2,
       CASE WHEN (e ->> 5)::bigint <= $2 THEN 'available' ELSE 'scheduled' END
FROM jsonb_array_elements($1::jsonb) e
ON CONFLICT DO NOTHING
