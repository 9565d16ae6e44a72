-- The role of lapsed in your database, with the least that it can work with.
--
--   psql --single-transaction --file role.sql "dbname=YOUR_DATABASE"
--
-- Run it once, before `lapsed migrate`, as a superuser, or as a role that may create roles and owns your platform's tables.
-- It can be run again, after new tables came along. The names `lapsed` (role and schema) and `public` (your schema) are the
-- usual ones: where yours differ, change them here; the daemon's schema also stands in the settings, under
-- `[store] schema`.
--
-- No password stands here. Give the role one with `\password lapsed` and hand it to the daemon as a credential, or let
-- pg_hba.conf recognise the daemon by the system's user (`peer`).


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
CREATE SCHEMA IF NOT EXISTS lapsed AUTHORIZATION lapsed;

DO $$
BEGIN
    EXECUTE format('GRANT CONNECT, TEMPORARY ON DATABASE %I TO lapsed', current_database());
END
$$;


-- ── What it reads ───────────────────────────────────────────────────────────────────────────────────────────────

-- Everything, also what nobody named in the dataset: otherwise a new table with personal data could not be noticed, and
-- `lapsed scan` could not look for what should be gone. The last line is for tables that come later, and holds for those
-- that are created by the role that runs this script; your owner's, if it is another: ALTER DEFAULT PRIVILEGES FOR ROLE …
GRANT USAGE ON SCHEMA public TO lapsed;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO lapsed;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO lapsed;


-- ── What erasing writes ─────────────────────────────────────────────────────────────────────────────────────────

-- UPDATE on the table of the people, and on each table of the dataset of which erasing changes a column; UPDATE is also
-- the right to lock a person's row, so that nobody buys while they are erased. Where the dataset says
-- `erase = "rows"`, DELETE besides. These are the tables of the reference schema:
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


-- ── Upkeep ──────────────────────────────────────────────────────────────────────────────────────────────────────

-- An erased value is gone for every query over the table at once, but the statistics of the planner (pg_stats) still
-- name common values, and dead rows lie in the table's file. So the daemon runs VACUUM (ANALYZE) on the tables
-- that it erased from. Which right that takes depends on the version:
--
--   17 and later   a right of its own, given below.
--   15 and 16      only the owner of a table may, or the owner of the database. Either make lapsed the owner of the
--                  database (ALTER DATABASE your_database OWNER TO lapsed), which opens no table to it but lets it
--                  create schemas and drop the database; or make it a member of the role that owns the
--                  tables (GRANT your_owner TO lapsed), which lets it do everything to them; or give it neither, and
--                  leave the work to autovacuum, which comes when a table has changed enough: until then `lapsed status`
--                  says that there are remnants.
DO $$
BEGIN
    IF current_setting('server_version_num')::integer >= 170000 THEN
        GRANT MAINTAIN ON ALL TABLES IN SCHEMA public TO lapsed;
        ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT MAINTAIN ON TABLES TO lapsed;
    END IF;
END
$$;
