-- Those of the batches in $1 are gone.
DELETE FROM lapsed_remnant WHERE number = ANY (ARRAY(SELECT e::bigint FROM jsonb_array_elements_text($1::jsonb) e))
