-- The next slots of schedules, from a JSON list of rows.
UPDATE lapsed_schedule s
SET next_slot_at = (moved ->> 1)::bigint
FROM jsonb_array_elements($1::jsonb) moved
WHERE s.id = moved ->> 0
