-- Earlier slots for schedules, from a JSON list of rows; what was moved since it was looked at stays where it is.
UPDATE lapsed_schedule
SET next_slot_at = e.value ->> 1, counts_from = min(counts_from, $2)
FROM json_each($1) e
WHERE lapsed_schedule.id = e.value ->> 0
  AND lapsed_schedule.next_slot_at = e.value ->> 2
