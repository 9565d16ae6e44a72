-- The next ten thousand people of a plan as one JSON text, and the last of them. It is SQLite's text, letter by letter.
SELECT '[' || string_agg(
           '[' || CAST(subject AS text) || ',' || coalesce(CAST(rule AS text), 'null') || ']', ',' ORDER BY subject
       ) || ']' AS people,
       (array_agg(subject ORDER BY subject))[count(*)] AS last
FROM (
    SELECT subject, rule
    FROM lapsed_plan_subject
    WHERE plan = $1 AND subject > CAST($2 AS jsonb)
    ORDER BY subject
    LIMIT 10000
) piece
