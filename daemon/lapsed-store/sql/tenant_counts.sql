-- Holds, requests and warnings of the tenant $1 as of $2.
WITH hold AS (
    SELECT kind, workgroup, subject
    FROM lapsed_hold
    WHERE tenant = $1
      AND lifted_at IS NULL
      AND (ends_at IS NULL OR ends_at > $2)
),
request AS (
    SELECT due_at
    FROM lapsed_request
    WHERE tenant = $1
      AND state = 'open'
)
SELECT
    (SELECT count(DISTINCT subject) FROM hold WHERE kind = 'person') AS people_held,
    (SELECT count(*) FROM hold WHERE kind NOT IN ('person', 'tenant')) AS records_held,
    (SELECT count(*) FROM hold WHERE kind = 'tenant') AS tenant_held,
    (SELECT count(*) FROM request) AS requests_open,
    (SELECT count(*) FROM request WHERE due_at < $2) AS requests_overdue,
    (SELECT min(due_at) FROM request) AS request_due_at,
    (SELECT count(*) FROM lapsed_warning WHERE tenant = $1 AND warn_at <= $2) AS warnings_due
