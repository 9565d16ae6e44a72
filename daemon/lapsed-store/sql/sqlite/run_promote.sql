-- Runs whose time $1 has come.
UPDATE lapsed_run
SET state = 'available'
WHERE id IN (
    SELECT id
    FROM lapsed_run
    WHERE state IN ('scheduled', 'retryable') AND due_at <= $1
    LIMIT 10000
)
RETURNING tenant
