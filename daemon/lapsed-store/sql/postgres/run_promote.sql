-- Runs whose time $1 has come, less those that another daemon has in hand.
UPDATE lapsed_run
SET state = 'available'
WHERE id = ANY (ARRAY(
    SELECT id
    FROM lapsed_run
    WHERE state IN ('scheduled', 'retryable') AND due_at <= $1
    LIMIT 10000
    FOR UPDATE SKIP LOCKED
))
RETURNING tenant
