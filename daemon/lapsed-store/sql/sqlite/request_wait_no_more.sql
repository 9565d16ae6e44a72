-- Erasures that waited for the hold $3, all of the tenant $1 where $2 is 1, and those of the people $4, for whichever
-- hold they waited.
UPDATE lapsed_request
SET waits_for = NULL
WHERE state = 'open' AND kind = 'erasure' AND waits_for IS NOT NULL
  AND ($2 = 1 AND tenant = $1 OR waits_for = $3 OR subject IN (SELECT value FROM json_each($4)))
RETURNING id, tenant, workgroup
