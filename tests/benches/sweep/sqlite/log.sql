INSERT INTO script_log (at, people)
SELECT $3, json_group_array(json_array(subject, rule)) FROM script_batch
