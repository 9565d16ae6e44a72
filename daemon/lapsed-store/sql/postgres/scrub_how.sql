-- What may be done about the table $1, from which people were erased since $2: whether the role may vacuum it (its owner, and from
-- version 17 on whoever was given MAINTAIN), whether there is the function of config/postgres/role.sql to analyse it by, and
-- whether somebody analysed it since. Versions before 17 do not know MAINTAIN, and must not be asked for it.
SELECT pg_has_role(c.relowner, 'USAGE')
           OR CASE WHEN current_setting('server_version_num')::integer >= 170000
                   THEN has_table_privilege(c.oid, 'MAINTAIN') ELSE FALSE END AS may_vacuum,
       coalesce(has_function_privilege(to_regprocedure('lapsed_analyse(regclass)'), 'EXECUTE'), FALSE) AS may_analyse,
       coalesce(greatest(s.last_analyze, s.last_autoanalyze) > to_timestamp($2 / 1000.0), FALSE) AS done
FROM pg_class c
LEFT JOIN pg_stat_all_tables s ON s.relid = c.oid
WHERE c.oid = to_regclass($1)
