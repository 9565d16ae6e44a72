-- Foreign keys, to whichever schema; the columns of one key follow each other, `place` from 0. What PostgreSQL repeats
-- for each partition is left out, and a key to a partition leads to the table that it is a part of.
SELECT CASE n.nspname WHEN 'public' THEN c.relname::text ELSE n.nspname || '.' || c.relname END AS "table",
       p.place - 1 AS place,
       a.attname::text AS "column",
       CASE tn.nspname WHEN 'public' THEN t.relname::text ELSE tn.nspname || '.' || t.relname END AS target
FROM pg_constraint k
JOIN pg_class c ON c.oid = k.conrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_class t ON t.oid = coalesce(pg_partition_root(k.confrelid), k.confrelid)
JOIN pg_namespace tn ON tn.oid = t.relnamespace
CROSS JOIN unnest(k.conkey) WITH ORDINALITY AS p (attnum, place)
JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = p.attnum
WHERE k.contype = 'f'
  AND k.conparentid = 0
  AND NOT c.relispartition
ORDER BY n.nspname, c.relname, k.conname, p.place
