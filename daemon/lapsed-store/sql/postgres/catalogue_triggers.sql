-- What runs when rows of a table change, by the table: triggers that somebody wrote, and rules, which rewrite the
-- statement before it runs. The rule of a view that makes it one is no such thing, and neither is what was disabled.
SELECT CASE n.nspname WHEN 'public' THEN c.relname::text ELSE n.nspname || '.' || c.relname END AS "table",
       w.name::text AS name
FROM (
    SELECT tgrelid AS relation, tgname AS name
    FROM pg_trigger
    WHERE NOT tgisinternal
      AND tgparentid = 0
      AND tgenabled <> 'D'
    UNION ALL
    SELECT ev_class, rulename
    FROM pg_rewrite
    WHERE rulename <> '_RETURN'
      AND ev_enabled <> 'D'
) w
JOIN pg_class c ON c.oid = w.relation
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE NOT c.relispartition
  AND n.nspname !~ '^pg_'
ORDER BY n.nspname, c.relname, w.name
