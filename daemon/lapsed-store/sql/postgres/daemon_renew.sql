-- A lease that has run out cannot be renewed: somebody may have the runs by now. What is answered tells servers apart, and how
-- many share the work.
UPDATE lapsed_daemon
SET lease_until = statement_timestamp() + $2 * interval '1 millisecond'
WHERE start = $1 AND lease_until > statement_timestamp()
RETURNING pg_postmaster_start_time()::text || ' ' || (SELECT oid FROM pg_database WHERE datname = current_database()),
    (SELECT count(*) FROM lapsed_daemon o WHERE o.lease_until > statement_timestamp())
