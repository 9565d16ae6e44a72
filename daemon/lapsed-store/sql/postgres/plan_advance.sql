-- A plan's progress: its last person so far, and how many were anonymised and dropped.
UPDATE lapsed_plan
SET applied_to = CAST($2 AS jsonb), anonymised = anonymised + $3, dropped = dropped + $4, state = 'applying'
WHERE id = $1
