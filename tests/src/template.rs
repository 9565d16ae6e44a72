//! Stores to copy: a migrated store is made once for each dataset, and every world starts with a copy of it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use lapsed_config::File;
use lapsed_dataset::{Dataset, Fitted};
use lapsed_jobs::survey;
use lapsed_model::Dialect;
use lapsed_store::Store;

use crate::place::{Master, Place};
use crate::server::rights;

/// A store with the daemon's tables and a platform's, with nobody in it.
#[derive(Clone)]
pub(crate) struct Template {
    pub(crate) master: Master,
    pub(crate) fitted: Fitted<'static>,
}

static TEMPLATES: Mutex<BTreeMap<String, Template>> = Mutex::new(BTreeMap::new());

/// Where the dataset of this name and the tables that it describes are kept.
fn sources(dataset: &str, dialect: Dialect) -> (PathBuf, PathBuf) {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    if dataset == "reference" {
        let config = tests.join("../config");
        let tables = match dialect {
            Dialect::Sqlite => "reference-schema/sqlite.sql",
            Dialect::Postgres => "reference-schema/postgres.sql",
        };
        return (config.join("dataset.toml"), config.join(tables));
    }
    let own = tests.join("datasets");
    // What stands in one file only can be read by one database only.
    let of_postgres = own.join(format!("{dataset}.postgres.sql"));
    let tables = match dialect {
        Dialect::Postgres if of_postgres.exists() => of_postgres,
        _ => own.join(format!("{dataset}.sql")),
    };
    (own.join(format!("{dataset}.toml")), tables)
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

    async fn make(name: &str) -> Template {
        let (description, tables) = sources(name, crate::dialect());
        let text = read(&description);
        let folder = tempfile::tempdir().expect("a folder");
        let place = Place::bare(folder.path());
        let store = match place {
            Place::File(_) => migrated_first(&place, read(&tables)).await,
            Place::Database(_) => let_in_first(&place, name, &text, &read(&tables)).await,
        };
        let file = File::new(&description.display().to_string(), &text);
        let (dataset, findings) = Dataset::read(&file);
        let dataset = dataset.unwrap_or_else(|| panic!("{}", lapsed_config::render(&file, &findings, false)));
        let (fitted, findings) = survey::fit(&store, Box::leak(Box::new(dataset)))
            .await
            .expect("a store that answers");
        let fitted = fitted.unwrap_or_else(|| panic!("{}", lapsed_config::render(&file, &findings, false)));
        store.close().await;
        let master = place.into_master();
        Template { master, fitted }
    }
}

/// As a newcomer begins: an empty store, and then the platform's tables in it.
async fn migrated_first(place: &Place, tables: String) -> Store {
    let store = Store::create(place.address()).await.expect("an empty store");
    store.migrate().await.expect("the daemon's tables");
    // What the program ships is part of the program; a test's tables live as long as the test.
    let tables: &'static str = Box::leak(tables.into_boxed_str());
    store
        .create_reference_schema(tables)
        .await
        .expect("the platform's tables");
    store
}

/// As an operator begins: the platform has been there for years, and its administrator lets the daemon in.
async fn let_in_first(place: &Place, name: &str, dataset: &str, tables: &str) -> Store {
    let rights = match name {
        "reference" => rights::reference(),
        _ => rights::of_dataset(dataset),
    };
    let platform = place.platform();
    platform.run(tables).await;
    rights::let_in(&platform, &rights).await;
    platform.close().await;
    let store = Store::create(place.address()).await.expect("a database");
    store.migrate().await.expect("the daemon's tables");
    store
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|why| panic!("{}: {why}", path.display()))
}
