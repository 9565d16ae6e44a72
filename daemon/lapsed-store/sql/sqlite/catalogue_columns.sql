-- Columns of every table and view but the daemon's and SQLite's own, in the order of their tables.
SELECT t.name AS "table",
       NULL AS schema,
       t.type = 'view' AS is_view,
       FALSE AS is_filled,
       coalesce((SELECT l.strict FROM pragma_table_list(t.name) l WHERE l.schema = 'main'), 0) AS is_strict,
       '' AS lacks,
       c.name,
       c.type AS declared,
       c."notnull" = 0 AND c.pk = 0 AS nullable,
       c.pk > 0 AS primary_key
FROM sqlite_schema t
JOIN pragma_table_xinfo(t.name) c
WHERE t.type IN ('table', 'view')
  AND t.name NOT LIKE 'sqlite\_%' ESCAPE '\'
  AND t.name NOT LIKE 'lapsed\_%' ESCAPE '\'
  AND c.hidden = 0
ORDER BY t.name, c.cid
