-- Takes whom it was about out of the runs $1 whose person was anonymised. That a run is finished is asked so that only the key
-- finds it: the planner takes the index over finished runs for an empty one as long as it has not counted them.
UPDATE lapsed_run
SET payload = (payload::jsonb - 'subject' - 'customer')::text,
    error = NULL,
    outcome = jsonb_set(
        outcome::jsonb - 'subject' - 'customer', '{refused}', '"the person is anonymised"', false
    )::text
WHERE id = ANY (ARRAY(SELECT e::bigint FROM jsonb_array_elements_text($1::jsonb) e))
  AND coalesce(finished_at, 0) <> 0
  AND subject IS NULL
  AND job IN ('anonymise', 'judge', 'request')
  AND payload::jsonb ?| ARRAY['subject', 'customer', 'request']
