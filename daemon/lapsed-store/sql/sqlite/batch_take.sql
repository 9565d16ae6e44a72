-- The next $3 people of the plan $1, behind the key $2.
INSERT INTO lapsed_batch (subject, rule)
SELECT subject, rule
FROM lapsed_plan_subject
WHERE plan = $1 AND subject > $2
ORDER BY subject
LIMIT $3
