-- The plan that the workgroup $1/$2 had in the way $3 before the plan $4, which was made at $5.
SELECT p.id
FROM lapsed_plan p
WHERE p.tenant = $1 AND p.workgroup = $2 AND p.way = $3 AND p.id <> $4 AND p.planned_at <= $5 AND p.of_one = 0
ORDER BY p.planned_at DESC, p.made DESC
LIMIT 1
