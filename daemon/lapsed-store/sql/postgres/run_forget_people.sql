-- Takes whom it was about out of the runs $1 whose person was anonymised.
UPDATE lapsed_run
SET payload = (payload::jsonb - 'subject' - 'customer')::text,
    error = NULL,
    outcome = jsonb_set(
        outcome::jsonb - 'subject' - 'customer', '{refused}', '"the person is anonymised"', false
    )::text
WHERE id = ANY (ARRAY(SELECT e::bigint FROM jsonb_array_elements_text($1::jsonb) e))
  AND finished_at IS NOT NULL
  AND subject IS NULL
  AND job IN ('anonymise', 'judge', 'request')
  AND payload::jsonb ?| ARRAY['subject', 'customer', 'request']
