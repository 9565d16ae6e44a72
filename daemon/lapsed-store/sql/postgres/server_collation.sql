-- The version of the library's alphabet by which the database was made, and the one that it sorts by now, where they differ.
SELECT datcollversion, pg_database_collation_actual_version(oid)
FROM pg_database
WHERE datname = current_database()
  AND datcollversion <> pg_database_collation_actual_version(oid)
