-- Earlier slots for schedules, from a JSON list of rows; what was moved since it was looked at stays where it is. They
-- are locked in their order, so that two daemons that start never wait for each other in a circle.
UPDATE lapsed_schedule s
SET next_slot_at = e.next, counts_from = least(s.counts_from, $2)
FROM (
    SELECT o.id, (moved ->> 1)::bigint AS next
    FROM jsonb_array_elements($1::jsonb) moved
    JOIN lapsed_schedule o ON o.id = moved ->> 0 AND o.next_slot_at IS NOT DISTINCT FROM (moved ->> 2)::bigint
    ORDER BY o.id
    FOR UPDATE OF o
) e
WHERE s.id = e.id
