-- At most $2 schedules that are due at $1, the earliest first. There is one writer, so nobody else moves them on.
SELECT id
FROM lapsed_schedule
WHERE next_slot_at <= $1
ORDER BY next_slot_at
LIMIT $2
