-- Tables of which row-level security decides what the role sees and changes. Policies are not read: one that shows every
-- row lets no row be changed by that, and the next one may be another.
SELECT CASE n.nspname WHEN 'public' THEN c.relname::text ELSE n.nspname || '.' || c.relname END
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p')
  AND n.nspname NOT IN ('pg_catalog', 'information_schema', current_schema())
  AND has_schema_privilege(n.oid, 'USAGE')
  AND has_any_column_privilege(c.oid, 'SELECT')
  AND row_security_active(c.oid)
ORDER BY 1
