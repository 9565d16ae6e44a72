INSERT INTO script_batch
SELECT p.subject, p.rule
FROM script_plan p CROSS JOIN customers c
WHERE p.workgroup = $1 AND c.id = p.subject AND c.workgroup = $1 AND c.anonymised_at IS NULL AND
{kept_by_none}
AND {rule} IS NOT NULL
