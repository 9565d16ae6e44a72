//! The demo's invented people, for tests that need thousands.

use lapsed_model::Statement;

/// What `config/demo/sqlite.sql` asks for: how many `customers` there are at `today`, in a theatre and a salon that
/// stand for the workgroups `house` and `studio` of a world.
#[must_use]
pub fn demo_inputs(customers: i64, today: i64) -> Vec<Statement> {
    let plain = |sql: &str| Statement {
        sql: sql.to_owned(),
        binds: Vec::new(),
    };
    vec![
        plain("CREATE TEMP TABLE demo (customers INTEGER, today INTEGER, seed INTEGER)"),
        Statement {
            sql: "INSERT INTO temp.demo VALUES ($1, $2, 7)".to_owned(),
            binds: vec![customers.into(), today.into()],
        },
        plain(
            "CREATE TEMP TABLE demo_workgroup (position INTEGER, key TEXT, tenant TEXT, kind TEXT, language TEXT, \
             country TEXT, share INTEGER)",
        ),
        plain(
            "INSERT INTO temp.demo_workgroup VALUES (1, 'theatre/house', 'theatre', 'theatre', 'de', 'AT', 2), \
             (2, 'theatre/studio', 'theatre', 'salon', 'fr', 'FR', 1)",
        ),
    ]
}
