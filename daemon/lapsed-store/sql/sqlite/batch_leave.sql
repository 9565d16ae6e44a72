-- All but these people, from a JSON list of keys.
DELETE FROM lapsed_batch
WHERE subject IN (SELECT value FROM json_each($1))
