-- Settings by which a crash loses what was committed.
SELECT name, setting
FROM pg_settings
WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit')
  AND setting = 'off'
ORDER BY name
