-- These people, from a JSON list of keys.
INSERT INTO lapsed_batch (subject)
SELECT DISTINCT value
FROM json_each($1)
