//! Stores to copy: a migrated store is made once for each dataset, and every world starts with a copy of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use lapsed_config::File;
use lapsed_dataset::{Dataset, Fitted};
use lapsed_jobs::survey;
use lapsed_store::Store;

/// A store with the daemon's tables and a platform's, with nobody in it.
#[derive(Clone)]
pub(crate) struct Template {
    file: Vec<u8>,
    pub(crate) fitted: Fitted<'static>,
}

static TEMPLATES: Mutex<BTreeMap<String, Template>> = Mutex::new(BTreeMap::new());

/// Where the dataset of this name and the tables that it describes are kept.
fn sources(dataset: &str) -> (PathBuf, PathBuf) {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    if dataset == "reference" {
        let config = tests.join("../config");
        return (
            config.join("dataset.toml"),
            config.join("reference-schema/sqlite.sql"),
        );
    }
    let own = tests.join("datasets");
    (
        own.join(format!("{dataset}.toml")),
        own.join(format!("{dataset}.sql")),
    )
}

impl Template {
    /// The template of a dataset, made when it is wanted for the first time.
    pub(crate) async fn of(dataset: &str) -> Template {
        let made = |templates: &BTreeMap<String, Template>| templates.get(dataset).cloned();
        if let Some(template) = made(&TEMPLATES.lock().expect("nobody panics while holding it")) {
            return template;
        }
        let template = Self::make(dataset).await;
        let mut templates = TEMPLATES.lock().expect("nobody panics while holding it");
        templates.entry(dataset.to_owned()).or_insert(template).clone()
    }

    /// Puts a copy of the store at `path`.
    pub(crate) fn copy_to(&self, path: &Path) {
        std::fs::write(path, &self.file).expect("a folder of the test's own can be written to");
    }

    async fn make(dataset: &str) -> Template {
        let (description, tables) = sources(dataset);
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("store.db");
        let store = Store::create(&path).await.expect("an empty store");
        store.migrate().await.expect("the daemon's tables");
        // What the program ships is part of the program; a test's tables live as long as the test.
        let tables: &'static str = Box::leak(read(&tables).into_boxed_str());
        store
            .create_reference_schema(tables)
            .await
            .expect("the platform's tables");
        let text = read(&description);
        let file = File::new(&description.display().to_string(), &text);
        let (dataset, findings) = Dataset::read(&file);
        let dataset = dataset.unwrap_or_else(|| panic!("{}", lapsed_config::render(&file, &findings, false)));
        let (fitted, findings) = survey::fit(&store, Box::leak(Box::new(dataset)))
            .await
            .expect("a store that answers");
        let fitted = fitted.unwrap_or_else(|| panic!("{}", lapsed_config::render(&file, &findings, false)));
        store.close().await;
        let file = std::fs::read(&path).expect("the store's file");
        Template { file, fitted }
    }
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|why| panic!("{}: {why}", path.display()))
}
