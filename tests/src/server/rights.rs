//! What the daemon's role may do in a test's database: what the operator is told to grant, and nothing else.

use std::collections::BTreeSet;

use tokio::sync::Mutex;
use toml::Table;

use crate::Platform;

/// What ships. Up to the tables of the reference schema it is the same for every platform.
const SHIPPED: &str = include_str!("../../../config/postgres/role.sql");

/// The headings of the part that names tables, and of the one behind it.
const WRITES: &str = "-- ── What erasing writes";
const UPKEEP: &str = "-- ── Upkeep";

/// What a careful administrator takes away first: otherwise everybody may do part of what the script grants, and a grant that
/// it lacks would go unnoticed.
const NOTHING_FOR_EVERYBODY: &str =
    "DO $$ BEGIN EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database()); END $$;
    REVOKE ALL ON SCHEMA public FROM PUBLIC;";

/// Where the script says which schemas are the platform's.
const SCHEMAS: &str = "SET lapsed.schemas = 'public'";

/// Lets the daemon into the platform's database.
pub(crate) async fn let_in(platform: &Platform, script: &str) {
    // Roles belong to the whole server, and who changes one at the same time as somebody else is refused.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());
    let _alone = ONE_AT_A_TIME.lock().await;
    platform.run(NOTHING_FOR_EVERYBODY).await;
    platform.run(script).await;
}

/// The script that lets the daemon into a database with the reference schema.
pub(crate) fn reference() -> String {
    SHIPPED.to_owned()
}

/// The same for a database with no platform in it.
pub(crate) fn nobodys() -> String {
    around("")
}

/// The same for the platform that a dataset describes: each table that erasing writes to, and no other.
pub(crate) fn of_dataset(text: &str) -> String {
    let dataset: Table = text.parse().expect("a dataset is TOML");
    let subject = dataset.get("subject").and_then(toml::Value::as_table);
    let related = dataset.get("related").and_then(toml::Value::as_array);
    let related = related.into_iter().flatten().filter_map(toml::Value::as_table);
    let grants: String = subject.into_iter().chain(related).map(grant).collect();
    // Tables in schemas of their own are named with them.
    let schemas: BTreeSet<&str> = grants
        .lines()
        .filter_map(|grant| grant.split_whitespace().nth(3)?.split_once('.'))
        .map(|(schema, _)| schema)
        .collect();
    let schemas: String = schemas.into_iter().map(|schema| format!(", {schema}")).collect();
    around(&grants).replacen(SCHEMAS, &format!("SET lapsed.schemas = 'public{schemas}'"), 1)
}

fn grant(table: &Table) -> String {
    let says = |key: &str| table.get(key).and_then(toml::Value::as_str);
    let name = says("table").expect("a dataset names its tables");
    match says("erase") {
        Some("rows") => {
            let key = says("key").expect("rows have a key");
            format!("GRANT DELETE, UPDATE ({key}) ON {name} TO lapsed;\n")
        }
        _ => format!("GRANT UPDATE ON {name} TO lapsed;\n"),
    }
}

fn around(grants: &str) -> String {
    let place = |heading: &str| SHIPPED.find(heading).expect("the script has this heading");
    let (before, behind) = (&SHIPPED[..place(WRITES)], &SHIPPED[place(UPKEEP)..]);
    format!("{before}{grants}{behind}")
}
