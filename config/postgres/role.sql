-- The role of lapsed in your database, with the least that it can work with.
--
--   psql --set=ON_ERROR_STOP=1 --single-transaction --file=role.sql "dbname=YOUR_DATABASE"
--
-- Run it once, before `lapsed migrate`, as a superuser, or as a role that may create roles and owns your platform's tables.
-- It can be run again, after new tables came along. The name `lapsed` (role and schema) is the usual one: where yours differs,
-- change it here; the daemon's schema also stands in the settings, under `[store] schema`.
--
-- No password stands here. Give the role one with `\password lapsed` and hand it to the daemon as a credential, or let
-- pg_hba.conf recognise the daemon by the system's user (`peer`).


-- ── Your schemas ────────────────────────────────────────────────────────────────────────────────────────────────

-- Every schema with tables of the platform, with commas in between: 'public, crm'. Leave none out that may hold anything
-- about people: `lapsed check` names the tables that the role cannot read.
SET lapsed.schemas = 'public';


-- ── The role ────────────────────────────────────────────────────────────────────────────────────────────────────

DO $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'lapsed') THEN
        CREATE ROLE lapsed LOGIN;
    END IF;
END
$$;


-- ── Its own tables ──────────────────────────────────────────────────────────────────────────────────────────────

-- The daemon's tables live in a schema that belongs to it, so that `lapsed migrate` needs no right to create
-- anything in yours. Who is in a batch stands in a temporary table for as long as its transaction.
--
-- Whoever is no superuser has to belong to a role to give it a schema, and does for the length of this script.
GRANT lapsed TO CURRENT_USER;
CREATE SCHEMA IF NOT EXISTS lapsed AUTHORIZATION lapsed;

DO $$
BEGIN
    EXECUTE format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO lapsed', current_database());
END
$$;


-- ── What it reads ───────────────────────────────────────────────────────────────────────────────────────────────

-- Everything, also what nobody named in the dataset: otherwise a new table with personal data could not be noticed, and
-- `lapsed scan` could not look for what should be gone. The last part is for tables that come later: it speaks for
-- whoever runs this script, and for every role that owns a table here.
DO $$
DECLARE
    place name;
    maker name;
BEGIN
    FOREACH place IN ARRAY regexp_split_to_array(current_setting('lapsed.schemas'), '\s*,\s*') LOOP
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO lapsed', place);
        EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA %I TO lapsed', place);
        FOR maker IN
            SELECT current_user
            UNION
            SELECT pg_get_userbyid(c.relowner)
            FROM pg_class c
            JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = place AND pg_has_role(c.relowner, 'MEMBER')
        LOOP
            EXECUTE format('ALTER DEFAULT PRIVILEGES FOR ROLE %I IN SCHEMA %I GRANT SELECT ON TABLES TO lapsed', maker, place);
        END LOOP;
    END LOOP;
END
$$;


-- ── What erasing writes ─────────────────────────────────────────────────────────────────────────────────────────

-- UPDATE on the table of the people, and on each table of the dataset of which erasing changes a column; UPDATE is also
-- the right to lock rows, so that nobody buys or signs in while they are erased. Where erasing changes nothing or
-- deletes rows, UPDATE of the key is enough for that, and where the dataset says `erase = "rows"`, DELETE stands beside it.
-- These are the tables of the reference schema:
GRANT UPDATE ON
    customers,
    web_users,
    orders,
    tickets,
    vouchers,
    reservations,
    appointments,
    form_answers
TO lapsed;
GRANT UPDATE (id) ON articles, memberships TO lapsed;


-- ── Upkeep ──────────────────────────────────────────────────────────────────────────────────────────────────────

-- An erased value is gone for every query over the table at once, but the statistics of the planner (pg_stats) still
-- name common values until ANALYZE, and dead rows lie in the table's file until VACUUM. From version 17 on there is a right
-- for both, given below. Before, both are the owner's alone: so that the statistics forget at once all the same, the role gets a
-- function that analyses a table, and does nothing else, as whoever runs this script; dead rows, which no query returns, are
-- left to autovacuum.
CREATE OR REPLACE FUNCTION lapsed.lapsed_analyse(target regclass) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    EXECUTE format('ANALYZE %s', target);
END
$$;
REVOKE ALL ON FUNCTION lapsed.lapsed_analyse(regclass) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION lapsed.lapsed_analyse(regclass) TO lapsed;

DO $$
DECLARE
    place name;
BEGIN
    IF current_setting('server_version_num')::integer >= 170000 THEN
        FOREACH place IN ARRAY regexp_split_to_array(current_setting('lapsed.schemas'), '\s*,\s*') LOOP
            EXECUTE format('GRANT MAINTAIN ON ALL TABLES IN SCHEMA %I TO lapsed', place);
            EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I GRANT MAINTAIN ON TABLES TO lapsed', place);
        END LOOP;
    END IF;
END
$$;


-- ── The end ─────────────────────────────────────────────────────────────────────────────────────────────────────

RESET lapsed.schemas;
REVOKE lapsed FROM CURRENT_USER;
