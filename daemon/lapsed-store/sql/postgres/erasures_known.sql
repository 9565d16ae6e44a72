-- Those of a JSON list of batches that the store knows.
SELECT batch
FROM lapsed_erasure
WHERE batch IN (SELECT e FROM jsonb_array_elements_text($1::jsonb) e)
