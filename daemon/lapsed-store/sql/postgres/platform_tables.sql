-- Tables that are not the daemon's, where the reference schema would be.
SELECT c.relname::text
FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace
  AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
ORDER BY c.relname
