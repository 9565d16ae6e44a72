-- Which of these runs are still held, from a JSON list of rows: run, owner, fence.
SELECT r.id
FROM json_each($1) l
JOIN lapsed_run r ON r.id = l.value ->> 0
WHERE +r.owner = l.value ->> 1
  AND r.fence = l.value ->> 2
  AND +r.state = 'running'
