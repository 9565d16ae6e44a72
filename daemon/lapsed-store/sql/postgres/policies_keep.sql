-- Versions of policies, from a JSON list of rows; one that was in force before stays as it is.
INSERT INTO lapsed_policy (tenant, hash, text, in_force_from)
SELECT e ->> 0, e ->> 1, e ->> 2, (e ->> 3)::bigint
FROM jsonb_array_elements($1::jsonb) e
ON CONFLICT DO NOTHING
