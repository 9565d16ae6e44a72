-- Runs of the tenant $1 and the schedule $2, if any, in one of the states $3, if any; the newest $4.
SELECT *
FROM lapsed_run
WHERE ($1::text IS NULL OR tenant = $1)
  AND ($2::text IS NULL OR schedule = $2)
  AND ($3 = '[]' OR state IN (SELECT jsonb_array_elements_text($3::jsonb)))
ORDER BY id DESC
LIMIT $4
