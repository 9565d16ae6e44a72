//! `lapsed check` on a server: what the role may not see or do there, and what keeps copies where erasing does not reach.

use std::time::{Duration, Instant};

use lapsed_model::Dialect;
use lapsed_tests::{Place, Pooler, only_on};

use crate::program::Installed;

/// A demo on a server; none where the store is a file.
fn demo() -> Option<Installed> {
    only_on(Dialect::Postgres, "whoever opens a file may do everything there").then(Installed::demo)
}

/// What `lapsed check` says, which ends with this exit code.
fn check(demo: &Installed, code: i32) -> String {
    let answer = demo.lapsed("check");
    assert_eq!(answer.code, code, "{}{}", answer.out, answer.err);
    answer.out
}

fn says(said: &str, expected: &str) {
    assert!(said.contains(expected), "{expected}\nis not said in\n{said}");
}

#[test]
fn a_table_that_hangs_on_a_customer_is_noticed_in_a_schema_that_the_role_may_not_enter() {
    let Some(demo) = demo() else { return };
    demo.sql(
        "CREATE SCHEMA crm; \
         CREATE TABLE crm.notes (id bigint PRIMARY KEY, customer bigint REFERENCES public.customers (id), said text); \
         CREATE TABLE crm.answers (note bigint REFERENCES crm.notes (id), said text); \
         CREATE TABLE crm.rooms (name text)",
    );
    let said = check(&demo, 1);
    for table in ["crm.notes", "crm.answers"] {
        says(
            &said,
            &format!("`{table}` hangs on `customers` by a foreign key, and lapsed may not read it"),
        );
    }
    says(&said, "lapsed may not read 1 table (`crm.rooms`)");
    assert_eq!(demo.lapsed("plan stadttheater/studio").code, 1);

    demo.sql("GRANT USAGE ON SCHEMA crm TO lapsed; GRANT SELECT ON ALL TABLES IN SCHEMA crm TO lapsed");
    let said = check(&demo, 1);
    says(
        &said,
        "`crm.notes` hangs on `customers` by a foreign key, and the dataset does not name it",
    );
    assert!(!said.contains("may not read"), "{said}");
}

#[test]
fn a_materialised_view_that_keeps_erased_people_is_named() {
    let Some(demo) = demo() else { return };
    demo.sql(
        "CREATE VIEW audience AS SELECT c.email, o.number FROM customers c JOIN orders o ON o.customer_id = c.id; \
         CREATE MATERIALIZED VIEW mailing AS SELECT email FROM audience; \
         CREATE MATERIALIZED VIEW programme AS SELECT name FROM events",
    );
    let said = check(&demo, 0);
    says(
        &said,
        "the materialised view `mailing` keeps what was erased from `customers`, `orders` until it is refreshed",
    );
    assert!(!said.contains("view `programme`"), "{said}");
}

#[test]
fn a_database_whose_collations_changed_under_it_is_named() {
    let Some(demo) = demo() else { return };
    assert!(!check(&demo, 0).contains("collations"));
    demo.sql("UPDATE pg_database SET datcollversion = '2.0' WHERE datname = current_database()");
    let said = check(&demo, 0);
    says(
        &said,
        "the database was made with version 2.0 of the system's collations",
    );
    says(&said, "REFRESH COLLATION VERSION");
}

#[test]
fn row_level_security_that_is_on_for_the_role_is_an_error_whatever_its_policies_say() {
    let Some(demo) = demo() else { return };
    demo.sql("ALTER TABLE orders ENABLE ROW LEVEL SECURITY");
    let expected = "row-level security decides which rows lapsed sees and changes (`orders`)";
    says(&check(&demo, 1), expected);
    // With this one it sees every order, changes none, and no statement fails.
    demo.sql("CREATE POLICY all_of_them ON orders FOR SELECT TO lapsed USING (true)");
    says(&check(&demo, 1), expected);
    assert_eq!(demo.lapsed("plan stadttheater/studio").code, 1);
    demo.sql("ALTER TABLE orders DISABLE ROW LEVEL SECURITY");
    check(&demo, 0);
}

#[test]
fn what_may_swallow_a_write_before_it_happens_is_named() {
    let Some(demo) = demo() else { return };
    demo.sql(
        "CREATE FUNCTION as_it_was() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN old; END'; \
         CREATE TRIGGER keeps BEFORE UPDATE ON customers FOR EACH ROW EXECUTE FUNCTION as_it_was(); \
         CREATE TRIGGER counts AFTER UPDATE ON customers FOR EACH ROW EXECUTE FUNCTION as_it_was(); \
         CREATE RULE stays AS ON UPDATE TO orders DO INSTEAD NOTHING",
    );
    let said = demo.lapsed("check").out;
    says(
        &said,
        "`keeps` of `customers` comes before what erasing writes, and may undo it",
    );
    says(
        &said,
        "`stays` of `orders` comes before what erasing writes, and may undo it",
    );
}

#[test]
fn what_a_server_may_lose_or_keep_is_said() {
    if !only_on(Dialect::Postgres, "a file has no server") {
        return;
    }
    let demo = Installed::demo();
    demo.sql("CREATE TABLE newsletter (mail TEXT)");
    demo.sql("REVOKE ALL ON newsletter FROM lapsed");
    let answer = demo.lapsed("check");
    assert_eq!(answer.code, 0, "{}", answer.out);
    for said in [
        // The tests' server has nothing to lose.
        "the server runs with `fsync = off`",
        "lapsed may not read 1 table (`newsletter`)",
    ] {
        assert!(answer.out.contains(said), "{said}\n{}", answer.out);
    }
    assert!(!answer.out.contains("is a superuser"), "{}", answer.out);
}

#[test]
fn a_right_that_the_role_lacks_is_a_finding_among_the_others() {
    let Some(demo) = demo() else { return };
    demo.sql(
        "REVOKE SELECT ON vouchers FROM lapsed; REVOKE UPDATE ON orders FROM lapsed; \
         ALTER TABLE customers ADD COLUMN nickname text",
    );
    let said = check(&demo, 1);
    for expected in [
        "lapsed may not read `vouchers`",
        "lapsed may not run this query: permission denied for table vouchers",
        "lapsed lacks the right to UPDATE `orders`",
        "run `role.sql` again",
        "nobody said what erasing does to `nickname` of `customers`",
    ] {
        says(&said, expected);
    }
    demo.sql(
        "GRANT SELECT ON vouchers TO lapsed; GRANT UPDATE ON orders TO lapsed; ALTER TABLE customers DROP COLUMN nickname",
    );
    check(&demo, 0);
}

/// Has the settings say this under `[store]`.
fn leads(demo: &Installed, way: &str) {
    demo.keeps_its_store_here();
    let path = demo.path("lapsed.toml");
    let settings = std::fs::read_to_string(&path).expect("the settings are there");
    let old = demo.place().settings();
    assert!(settings.contains(&old), "{settings}");
    std::fs::write(path, settings.replacen(&old, way, 1)).expect("written");
}

/// The name of the demo's database.
fn database(demo: &Installed) -> &str {
    match demo.place() {
        Place::Database(database) => database.name(),
        Place::File(_) => unreachable!("these stories are told on a server"),
    }
}

#[test]
fn a_pooler_without_a_way_around_it_is_said_in_one_sentence() {
    let Some(demo) = demo() else { return };
    leads(
        &demo,
        &format!("url = \"{}\"", Pooler::shared().url(database(&demo))),
    );
    // What the first one prepared is still there for the second.
    let answers = [demo.lapsed("check"), demo.lapsed("check")];
    let last = &answers[1];
    assert_eq!(last.code, 3, "{}{}", last.out, last.err);
    says(&last.err, "`[store] url` leads through a pooler");
    says(&last.err, "name the server itself under `direct_url`");
}

#[test]
fn a_way_that_leads_nowhere_is_said_at_once_and_by_its_name() {
    let Some(demo) = demo() else { return };
    let begun = Instant::now();
    let nowhere = "postgres://lapsed@127.0.0.1:1/boxoffice";
    leads(&demo, &format!("url = \"{nowhere}\""));
    let refused = demo.lapsed("status");
    assert_eq!(refused.code, 3, "{}", refused.err);
    says(&refused.err, "nobody listens at 127.0.0.1:1, where `url` leads");

    let Place::Database(here) = demo.place() else {
        return;
    };
    leads(
        &demo,
        &format!("url = \"{}\"\ndirect_url = \"{nowhere}\"", here.url()),
    );
    let refused = demo.lapsed("check");
    assert_eq!(refused.code, 3, "{}", refused.err);
    says(
        &refused.err,
        "nobody listens at 127.0.0.1:1, where `direct_url` leads",
    );

    leads(&demo, "url = \"postgres://lapsed@%2Fnowhere/boxoffice\"");
    says(
        &demo.lapsed("status").err,
        "nobody listens at /nowhere/.s.PGSQL.5432",
    );
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
}

#[test]
fn an_address_that_does_not_say_what_somebody_meant_is_refused_at_its_letters() {
    let Some(demo) = demo() else { return };
    for (url, said, help) in [
        (
            "postgres://lapsed@db.example.org/boxoffice?sslmod=verify-full",
            "the address has `sslmod`, which is no option",
            "did you mean `sslmode`?",
        ),
        (
            "postgres://lapsed@db.example.org/boxoffice?sslmode=verify-ful",
            "the address has `verify-ful`, which is no value of `sslmode`",
            "did you mean `verify-full`?",
        ),
        (
            "postgres://localhost/boxoffice",
            "the address names no role",
            "postgres://lapsed@",
        ),
    ] {
        leads(&demo, &format!("url = \"{url}\""));
        let answer = check(&demo, 1);
        says(&answer, said);
        says(&answer, help);
    }
}

#[test]
fn a_server_on_another_machine_whose_certificate_nobody_checks_is_named() {
    let Some(demo) = demo() else { return };
    // It may well not be there: the way to it is looked at first.
    let warning = "`url` leads to db.invalid without checking its certificate";
    leads(
        &demo,
        "url = \"postgres://lapsed@db.invalid/boxoffice?sslmode=require\"",
    );
    says(&demo.lapsed("check").out, warning);
    leads(
        &demo,
        "url = \"postgres://lapsed@db.invalid/boxoffice?sslmode=verify-full\"",
    );
    assert!(!demo.lapsed("check").out.contains("without checking"));
}
