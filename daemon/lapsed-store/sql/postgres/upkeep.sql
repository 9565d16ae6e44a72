-- Whether autovacuum was told to leave the table $1 alone.
SELECT coalesce(
           (
               SELECT NOT CAST(o.option_value AS boolean)
               FROM pg_options_to_table(c.reloptions) o
               WHERE o.option_name = 'autovacuum_enabled'
           ),
           FALSE
       ) AS left_alone
FROM pg_class c
WHERE c.oid = to_regclass($1)
