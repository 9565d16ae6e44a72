-- Schedules of the tenants $2 that their policies, of which $1 are all the schedules, do not name any more.
UPDATE lapsed_schedule
SET next_slot_at = NULL
WHERE tenant IN (SELECT value FROM json_each($2))
  AND next_slot_at IS NOT NULL
  AND id NOT IN (SELECT value ->> 0 FROM json_each($1))
