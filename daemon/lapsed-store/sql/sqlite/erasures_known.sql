-- Those of a JSON list of batches that the store knows.
SELECT batch
FROM lapsed_erasure
WHERE batch IN (SELECT value FROM json_each($1))
