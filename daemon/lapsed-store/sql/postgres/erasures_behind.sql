-- At most $3 batches behind the ends of a JSON list, and of each end no more either.
WITH ends AS (
    SELECT e ->> 0 AS tenant,
           (
               SELECT k.sequence
               FROM lapsed_ledger k
               WHERE k.tenant = e ->> 0 AND k.sequence = (e ->> 1)::bigint AND k.hash = e ->> 2
           ) AS sequence
    FROM jsonb_array_elements($1::jsonb) e
)
SELECT b.tenant, b.sequence, l.hash, b.batch
FROM ends
CROSS JOIN LATERAL (
    SELECT o.tenant, o.sequence, o.batch
    FROM lapsed_erasure o
    WHERE o.tenant = ends.tenant AND o.sequence > coalesce(ends.sequence, 0) AND o.at >= $2
    ORDER BY o.sequence
    LIMIT $3
) b
JOIN lapsed_ledger l ON l.tenant = b.tenant AND l.sequence = b.sequence
ORDER BY b.tenant, b.sequence
LIMIT $3
