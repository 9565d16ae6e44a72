INSERT INTO script_batch
SELECT p.subject, p.rule
FROM script_plan p JOIN customers c ON c.id = p.subject
WHERE p.workgroup = $1 AND c.workgroup = $1 AND c.anonymised_at IS NULL AND
{kept_by_none}
AND {rule} IS NOT NULL
