-- All but these people, from a JSON list of keys.
DELETE FROM lapsed_batch
WHERE subject IN (SELECT e FROM jsonb_array_elements($1::jsonb) e)
