-- Triggers by the table that they watch. One can leave a row as it was, by RAISE(IGNORE).
SELECT tbl_name AS "table",
       name,
       sql LIKE '%RAISE%(%IGNORE%)%' AS meddles
FROM sqlite_schema
WHERE type = 'trigger'
ORDER BY tbl_name, name
