-- There is one writer, and nothing to lock; $1 are tenants with what they were served.
SELECT 1 WHERE $1 IS NULL
