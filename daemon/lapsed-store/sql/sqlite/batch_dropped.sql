-- Who was taken from the plan $1, behind the key $2 and up to $3, and is not in the batch any more.
UPDATE lapsed_plan_subject
SET dropped = 1
WHERE plan = $1 AND subject > $2 AND subject <= $3
  AND subject NOT IN (SELECT subject FROM lapsed_batch)
