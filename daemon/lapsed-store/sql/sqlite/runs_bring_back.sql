-- Runs that wait beyond $2 are due at $1.
UPDATE lapsed_run
SET due_at = $1
WHERE state IN ('scheduled', 'retryable') AND due_at > $2
