//! The other side: what somebody types who wants the same rows in a ZIP file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use lapsed_dataset::{Export, ExportFilter, Fitted};

use crate::shared::place::Place;
use crate::shared::server::Server;
use crate::shared::stores::Home;
use lapsed_store::Address;

/// The database's own program, and the queries for it.
pub(crate) struct Pipe {
    database: Database,
    /// Of each file its name, and the query for everybody's rows.
    queries: Vec<(String, String)>,
}

/// How the database is asked.
enum Database {
    File(PathBuf),
    Server(std::rc::Rc<Server>, String),
}

impl Pipe {
    /// For the files of a workgroup.
    pub(crate) fn new(home: &Home, store: &str, fitted: &Fitted<'_>, house: &str) -> Self {
        let database = match (home, home.place(store)) {
            (Home::Server(server), _) => Database::Server(std::rc::Rc::clone(server), store.to_owned()),
            (
                Home::Folder(_),
                Place {
                    address: Address::File(path),
                    ..
                },
            ) => Database::File(path),
            (Home::Folder(_), _) => unreachable!("a folder has files"),
        };
        let exports = fitted.dataset().workgroup_exports();
        let queries = exports.map(|export| {
            let query = everybody(&database, fitted, export, house);
            (export.file.value.clone(), query)
        });
        Self {
            queries: queries.collect(),
            database,
        }
    }

    /// File after file through `zip` of this level; answers how large the archives are together. They go again.
    pub(crate) fn run(&self, level: &str, folder: &Path) -> u64 {
        let mut bytes = 0;
        for (file, query) in &self.queries {
            let path = folder.join(file).with_extension("zip");
            self.zip(query, level, &path);
            bytes += std::fs::metadata(&path).expect("an archive").len();
            std::fs::remove_file(&path).expect("a file of ours");
        }
        bytes
    }

    /// How many rows each file has.
    pub(crate) fn rows(&self) -> BTreeMap<String, u64> {
        let rows = self.queries.iter().map(|(file, query)| {
            let mut counted = self
                .database
                .ask(&format!("SELECT count(*) FROM ({query}) counted"));
            let output = counted.stderr(Stdio::inherit()).output().expect("an answer");
            let text = String::from_utf8(output.stdout).expect("digits");
            let count = text.lines().last().and_then(|count| count.parse().ok());
            (file.clone(), count.unwrap_or_else(|| panic!("no number: {text}")))
        });
        rows.collect()
    }

    fn zip(&self, query: &str, level: &str, path: &Path) {
        let mut asked = self
            .database
            .ask(query)
            .stdout(Stdio::piped())
            .spawn()
            .expect("a process");
        let rows = asked.stdout.take().expect("it was piped");
        let packed = Command::new("zip")
            .args(["-q", level])
            .arg(path)
            .arg("-")
            .stdin(rows)
            .stdout(Stdio::null())
            .status();
        assert!(packed.expect("zip is installed").success(), "zip packs");
        assert!(asked.wait().expect("a process of ours").success(), "{query}");
    }
}

impl Database {
    fn ask(&self, query: &str) -> Command {
        match self {
            Self::File(path) => {
                let mut command = Command::new("sqlite3");
                command
                    .args(["-readonly", "-csv", "-header"])
                    .arg(path)
                    .arg(query);
                command
            }
            Self::Server(server, name) => {
                let mut command = server.program("psql");
                let copy = format!("COPY ({query}) TO STDOUT WITH (FORMAT csv, HEADER)");
                command
                    .env("PGOPTIONS", "-c search_path=public,lapsed -c jit=off")
                    .args(["-q", "-X", "-d", name, "-c", &copy]);
                command
            }
        }
    }
}

/// The file's own query, joined to the people of the workgroup who are not anonymised; with the columns that ours has.
fn everybody(database: &Database, fitted: &Fitted<'_>, export: &Export, house: &str) -> String {
    let page = fitted.export_page(export, house, &ExportFilter::default(), None, 1);
    let columns = page.columns.iter().skip(1);
    let columns: Vec<String> = columns.map(|column| format!("q.\"{}\"", column.name)).collect();
    let query = &export.query.value;
    // The daemon's own tables have keys of every type, and their indexes serve these words only.
    let key = match database {
        _ if !query.contains("lapsed_consent") => "s.id",
        Database::Server(..) => "to_jsonb(s.id)",
        Database::File(_) => "+s.id",
    };
    format!(
        "SELECT s.id AS customer, {} FROM customers s JOIN ({query}) q ON q.subject = {key} \
         WHERE s.workgroup = '{house}' AND s.anonymised_at IS NULL",
        columns.join(", ")
    )
}
