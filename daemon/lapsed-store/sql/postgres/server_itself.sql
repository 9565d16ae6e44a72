-- What tells servers apart, as `daemon_renew` answers it.
SELECT pg_postmaster_start_time()::text || ' ' || (SELECT oid FROM pg_database WHERE datname = current_database())
