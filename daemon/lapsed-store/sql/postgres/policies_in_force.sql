-- The versions in force, from the same JSON list as they are kept from. Answers the tenants for whom that is new.
INSERT INTO lapsed_policy_in_force AS f (tenant, hash, since)
SELECT e ->> 0, e ->> 1, (e ->> 3)::bigint
FROM jsonb_array_elements($1::jsonb) e
ON CONFLICT (tenant) DO UPDATE SET hash = excluded.hash, since = excluded.since
WHERE f.hash <> excluded.hash
RETURNING tenant
