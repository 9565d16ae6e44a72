-- Erasures that waited for the hold $3, all of the tenant $1 where $2 is 1, and those of the people $4, for whichever
-- hold they waited. People may have asked another tenant, so rows are locked in the order of their ids, as everybody does.
UPDATE lapsed_request
SET waits_for = NULL
WHERE id = ANY (ARRAY(
    SELECT id
    FROM lapsed_request
    WHERE state = 'open' AND kind = 'erasure' AND waits_for IS NOT NULL
      AND ($2 = 1 AND tenant = $1 OR waits_for = $3 OR subject IN (SELECT e FROM jsonb_array_elements($4::jsonb) e))
    ORDER BY id
    FOR UPDATE
))
RETURNING id, tenant, workgroup
