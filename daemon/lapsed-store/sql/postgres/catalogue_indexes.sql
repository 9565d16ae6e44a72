-- Indexes with their columns in order, by the name that a statement has to write; an expression has no name. Columns
-- that an index only carries along (INCLUDE) are no way to search, and neither is an index that was never completed.
SELECT CASE n.nspname WHEN 'public' THEN c.relname::text ELSE n.nspname || '.' || c.relname END AS "table",
       CASE n.nspname WHEN 'public' THEN format('%I', x.relname) ELSE format('%I.%I', n.nspname, x.relname) END
           AS "index",
       coalesce(a.attname::text, '') AS "column"
FROM pg_index i
JOIN pg_class x ON x.oid = i.indexrelid
JOIN pg_class c ON c.oid = i.indrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
CROSS JOIN generate_series(0, i.indnkeyatts - 1) AS p (place)
LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[p.place] AND a.attnum > 0
WHERE i.indisvalid
  AND NOT c.relispartition
  AND n.nspname !~ '^pg_'
ORDER BY n.nspname, c.relname, x.relname, p.place
