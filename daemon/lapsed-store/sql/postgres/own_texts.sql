-- The daemon's own columns that may hold text of people; not digests, keys and the text of policies.
SELECT c.relname::text, a.attname::text
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid
WHERE n.nspname = current_schema()
  AND c.relkind = 'r'
  AND c.relname LIKE 'lapsed\_%'
  AND c.relname NOT IN ('lapsed_migration', 'lapsed_key', 'lapsed_identity', 'lapsed_daemon', 'lapsed_policy')
  AND a.attnum > 0
  AND NOT a.attisdropped
  AND a.atttypid IN ('text'::regtype, 'jsonb'::regtype)
  AND a.attname NOT IN ('hash', 'policy_hash', 'dataset_hash', 'salt', 'payload_digest', 'mac', 'check_value')
ORDER BY c.relname, a.attnum
