-- The next slots of schedules, from a JSON list of rows.
UPDATE lapsed_schedule
SET next_slot_at = moved.value ->> 1
FROM json_each($1) moved
WHERE lapsed_schedule.id = moved.value ->> 0
