-- Moves tenants on by what they were served, from a JSON list of rows; who has nothing available leaves the line.
UPDATE lapsed_turn t
SET vtime = t.vtime + (s ->> 1)::bigint,
    waiting = CASE
        WHEN (SELECT 1 FROM lapsed_run r WHERE r.tenant = t.tenant AND r.state = 'available' LIMIT 1) IS NULL THEN 0
        ELSE 1
    END
FROM jsonb_array_elements($1::jsonb) s
WHERE t.tenant = s ->> 0
  AND t.tenant = ANY (ARRAY(SELECT e ->> 0 FROM jsonb_array_elements($1::jsonb) e))
