-- How runs ended, from a JSON list of rows: run, owner, fence, state, finished, outcome, error, due, attempts given back.
UPDATE lapsed_run
SET state = e.value ->> 3,
    finished_at = e.value ->> 4,
    outcome = e.value ->> 5,
    error = coalesce(e.value ->> 6, CASE e.value ->> 3 WHEN 'completed' THEN NULL ELSE error END),
    due_at = coalesce(e.value ->> 7, due_at),
    attempt = max(0, attempt - (e.value ->> 8)),
    owner = NULL
FROM json_each($1) e
WHERE lapsed_run.id = e.value ->> 0
  AND +lapsed_run.owner = e.value ->> 1
  AND lapsed_run.fence = e.value ->> 2
  AND +lapsed_run.state = 'running'
RETURNING id
