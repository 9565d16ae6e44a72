-- Who was taken from the plan $1, behind the key $2 and up to $3, and is not in the batch any more.
UPDATE lapsed_plan_subject p
SET dropped = 1
WHERE p.plan = $1 AND p.subject > CAST($2 AS jsonb) AND p.subject <= CAST($3 AS jsonb)
  AND NOT EXISTS (SELECT 1 FROM lapsed_batch b WHERE b.subject = p.subject)
