-- The newest search for remains, of the tenant $1 or of all.
SELECT at, tenant, people, json_array_length(hits::json) AS hits
FROM lapsed_scan
WHERE CAST($1 AS TEXT) IS NULL OR tenant = $1
ORDER BY id DESC
LIMIT 1
