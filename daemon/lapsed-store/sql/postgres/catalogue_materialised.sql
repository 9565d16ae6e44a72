-- Materialised views, each with the tables that it was filled from, through whatever views lie in between. What a view
-- reads stands beside the rule that makes it one; a partition is a part of its table.
WITH RECURSIVE reads (view, relation) AS (
    SELECT r.ev_class, d.refobjid
    FROM pg_rewrite r
    JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
    WHERE d.refclassid = 'pg_class'::regclass
      AND d.refobjid <> r.ev_class
      AND r.rulename = '_RETURN'
),
filled (view, relation) AS (
    SELECT m.oid, r.relation
    FROM pg_class m
    JOIN reads r ON r.view = m.oid
    WHERE m.relkind = 'm'
    UNION
    SELECT f.view, r.relation
    FROM filled f
    JOIN reads r ON r.view = f.relation
)
SELECT DISTINCT
       CASE vn.nspname WHEN 'public' THEN v.relname::text ELSE vn.nspname || '.' || v.relname END AS view,
       CASE tn.nspname WHEN 'public' THEN t.relname::text ELSE tn.nspname || '.' || t.relname END AS "table"
FROM filled f
JOIN pg_class v ON v.oid = f.view
JOIN pg_namespace vn ON vn.oid = v.relnamespace
JOIN pg_class t ON t.oid = coalesce(pg_partition_root(f.relation), f.relation)
JOIN pg_namespace tn ON tn.oid = t.relnamespace
WHERE t.relkind IN ('r', 'p', 'f')
ORDER BY 1, 2
