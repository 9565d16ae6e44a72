-- Those of a JSON list of batches whose entries are there, and behind whose age no name is left.
SELECT e ->> 0 AS batch
FROM jsonb_array_elements($1::jsonb) e
WHERE NOT EXISTS (SELECT 1 FROM lapsed_erasure o WHERE o.at <= (e ->> 1)::bigint)
  AND EXISTS (
      SELECT 1
      FROM lapsed_ledger l
      WHERE l.tenant = e ->> 2 AND l.sequence = (e ->> 3)::bigint AND l.hash = e ->> 4
  )
