-- Slots that were left out, from a JSON list of rows; $2 is now. What was counted before only grows.
INSERT INTO lapsed_skipped (schedule, first_slot, last_slot, reason, slots, noted_at)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, $2
FROM json_each($1)
WHERE true
ON CONFLICT DO UPDATE SET last_slot = excluded.last_slot, slots = excluded.slots, noted_at = excluded.noted_at
WHERE last_slot < excluded.last_slot
