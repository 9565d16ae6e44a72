INSERT INTO lapsed_plan (id, tenant, workgroup, store_key, way, planned_at, cut_off, zone,
                         policy_hash, dataset_hash, rules, hash, counts, subjects, state, run, of_one)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, '', '{}', 0, 'planned', $12, $13)
ON CONFLICT (id) DO NOTHING
