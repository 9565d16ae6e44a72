-- The daemon's own tables.
SELECT c.relname::text
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = current_schema()
  AND c.relkind IN ('r', 'v')
  AND c.relname LIKE 'lapsed\_%'
ORDER BY c.relname
