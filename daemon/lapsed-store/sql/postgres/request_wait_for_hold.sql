-- Erasures that wait for the hold $1 from now on: all of the tenant $2 where $3 is 1, and those of the people $4. People
-- may have asked another tenant, so rows are locked in the order of their ids, as everybody does.
UPDATE lapsed_request
SET waits_for = $1
WHERE id = ANY (ARRAY(
    SELECT id
    FROM lapsed_request
    WHERE state = 'open' AND kind = 'erasure' AND waits_for IS NULL
      AND ($3 = 1 AND tenant = $2 OR subject IN (SELECT e FROM jsonb_array_elements($4::jsonb) e))
    ORDER BY id
    FOR UPDATE
))
