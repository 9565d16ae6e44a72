-- Triggers by the table that they watch.
SELECT tbl_name AS "table", name
FROM sqlite_schema
WHERE type = 'trigger'
ORDER BY tbl_name, name
