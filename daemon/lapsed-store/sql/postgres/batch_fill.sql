-- These people, from a JSON list of keys.
INSERT INTO lapsed_batch (subject)
SELECT DISTINCT e
FROM jsonb_array_elements($1::jsonb) e
