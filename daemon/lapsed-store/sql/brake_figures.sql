-- What the workgroup $1/$2 had before the plan $4, in the way $3: earlier plans that somebody approved or carried out, and
-- people who were anonymised since $5.
SELECT count(CASE
           WHEN p.of_one = 0 AND p.subjects > 0 AND (p.state <> 'planned' OR a.approved_at IS NOT NULL) THEN 1
       END) AS earlier,
       (SELECT CAST(coalesce(sum(e.people), 0) AS BIGINT)
        FROM lapsed_erasure e
        WHERE e.tenant = $1 AND e.workgroup = $2 AND e.way = 'automatic' AND e.at > $5) AS recent
FROM lapsed_plan p
LEFT JOIN lapsed_approval a ON a.plan = p.id
WHERE p.tenant = $1 AND p.workgroup = $2 AND p.way = $3 AND p.id <> $4
