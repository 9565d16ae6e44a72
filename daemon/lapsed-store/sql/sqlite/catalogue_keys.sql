-- Foreign keys; the columns of one key follow each other, `place` from 0.
SELECT t.name AS "table",
       k.seq AS place,
       k."from" AS "column",
       k."table" AS target
FROM sqlite_schema t
JOIN pragma_foreign_key_list(t.name) k
WHERE t.type = 'table'
ORDER BY t.name, k.id, k.seq
