-- Tables of which row-level security may hide rows from the role: it is on for the role, and no policy lets it see every row,
-- or another one restricts that again.
SELECT CASE n.nspname WHEN 'public' THEN c.relname::text ELSE n.nspname || '.' || c.relname END
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p')
  AND n.nspname NOT IN ('pg_catalog', 'information_schema', current_schema())
  AND has_schema_privilege(n.oid, 'USAGE')
  AND has_any_column_privilege(c.oid, 'SELECT')
  AND row_security_active(c.oid)
  AND (
      NOT EXISTS (
          SELECT 1
          FROM pg_policy p
          WHERE p.polrelid = c.oid
            AND p.polpermissive
            AND p.polcmd IN ('r', '*')
            AND pg_get_expr(p.polqual, p.polrelid) = 'true'
            AND EXISTS (
                SELECT 1
                FROM unnest(p.polroles) AS r(role)
                WHERE CASE r.role WHEN 0 THEN TRUE ELSE pg_has_role(r.role, 'USAGE') END
            )
      )
      OR EXISTS (
          SELECT 1
          FROM pg_policy p
          WHERE p.polrelid = c.oid
            AND NOT p.polpermissive
            AND p.polcmd IN ('r', '*')
      )
  )
ORDER BY 1
