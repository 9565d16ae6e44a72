//! Everything that a store holds, the daemon's own tables included, so that *nothing changed* can be proved.

use std::collections::BTreeMap;
use std::path::Path;

use lapsed_tests::World;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection};

/// Every row of every table, as text.
pub(crate) type Whole = BTreeMap<String, String>;

/// What the store at `path` holds.
pub(crate) async fn whole(path: &Path) -> Whole {
    let options = SqliteConnectOptions::new().filename(path);
    let mut connection = SqliteConnection::connect_with(&options)
        .await
        .expect("a store to look at");
    let tables: Vec<(String, String)> = sqlx::query_as(
        "SELECT t.name, group_concat('quote(\"' || c.name || '\")', ' || '','' || ') \
         FROM sqlite_schema t JOIN pragma_table_info(t.name) c WHERE t.type = 'table' GROUP BY t.name",
    )
    .fetch_all(&mut connection)
    .await
    .expect("tables");
    let mut whole = Whole::new();
    for (table, row) in tables {
        let rows = format!("SELECT coalesce(group_concat({row}, char(10)), '') FROM \"{table}\"");
        let rows = sqlx::query_scalar(AssertSqlSafe(rows))
            .fetch_one(&mut connection)
            .await
            .expect("rows");
        whole.insert(table, rows);
    }
    connection.close().await.expect("a closed connection");
    whole
}

/// A theatre with so many people who are due.
pub(crate) async fn theatre_with_due_people(people: i64) -> World {
    let world = World::new().await;
    for id in 1..=people {
        world
            .customer(id)
            .ticket("2019-05-04")
            .signed_in("2019-05-01")
            .await;
    }
    world
}
