-- At most $2 schedules that are due at $1, the earliest first, locked; another daemon moves those on that it has locked.
SELECT id
FROM lapsed_schedule
WHERE next_slot_at <= $1
ORDER BY next_slot_at
LIMIT $2
FOR UPDATE SKIP LOCKED
