-- The next ten thousand people of a plan as one JSON text, and the last of them.
SELECT json_group_array(json_array(subject, rule)) AS people, max(subject) AS last
FROM (
    SELECT subject, rule
    FROM lapsed_plan_subject
    WHERE plan = $1 AND subject > $2
    ORDER BY subject
    LIMIT 10000
)
