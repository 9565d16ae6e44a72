//! Files as the statements of exports fill them, before anybody writes them.

use lapsed_dataset::{ExportColumn, ExportFile};
use lapsed_model::{SubjectKey, Value};
use lapsed_tests::{World, milliseconds};
use serde_json::Value as Json;

/// A file as it came out.
pub(crate) struct Filled {
    pub(crate) file: String,
    pub(crate) columns: Vec<ExportColumn>,
    pub(crate) rows: Vec<Vec<Json>>,
}

impl Filled {
    /// What a column holds, row by row.
    pub(crate) fn column(&self, name: &str) -> Vec<&Json> {
        let place = self.columns.iter().position(|column| column.name == name);
        // The mark stands in front.
        let place = place.unwrap_or_else(|| panic!("{} has no `{name}`", self.file)) + 1;
        self.rows.iter().map(|row| &row[place]).collect()
    }

    /// Whether what the file has of others is others', row by row.
    pub(crate) fn is_other(&self) -> Vec<bool> {
        self.rows.iter().map(|row| row[0] == 1).collect()
    }
}

/// The one row that a statement answers with.
pub(crate) async fn answer(world: &World, file: &ExportFile<'_>) -> Vec<Value> {
    let mut rows = world.store.rows(&file.statement).await.expect("an answer");
    assert_eq!(rows.len(), 1, "{}", file.export.file.value);
    rows.remove(0)
}

pub(crate) fn filled(file: ExportFile<'_>, count: &Value, rows: &Value) -> Filled {
    let Value::Text(rows) = rows else {
        panic!("{rows:?}")
    };
    let rows: Vec<Vec<Json>> = serde_json::from_str(rows).expect("rows as JSON");
    assert_eq!(*count, Value::Integer(i64::try_from(rows.len()).expect("a few")));
    for row in &rows {
        assert_eq!(row.len(), file.columns.len() + 1, "{row:?}");
    }
    Filled {
        file: file.export.file.value.clone(),
        columns: file.columns,
        rows,
    }
}

pub(crate) async fn everything_of(world: &World, person: &SubjectKey) -> Vec<Filled> {
    let mut files = Vec::new();
    for file in world.fitted.export_person(person) {
        let row = answer(world, &file).await;
        files.push(filled(file, &row[0], &row[1]));
    }
    files
}

pub(crate) async fn file_of(world: &World, person: &SubjectKey, file: &str) -> Filled {
    let files = everything_of(world, person).await;
    files
        .into_iter()
        .find(|filled| filled.file == file)
        .expect("a file")
}

pub(crate) fn number(key: i64) -> SubjectKey {
    SubjectKey::Integer(key)
}

/// An answer to a registration form, which hangs on this.
pub(crate) async fn answers(world: &World, on: &[(&str, i64)], kind: &str, value: &str) {
    let mut row = vec![
        ("id", world.next_id().into()),
        ("workgroup", "theatre/house".into()),
        ("form", "participant".into()),
        ("kind", kind.into()),
        ("field", "diet".into()),
        ("identifies", 1_i64.into()),
        ("value", value.into()),
        ("answered_at", milliseconds("2026-11-01")),
    ];
    row.extend(on.iter().map(|(column, id)| (*column, Value::from(*id))));
    world.platform.insert("form_answers", &row).await;
}
