-- Columns of every table and view that the role may read, but the daemon's and PostgreSQL's own, in the order of their
-- tables. A table is called as datasets write it: with its schema in front, unless that is `public`. Partitions are the
-- partitioned table's own business, and a domain is told as the type that it stands for: casts go by that.
WITH RECURSIVE standing_for (domain, type, modifier, not_null) AS (
    SELECT oid, typbasetype, typtypmod, typnotnull
    FROM pg_type
    WHERE typtype = 'd'
    UNION ALL
    SELECT d.domain, t.typbasetype, greatest(d.modifier, t.typtypmod), d.not_null OR t.typnotnull
    FROM standing_for d
    JOIN pg_type t ON t.oid = d.type
    WHERE t.typtype = 'd'
),
base AS (
    SELECT d.*
    FROM standing_for d
    JOIN pg_type t ON t.oid = d.type
    WHERE t.typtype <> 'd'
)
SELECT CASE n.nspname WHEN 'public' THEN c.relname::text ELSE n.nspname || '.' || c.relname END AS "table",
       CASE n.nspname WHEN 'public' THEN NULL ELSE n.nspname::text END AS schema,
       c.relkind IN ('v', 'm') AS is_view,
       c.relkind = 'm' AND c.relispopulated AS is_filled,
       TRUE AS is_strict,
       concat_ws(
           ' ',
           CASE WHEN NOT has_any_column_privilege(c.oid, 'UPDATE') THEN 'UPDATE' END,
           CASE WHEN NOT has_table_privilege(c.oid, 'DELETE') THEN 'DELETE' END
       ) AS lacks,
       a.attname::text AS name,
       format_type(coalesce(b.type, a.atttypid), coalesce(b.modifier, a.atttypmod)) AS declared,
       NOT (a.attnotnull OR coalesce(b.not_null, FALSE)) AS nullable,
       coalesce(a.attnum = ANY (k.conkey), FALSE) AS primary_key
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid
LEFT JOIN pg_constraint k ON k.conrelid = c.oid AND k.contype = 'p'
LEFT JOIN base b ON b.domain = a.atttypid
WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm')
  AND NOT c.relispartition
  AND n.nspname !~ '^pg_'
  AND n.nspname <> 'information_schema'
  AND NOT (n.nspname = current_schema() AND c.relname LIKE 'lapsed\_%')
  AND has_schema_privilege(n.oid, 'USAGE')
  AND has_any_column_privilege(c.oid, 'SELECT')
  AND a.attnum > 0
  AND NOT a.attisdropped
ORDER BY n.nspname, c.relname, a.attnum
