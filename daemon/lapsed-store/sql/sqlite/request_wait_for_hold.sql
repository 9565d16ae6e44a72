-- Erasures that wait for the hold $1 from now on: all of the tenant $2 where $3 is 1, and those of the people $4.
UPDATE lapsed_request
SET waits_for = $1
WHERE state = 'open' AND kind = 'erasure' AND waits_for IS NULL
  AND ($3 = 1 AND tenant = $2 OR subject IN (SELECT value FROM json_each($4)))
