-- What a daemon has written down after some years for the other houses of a town, so that its own tables are not empty either,
-- on PostgreSQL, which decides by their size. Nobody of `theatre` is in it.

INSERT INTO lapsed_plan (id, tenant, workgroup, store_key, way, planned_at, cut_off, zone, policy_hash, dataset_hash, hash,
    rules, counts, subjects, state)
SELECT 'other-' || n, 'other', (1 + n % 20)::text, 'other/' || (1 + n % 20), 'automatic', n, n, 'Europe/London', 'p', 'd', 'h',
    '[]', '{}', 500, 'applied'
FROM generate_series(1, 40) n;

INSERT INTO lapsed_plan_subject (plan, subject, rule)
SELECT 'other-' || p, to_jsonb(900000 + n), 1
FROM generate_series(1, 40) p CROSS JOIN generate_series(1, 500) n;

-- One hold in fifty is in force, and one request in fifty is open.
INSERT INTO lapsed_hold (id, tenant, kind, workgroup, subject, created, record, reason, placed_at, placed_by, lifted_at)
SELECT 'other-' || n, 'other', CASE WHEN n % 2 = 0 THEN 'person' ELSE 'order' END,
    CASE WHEN n % 2 = 0 THEN (1 + n % 20)::text END,
    CASE WHEN n % 2 = 0 THEN to_jsonb(900000 + n) END, NULL,
    CASE WHEN n % 2 = 1 THEN 'R-' || n END, 'a lawsuit', n, 'legal', CASE WHEN n % 50 <> 0 THEN n END
FROM generate_series(1, 5000) n;

INSERT INTO lapsed_request (id, tenant, workgroup, subject, kind, received_at, due_at, recorded_by, state)
SELECT 'other-' || n, 'other', (1 + n % 20)::text, to_jsonb(900000 + n),
    CASE WHEN n % 3 = 0 THEN 'access' ELSE 'erasure' END, n, n, 'office',
    CASE WHEN n % 50 = 0 THEN 'open' ELSE 'answered' END
FROM generate_series(1, 5000) n;

INSERT INTO lapsed_run (tenant, workgroup, job, created_at, due_at, state, finished_at, subject)
SELECT 'other', (1 + n % 20)::text, 'judge', n, n, 'completed', n, to_jsonb(900000 + n)
FROM generate_series(1, 5000) n;

INSERT INTO lapsed_warning (tenant, workgroup, subject, warn_at, due_at, noted_at)
SELECT 'other', (1 + n % 20)::text, to_jsonb(900000 + n), n, n, n FROM generate_series(1, 5000) n;

INSERT INTO lapsed_erased (subject, erased_at) SELECT to_jsonb(900000 + n), n FROM generate_series(1, 5000) n;
