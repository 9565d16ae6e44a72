-- What files of the machine $1 said, from a JSON list of rows: tenant, hash.
INSERT INTO lapsed_policy_file (node, tenant, hash)
SELECT $1, e ->> 0, e ->> 1
FROM jsonb_array_elements($2::jsonb) e
ON CONFLICT (node, tenant) DO UPDATE SET hash = excluded.hash
