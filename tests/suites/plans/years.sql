-- What a daemon has written down after years for ten thousand tenants with ten workgroups each: a hundred thousand rows in every
-- table that grows, of which most are done with. $NOW is now. What has passed its period since yesterday is still there.

CREATE TEMP TABLE written AS
SELECT n, 'tenant-' || 1 + n / 10 AS tenant, 'w' || n % 10 AS workgroup, to_jsonb(1000000 + n) AS subject,
    $NOW - CASE WHEN n < 99500 THEN n * 75000::bigint ELSE n * 4000000::bigint END AS at
FROM generate_series(0, 99999) n;

-- Nobody comes and counts by himself: which statistics there are is part of the story.
DO $$ DECLARE t text; BEGIN
    FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'lapsed' LOOP
        EXECUTE format('ALTER TABLE lapsed.%I SET (autovacuum_enabled = false)', t);
    END LOOP;
END $$;

INSERT INTO lapsed_policy (tenant, hash, text, in_force_from) SELECT tenant, lpad(n::text, 64, '0'), 'a policy', at FROM written;
INSERT INTO lapsed_policy_in_force (tenant, hash, since) SELECT tenant, lpad(n::text, 64, '0'), at FROM written WHERE n % 10 = 0;
INSERT INTO lapsed_policy_file (node, tenant, hash) SELECT workgroup, tenant, repeat('0', 64) FROM written;

-- The slots of one schedule in a thousand have come, the others come within a month.
INSERT INTO lapsed_schedule (id, tenant, workgroup, job, said, cron, zone, if_missed, overlap, catch_up_ms, jitter_ms,
    next_slot_at, counts_from)
SELECT 's-' || n, tenant, workgroup, 'retention', 'on the 1st at 03:00', '0 3 1 * *', 'Europe/Vienna', 'catch up',
    CASE WHEN n % 3000 = 0 THEN 'skip' ELSE 'queue one' END, 2678400000, n % 600000,
    CASE WHEN n % 1000 = 0 THEN $NOW - n ELSE $NOW + n * 25000::bigint END, 0
FROM written;

INSERT INTO lapsed_skipped (schedule, first_slot, last_slot, reason, slots, noted_at)
SELECT 's-' || n, at, at, 'missed', 1, at FROM written;

-- One run in a hundred waits to be claimed, and as many wait for their time, were begun by a daemon that is gone, or failed.
INSERT INTO lapsed_daemon (start, node, pid, program, version, started_at, lease_until, dataset)
SELECT n, 'node-' || n, n, 'lapsed run', '0', 0, statement_timestamp() - interval '1 day', 'd' FROM generate_series(1, 20) n;
SELECT setval(pg_get_serial_sequence('lapsed_daemon', 'start'), 20);

INSERT INTO lapsed_run (schedule, slot_at, tenant, workgroup, job, payload, created_at, due_at, state, attempt, fence, owner,
    finished_at, subject)
SELECT CASE WHEN n % 10 <> 7 THEN 's-' || n END, CASE WHEN n % 10 <> 7 THEN at END, tenant, workgroup,
    CASE WHEN n % 10 <> 7 THEN 'retention' ELSE 'judge' END, '{}', at,
    CASE WHEN state IN ('scheduled', 'retryable') THEN $NOW + (n - 5000) * 1000::bigint ELSE at END, state, 1, 1,
    CASE state WHEN 'running' THEN 1 + n % 20 END,
    CASE WHEN state NOT IN ('available', 'scheduled', 'running', 'retryable') THEN at END,
    CASE WHEN n % 10 = 7 THEN subject END
FROM (
    SELECT w.*, CASE n % 100 WHEN 0 THEN 'available' WHEN 1 THEN 'scheduled' WHEN 2 THEN 'running' WHEN 3 THEN 'retryable'
        WHEN 4 THEN 'discarded' WHEN 5 THEN 'cancelled' ELSE 'completed' END AS state
    FROM written w
) runs;

INSERT INTO lapsed_turn (tenant, waiting, vtime)
SELECT tenant, CASE WHEN bool_or(n % 100 = 0) THEN 1 ELSE 0 END, min(n) FROM written GROUP BY tenant;

INSERT INTO lapsed_plan (id, tenant, workgroup, store_key, way, planned_at, cut_off, zone, policy_hash, dataset_hash, hash, rules,
    counts, subjects, state, run)
SELECT 'p-' || n, CASE WHEN n < 1000 THEN 'theatre' ELSE tenant END, CASE WHEN n < 1000 THEN 'house' ELSE workgroup END,
    'theatre/house', 'automatic', at, at, 'Europe/Vienna', repeat('0', 64), repeat('0', 64), repeat('0', 64), '[]', '{}', 100,
    'applied', 1000000 + n
FROM written;
INSERT INTO lapsed_plan_subject (plan, subject, rule)
SELECT 'p-' || n % 1000, subject, 1 FROM written;
INSERT INTO lapsed_approval (plan, because, previous, asked_at, approved_at, approved_by, reason)
SELECT 'p-' || n, '[]', NULL, $NOW - n * 5000, CASE WHEN n < 1000 OR n % 200 <> 0 THEN at END, 'somebody', 'looked at' FROM written;
INSERT INTO lapsed_erasure (batch, tenant, at, people, sequence, workgroup, way)
SELECT 'b-' || n, CASE WHEN n < 1000 THEN 'theatre' ELSE tenant END, at, 1, n,
    CASE WHEN n < 1000 THEN 'house' ELSE workgroup END, 'automatic'
FROM written;
INSERT INTO lapsed_erased (subject, erased_at) SELECT subject, at FROM written;

INSERT INTO lapsed_ledger (tenant, sequence, at, kind, payload, salt, payload_digest, hash, key, mac)
SELECT tenant, 1 + n % 10, at, 'policy', '{}', 's', repeat('0', 64), repeat('0', 64), 'first', 'm' FROM written;
INSERT INTO lapsed_ledger_head (tenant, sequence, hash) SELECT DISTINCT tenant, 10, repeat('0', 64) FROM written;

-- One hold in fifty is in force, and one request in fifty is open.
INSERT INTO lapsed_hold (id, tenant, kind, workgroup, subject, record, reason, placed_at, placed_by, ends_at, lifted_at)
SELECT 'h-' || n, tenant, CASE WHEN n % 3 = 0 THEN 'person' ELSE 'order' END, CASE WHEN n % 3 = 0 THEN workgroup END,
    CASE WHEN n % 3 = 0 THEN subject END, CASE WHEN n % 3 <> 0 THEN 'R-' || n END, 'a lawsuit', at, 'legal',
    CASE WHEN n % 100 = 0 THEN $NOW + (n + 1) * 60000::bigint END, CASE WHEN n % 50 <> 0 THEN at END
FROM written;
INSERT INTO lapsed_request (id, tenant, workgroup, subject, kind, received_at, due_at, recorded_by, state, answered_at)
SELECT 'r-' || n, tenant, workgroup, subject, CASE WHEN n % 3 = 0 THEN 'access' ELSE 'erasure' END, at, at + 2678400000, 'office',
    CASE WHEN n % 50 = 0 THEN 'open' ELSE 'answered' END, CASE WHEN n % 50 <> 0 THEN at END
FROM written;
INSERT INTO lapsed_warning (tenant, workgroup, subject, warn_at, due_at, noted_at)
SELECT tenant, workgroup, subject, at, at, at FROM written;
INSERT INTO lapsed_consent (tenant, workgroup, subject, purpose, channel, state, at, source)
SELECT tenant, workgroup, subject, 'marketing', 'email', 'granted', at, 'web' FROM written;

-- Once a week everything is searched, and was today.
INSERT INTO lapsed_scan (at, tenant, people, columns, hits)
SELECT $NOW - n * 604800000::bigint, 'theatre', 100, 100, '[]' FROM generate_series(0, 12) n;

-- One file in a thousand still lies there, and names a thousand people.
INSERT INTO lapsed_export (id, tenant, workgroup, node, folder, file, asked_by, filter, state, began_at, finished_at, delete_at,
    removed_at)
SELECT 'x-' || n, tenant, workgroup, 'node-' || n % 20, '/exports', 'x-' || n || '.zip', 'the schedule', '{}',
    CASE WHEN n % 1000 = 0 THEN 'finished' ELSE 'removed' END, at, at, CASE WHEN n % 1000 = 0 THEN $NOW * 2 END,
    CASE WHEN n % 1000 <> 0 THEN at END
FROM written;
INSERT INTO lapsed_export_subject (export, subject)
SELECT 'x-' || n / 1000 * 1000, subject FROM written;
DROP TABLE written;
