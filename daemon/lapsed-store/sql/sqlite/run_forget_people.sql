-- Takes whom it was about out of the runs $1 whose person was anonymised.
UPDATE lapsed_run
SET payload = json_remove(payload, '$.subject', '$.customer'),
    error = NULL,
    outcome = json_replace(json_remove(outcome, '$.subject', '$.customer'), '$.refused', 'the person is anonymised')
WHERE id IN (SELECT value FROM json_each($1))
  AND finished_at IS NOT NULL
  AND subject IS NULL
  AND job IN ('anonymise', 'judge', 'request')
  AND CASE WHEN json_valid(payload) THEN coalesce(
      json_type(payload, '$.subject'), json_type(payload, '$.customer'), json_type(payload, '$.request')
  ) IS NOT NULL END
