//! `lapsed check` on a server: what the role may not see or do there, and what keeps copies where erasing does not reach.

use lapsed_model::Dialect;
use lapsed_tests::only_on;

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
