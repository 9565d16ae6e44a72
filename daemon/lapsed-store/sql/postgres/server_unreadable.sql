-- Tables, in schemas that the role may enter, of which it may not read a single column: the catalogue does not list them.
SELECT CASE n.nspname WHEN 'public' THEN c.relname::text ELSE n.nspname || '.' || c.relname END
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
  AND NOT c.relispartition
  AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', current_schema())
  AND n.nspname NOT LIKE 'pg\_temp\_%'
  AND n.nspname NOT LIKE 'pg\_toast\_temp\_%'
  AND has_schema_privilege(n.oid, 'USAGE')
  AND NOT has_any_column_privilege(c.oid, 'SELECT')
ORDER BY 1
