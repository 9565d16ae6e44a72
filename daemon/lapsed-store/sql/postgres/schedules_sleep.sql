-- Schedules of the tenants $2 that their policies, of which $1 are all the schedules, do not name any more.
UPDATE lapsed_schedule
SET next_slot_at = NULL
WHERE tenant = ANY (ARRAY(SELECT e FROM jsonb_array_elements_text($2::jsonb) e))
  AND next_slot_at IS NOT NULL
  AND id NOT IN (SELECT e ->> 0 FROM jsonb_array_elements($1::jsonb) e)
