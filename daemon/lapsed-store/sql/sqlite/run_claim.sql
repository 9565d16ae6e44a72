-- Leases runs to the owner $4: of each tenant in $1 its $2 oldest, the first of each before the second of any, $3 in all.
UPDATE lapsed_run
SET state = 'running', attempt = attempt + 1, fence = fence + 1, owner = $4, claimed_at = $5
WHERE +state = 'available'
  AND id IN (
    SELECT id
    FROM (
        SELECT r.id, row_number() OVER (PARTITION BY r.tenant ORDER BY r.due_at, r.id) AS place, t.key AS turn
        FROM json_each($1) t
        JOIN lapsed_run r ON r.id IN (
            SELECT o.id
            FROM lapsed_run o
            WHERE o.tenant = t.value AND o.state = 'available'
            ORDER BY o.due_at, o.id
            LIMIT $2
        )
    )
    ORDER BY place, turn
    LIMIT $3
  )
RETURNING *
