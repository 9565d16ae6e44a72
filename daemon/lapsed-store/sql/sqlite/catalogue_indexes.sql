-- Indexes with their columns in order; an expression has no name.
SELECT t.name AS "table",
       i.name AS "index",
       coalesce(c.name, '') AS "column"
FROM sqlite_schema t
JOIN pragma_index_list(t.name) i
JOIN pragma_index_info(i.name) c
WHERE t.type = 'table'
ORDER BY t.name, i.name, c.seqno
