-- What the files of the machine $1 said when it took them up; and what is in force of tenants of whom it never had a file,
-- which counts as its own where no other machine had one either.
SELECT tenant, hash, TRUE AS is_here
FROM lapsed_policy_file
WHERE node = $1
UNION ALL
SELECT f.tenant, f.hash, (SELECT 1 FROM lapsed_policy_file o WHERE o.tenant = f.tenant LIMIT 1) IS NULL
FROM lapsed_policy_in_force f
WHERE (SELECT 1 FROM lapsed_policy_file own WHERE own.node = $1 AND own.tenant = f.tenant) IS NULL
