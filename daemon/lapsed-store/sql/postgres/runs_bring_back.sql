-- Runs that wait beyond $2 are due at $1. They are locked in their order, so that two daemons that start never wait for
-- each other in a circle.
UPDATE lapsed_run
SET due_at = $1
WHERE id = ANY (ARRAY(
    SELECT id
    FROM lapsed_run
    WHERE state IN ('scheduled', 'retryable') AND due_at > $2
    ORDER BY id
    FOR UPDATE
))
