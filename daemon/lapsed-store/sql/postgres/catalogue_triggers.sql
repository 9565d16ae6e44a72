-- What runs when rows of a table change, by the table: triggers that somebody wrote, and rules, which rewrite the
-- statement before it runs. The rule of a view that makes it one is no such thing, and neither is what was disabled.
-- Before a row is updated or deleted a trigger can put another one in its place, or leave it as it was (bits 0 to 4 of its type: for
-- each row, before, insert, delete, update); a rule can do so that does something else instead.
SELECT DISTINCT
       CASE n.nspname WHEN 'public' THEN c.relname::text ELSE n.nspname || '.' || c.relname END AS "table",
       w.name::text AS name,
       w.meddles
FROM (
    SELECT tgrelid AS relation, tgname AS name, tgtype & 3 = 3 AND tgtype & 24 > 0 AS meddles
    FROM pg_trigger
    WHERE NOT tgisinternal
      AND tgparentid = 0
      AND tgenabled <> 'D'
    UNION ALL
    SELECT ev_class, rulename, is_instead AND ev_type IN ('2', '4')
    FROM pg_rewrite
    WHERE rulename <> '_RETURN'
      AND ev_enabled <> 'D'
) w
JOIN pg_class c ON c.oid = coalesce(pg_partition_root(w.relation), w.relation)
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname !~ '^pg_'
ORDER BY 1, 2
