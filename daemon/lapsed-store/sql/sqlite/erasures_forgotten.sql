-- Those of a JSON list of batches whose entries are there, and behind whose age no name is left.
SELECT e.value ->> 0 AS batch
FROM json_each($1) e
WHERE NOT EXISTS (SELECT 1 FROM lapsed_erasure o WHERE o.at <= e.value ->> 1)
  AND EXISTS (
      SELECT 1
      FROM lapsed_ledger l
      WHERE l.tenant = e.value ->> 2 AND l.sequence = e.value ->> 3 AND l.hash = e.value ->> 4
  )
