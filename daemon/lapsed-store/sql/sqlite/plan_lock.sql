-- A plan as it stands inside a batch. There is one writer, so nobody else is at it.
SELECT *
FROM lapsed_plan
WHERE id = $1
