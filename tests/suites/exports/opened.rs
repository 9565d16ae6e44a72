//! Archives as somebody else reads them: Python's readers of ZIP and CSV, which also hold the manifest against the files.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::Path;

use lapsed_tests::openers::{python, run};
use serde_json::{Value as Json, json};

/// Reads an archive whose files have this separator.
const READ: &str = r#"
import csv, hashlib, io, json, sys, zipfile
path, separator = json.load(sys.stdin)
csv.field_size_limit(1 << 30)
tables = {}
with zipfile.ZipFile(path) as archive:
    manifest = json.loads(archive.read("manifest.json"))
    names = [file["name"] for file in manifest["files"]]
    assert archive.namelist() == names + ["manifest.json"], archive.namelist()
    for file in manifest["files"]:
        content = archive.read(file["name"])
        assert len(content) == file["bytes"], file
        assert hashlib.sha256(content).hexdigest() == file["sha256"], file
        if "rows" in file:
            text = io.StringIO(content.decode("utf-8-sig"), newline="")
            records = list(csv.reader(text, delimiter=separator, strict=True))
            assert records[0] == file["columns"], records[0]
            assert len(records) == file["rows"] + 1, file
            assert all(len(record) == len(records[0]) for record in records), file
            tables[file["name"]] = [dict(zip(records[0], record)) for record in records[1:]]
    readme = archive.read("README.txt").decode("utf-8-sig")
with open(path, "rb") as archive:
    sha256 = hashlib.sha256(archive.read()).hexdigest()
json.dump({"manifest": manifest, "tables": tables, "readme": readme, "sha256": sha256}, sys.stdout)
"#;

/// A record by its columns.
pub(crate) type Record = BTreeMap<String, String>;

/// What is in an archive.
pub(crate) struct Opened {
    pub(crate) manifest: Json,
    pub(crate) readme: String,
    /// Of the archive as a whole.
    pub(crate) sha256: String,
    tables: BTreeMap<String, Vec<Record>>,
}

impl Opened {
    /// Reads an archive of semicolons, as a policy that says nothing has them.
    pub(crate) fn file(path: &Path) -> Opened {
        Self::split_at(path, ";")
    }

    /// Reads one with another separator.
    pub(crate) fn split_at(path: &Path, separator: &str) -> Opened {
        let mut read = python(READ, &json!([path, separator]));
        Opened {
            manifest: read["manifest"].take(),
            readme: text(&read["readme"]),
            sha256: text(&read["sha256"]),
            tables: serde_json::from_value(read["tables"].take()).expect("tables of texts"),
        }
    }

    /// The same of what was sent.
    pub(crate) fn sent(bytes: &[u8]) -> Opened {
        Self::sent_split_at(bytes, ";")
    }

    pub(crate) fn sent_split_at(bytes: &[u8], separator: &str) -> Opened {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("sent.zip");
        std::fs::write(&path, bytes).expect("a file of the test's own");
        Self::split_at(&path, separator)
    }

    /// The names of its tables.
    pub(crate) fn files(&self) -> Vec<&str> {
        self.tables.keys().map(String::as_str).collect()
    }

    /// The records of a table.
    pub(crate) fn table(&self, file: &str) -> &[Record] {
        let table = self.tables.get(file);
        table.unwrap_or_else(|| panic!("there is no {file}"))
    }

    /// What a column holds, record by record.
    pub(crate) fn column(&self, file: &str, column: &str) -> Vec<&str> {
        let records = self.table(file).iter();
        records.map(|record| record[column].as_str()).collect()
    }

    /// Every text of every table.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        let records = self.tables.values().flatten();
        records.flat_map(|record| record.values().map(String::as_str))
    }
}

fn text(value: &Json) -> String {
    value.as_str().expect("a text").to_owned()
}

/// What no program takes for an archive.
pub(crate) fn opens_nowhere(bytes: &[u8]) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("sent.zip");
    std::fs::write(&path, bytes).expect("a file of the test's own");
    let path = path.as_os_str();
    for (program, word) in [("unzip", "-t"), ("7zz", "t")] {
        assert!(
            !run(program, [OsStr::new(word), path]).status.success(),
            "{program}"
        );
    }
    let script = "import sys, zipfile; zipfile.ZipFile(sys.argv[1])";
    let opened = run("python3", [OsStr::new("-c"), OsStr::new(script), path]);
    assert!(!opened.status.success(), "python3");
}
