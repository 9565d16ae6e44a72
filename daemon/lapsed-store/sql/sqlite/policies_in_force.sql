-- The versions in force, from the same JSON list as they are kept from. Answers the tenants for whom that is new.
INSERT INTO lapsed_policy_in_force (tenant, hash, since)
SELECT value ->> 0, value ->> 1, value ->> 3
FROM json_each($1)
WHERE true
ON CONFLICT (tenant) DO UPDATE SET hash = excluded.hash, since = excluded.since
WHERE hash <> excluded.hash
RETURNING tenant
