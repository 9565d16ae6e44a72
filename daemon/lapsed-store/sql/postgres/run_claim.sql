-- Leases runs to the owner $4: of each tenant in $1 its $2 oldest, the first of each before the second of any, $3 in all. What
-- another daemon is claiming at this moment is passed over, and an owner whose lease has ended gets none. An array and not a
-- join: a join reads the table from end to end.
UPDATE lapsed_run
SET state = 'running', attempt = attempt + 1, fence = fence + 1, owner = $4, claimed_at = $5
WHERE id = ANY (ARRAY(
    SELECT c.id
    FROM (
        SELECT r.id, t.turn, row_number() OVER (PARTITION BY t.turn ORDER BY r.due_at, r.id) AS place
        FROM jsonb_array_elements_text($1::jsonb) WITH ORDINALITY t (tenant, turn)
        CROSS JOIN LATERAL (
            SELECT o.id, o.due_at
            FROM lapsed_run o
            WHERE o.tenant = t.tenant AND o.state = 'available'
            ORDER BY o.due_at, o.id
            LIMIT $2
            FOR UPDATE SKIP LOCKED
        ) r
    ) c
    ORDER BY c.place, c.turn
    LIMIT $3
))
  AND (SELECT 1 FROM lapsed_daemon d WHERE d.start = $4 AND d.lease_until > statement_timestamp()) IS NOT NULL
RETURNING *
