-- Every plan of the tenant $1 that waits or waited, the newest first.
SELECT a.*, p.tenant, p.workgroup
FROM lapsed_approval a
JOIN lapsed_plan p ON p.id = a.plan
WHERE p.tenant = $1
ORDER BY p.planned_at DESC, p.made DESC
