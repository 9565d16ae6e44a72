//! The statements of exports bring everything of a person, and of a workgroup page by page, on both databases.

use lapsed_dataset::{Export, ExportFile, ExportFilter, Holds, Moment};
use lapsed_model::{SubjectKey, Value};
use lapsed_tests::{World, only_on};
use serde_json::{Value as Json, json};

/// The files of one person: the name of each, and its rows.
async fn everything_of(world: &World, customer: i64) -> Vec<(String, Vec<Json>)> {
    let files = world.fitted.export_person(&SubjectKey::Integer(customer));
    let mut filled = Vec::new();
    for file in files {
        let row = only_row(world, &file).await;
        let [count, rows] = row.as_slice() else {
            panic!("{row:?}")
        };
        let rows = listed(rows);
        assert_eq!(*count, Value::Integer(rows.len() as i64));
        filled.push((file.export.file.value.clone(), rows));
    }
    filled
}

async fn only_row(world: &World, file: &ExportFile<'_>) -> Vec<Value> {
    let mut rows = world.store.rows(&file.statement).await.expect("an answer");
    assert_eq!(rows.len(), 1, "{}", file.export.file.value);
    rows.remove(0)
}

fn listed(rows: &Value) -> Vec<Json> {
    match rows {
        Value::Text(rows) => serde_json::from_str(rows).expect("rows"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn x1_every_file_of_a_person_comes_out() {
    let world = World::new().await;
    world.crowd(50).await;
    assert_eq!(
        everything_of(&world, 7).await.len(),
        world.fitted.dataset().exports.len()
    );
}
