-- How runs ended, from a JSON list of rows: run, owner, fence, state, finished, outcome, error, due, attempts given back. An
-- owner whose lease has ended ends nothing any more, whether or not somebody took its runs over.
UPDATE lapsed_run r
SET state = e ->> 3,
    finished_at = (e ->> 4)::bigint,
    outcome = e ->> 5,
    error = coalesce(e ->> 6, CASE e ->> 3 WHEN 'completed' THEN NULL ELSE r.error END),
    due_at = coalesce((e ->> 7)::bigint, r.due_at),
    attempt = greatest(0, r.attempt - (e ->> 8)::bigint),
    owner = NULL
FROM jsonb_array_elements($1::jsonb) e
WHERE r.id = (e ->> 0)::bigint
  AND r.owner = (e ->> 1)::bigint
  AND r.fence = (e ->> 2)::bigint
  AND r.state = 'running'
  AND r.owner = ANY (ARRAY(
      SELECT d.start FROM lapsed_daemon d WHERE d.stopped_at IS NULL AND d.lease_until > statement_timestamp()
  ))
RETURNING r.id
