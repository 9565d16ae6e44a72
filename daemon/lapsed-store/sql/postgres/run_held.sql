-- Which of these runs are still held, from a JSON list of rows: run, owner, fence.
SELECT r.id
FROM jsonb_array_elements($1::jsonb) l
JOIN lapsed_run r ON r.id = (l ->> 0)::bigint
WHERE r.owner = (l ->> 1)::bigint
  AND r.fence = (l ->> 2)::bigint
  AND r.state = 'running'
  AND (SELECT 1 FROM lapsed_daemon d WHERE d.start = r.owner AND d.lease_until > statement_timestamp()) IS NOT NULL
