-- The daemon's own columns that may hold text of people; not digests, keys and the text of policies.
SELECT t.name, c.name
FROM sqlite_schema t
JOIN pragma_table_xinfo(t.name) c
WHERE t.type = 'table'
  AND t.name LIKE 'lapsed\_%' ESCAPE '\'
  AND t.name NOT IN ('lapsed_migration', 'lapsed_key', 'lapsed_identity', 'lapsed_daemon', 'lapsed_policy')
  AND c.type IN ('TEXT', 'ANY')
  AND c.name NOT IN ('hash', 'policy_hash', 'dataset_hash', 'salt', 'payload_digest', 'mac', 'check_value')
ORDER BY t.name, c.cid
