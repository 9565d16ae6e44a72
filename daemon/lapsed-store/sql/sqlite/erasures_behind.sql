-- At most $3 batches behind the ends of a JSON list.
WITH ends AS (
    SELECT e.value ->> 0 AS tenant,
           (
               SELECT k.sequence
               FROM lapsed_ledger k
               WHERE k.tenant = e.value ->> 0 AND k.sequence = e.value ->> 1 AND k.hash = e.value ->> 2
           ) AS sequence
    FROM json_each($1) e
)
SELECT l.tenant, l.sequence, l.hash, b.batch
FROM ends
JOIN lapsed_erasure b ON b.tenant = ends.tenant AND b.sequence > coalesce(ends.sequence, 0) AND b.at >= $2
JOIN lapsed_ledger l ON l.tenant = b.tenant AND l.sequence = b.sequence
ORDER BY l.tenant, l.sequence
LIMIT $3
