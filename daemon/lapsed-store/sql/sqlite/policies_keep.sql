-- Versions of policies, from a JSON list of rows; one that was in force before stays as it is.
INSERT INTO lapsed_policy (tenant, hash, text, in_force_from)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3
FROM json_each($1)
WHERE true
ON CONFLICT DO NOTHING
