-- Runs of the tenant $1 and the schedule $2, if any, in one of the states $3, if any; the newest $4.
SELECT *
FROM lapsed_run
WHERE ($1 IS NULL OR tenant = $1)
  AND ($2 IS NULL OR schedule = $2)
  AND ($3 = '[]' OR state IN (SELECT value FROM json_each($3)))
ORDER BY id DESC
LIMIT $4
