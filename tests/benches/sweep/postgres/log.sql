INSERT INTO script_log (at, people)
SELECT $3, coalesce(json_agg(json_build_array(subject, rule) ORDER BY subject), '[]') FROM script_batch
