-- What the server is, what the role is there, and for how many more connections there is room.
SELECT CAST(current_setting('server_version_num') AS bigint) / 10000 AS version,
       current_setting('autovacuum') = 'on' AND current_setting('track_counts') = 'on' AS autovacuum,
       r.rolsuper AS superuser,
       current_user::text AS role,
       CAST(current_setting('max_connections') AS bigint)
       - CAST(current_setting('superuser_reserved_connections') AS bigint)
       - CAST(coalesce(current_setting('reserved_connections', TRUE), '0') AS bigint)
       - (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS room
FROM pg_roles r
WHERE r.rolname = current_user
