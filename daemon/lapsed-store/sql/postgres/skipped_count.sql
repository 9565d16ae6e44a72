-- Slots that were left out, from a JSON list of rows; $2 is now. What was counted before only grows.
INSERT INTO lapsed_skipped AS s (schedule, first_slot, last_slot, reason, slots, noted_at)
SELECT e ->> 0, (e ->> 1)::bigint, (e ->> 2)::bigint, e ->> 3, (e ->> 4)::bigint, $2
FROM jsonb_array_elements($1::jsonb) e
ON CONFLICT (schedule, first_slot, reason) DO UPDATE
SET last_slot = excluded.last_slot, slots = excluded.slots, noted_at = excluded.noted_at
WHERE s.last_slot < excluded.last_slot
