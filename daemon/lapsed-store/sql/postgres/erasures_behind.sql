-- At most $3 batches behind the ends of a JSON list. A batch bears the time of its entry, by which an index finds it.
WITH ends AS (
    SELECT e ->> 0 AS tenant,
           (
               SELECT k.sequence
               FROM lapsed_ledger k
               WHERE k.tenant = e ->> 0 AND k.sequence = (e ->> 1)::bigint AND k.hash = e ->> 2
           ) AS sequence
    FROM jsonb_array_elements($1::jsonb) e
)
SELECT l.tenant, l.sequence, l.hash, b.batch
FROM ends
JOIN lapsed_ledger l ON l.tenant = ends.tenant AND l.sequence > coalesce(ends.sequence, 0) AND l.at >= $2
JOIN lapsed_erasure b ON b.at = l.at AND b.tenant = l.tenant AND b.sequence = l.sequence
ORDER BY l.tenant, l.sequence
LIMIT $3
