//! Archives that every program opens, and whose manifest is right.

use std::ffi::OsStr;
use std::path::Path;

use lapsed_archive::{Cell, Done, Format, Options, Separator};
use lapsed_tests::openers::{python, run, said, unpacked};
use serde_json::json;

use super::packed::{PASSWORD, Table, noon, pack, password};

/// Hashes and lengths of files.
const HASH: &str = r#"
import hashlib, json, sys
hashes = []
for path in json.load(sys.stdin):
    with open(path, "rb") as file:
        content = file.read()
    hashes.append([len(content), hashlib.sha256(content).hexdigest()])
json.dump(hashes, sys.stdout)
"#;

fn tables() -> Vec<Table<'static>> {
    let format = Format::spreadsheet(Separator::Semicolon);
    let customers = (0..5_000).map(|key| vec![Cell::Integer(key), Cell::Text("Müller; Söhne")]);
    vec![
        Table {
            name: "customers.csv".to_owned(),
            format,
            columns: &["id", "name"],
            records: customers.collect(),
        },
        Table {
            name: "nothing.csv".to_owned(),
            format,
            columns: &["id"],
            records: Vec::new(),
        },
    ]
}

async fn packed(path: &Path, options: Options) -> Done {
    pack(path, options, &tables()).await
}

#[tokio::test]
async fn x1_unzip_and_7_zip_open_an_archive() {
    let folder = tempfile::tempdir().expect("a folder");
    let archive = folder.path().join("export.zip");
    packed(&archive, Options::new(noon())).await;
    said("unzip", &[OsStr::new("-t"), archive.as_os_str()]);
    said("7zz", &[OsStr::new("t"), archive.as_os_str()]);
    let names = said("unzip", &[OsStr::new("-Z1"), archive.as_os_str()]);
    assert_eq!(names, "customers.csv\nnothing.csv\nREADME.txt\nmanifest.json\n");
    let listed = said("unzip", &[OsStr::new("-ZlT"), archive.as_os_str()]);
    for entry in listed
        .lines()
        .filter(|line| line.ends_with(".csv") || line.ends_with(".json"))
    {
        assert!(entry.starts_with("-rw------- "), "{entry}");
        assert!(entry.contains(" 20261122.120000 "), "{entry}");
    }
}

#[tokio::test]
async fn x1_only_the_password_opens_an_encrypted_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let archive = folder.path().join("export.zip");
    packed(&archive, Options::new(noon()).locked_by(password())).await;
    let with = |password: &str| {
        run(
            "7zz",
            [
                OsStr::new("t"),
                archive.as_os_str(),
                OsStr::new(&format!("-p{password}")),
            ],
        )
    };
    assert!(with(PASSWORD).status.success());
    assert!(!with("another password").status.success());
    assert!(!with("").status.success());
    let listed = said("7zz", &[OsStr::new("l"), OsStr::new("-slt"), archive.as_os_str()]);
    let of = |word: &str| listed.lines().filter(|line| *line == word).count();
    assert_eq!(of("Encrypted = +"), 4, "the manifest, too: {listed}");
    assert_eq!(of("Method = AES-256 Deflate"), 4, "{listed}");
    let bytes = std::fs::read(&archive).expect("the archive");
    assert!(!bytes.windows(6).any(|part| part == "Söhne".as_bytes()));
}

#[tokio::test]
async fn x1_the_same_password_makes_no_two_archives_alike() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut hashes = Vec::new();
    for name in ["one.zip", "two.zip"] {
        let options = Options::new(noon()).locked_by(password());
        hashes.push(packed(&folder.path().join(name), options).await.sha256);
    }
    assert_ne!(hashes[0], hashes[1], "each file has a salt of its own");
}

#[tokio::test]
async fn x1_the_manifest_has_what_others_count() {
    let folder = tempfile::tempdir().expect("a folder");
    let archive = folder.path().join("export.zip");
    let done = packed(&archive, Options::new(noon())).await;
    let files = unpacked(&archive);
    let manifest = std::fs::read(files.join("manifest.json")).expect("a manifest");
    let manifest: serde_json::Value = serde_json::from_slice(&manifest).expect("JSON");
    assert_eq!(
        manifest["files"],
        serde_json::to_value(&done.files).expect("JSON")
    );
    assert_eq!(manifest["files"][0]["rows"], 5_000);
    assert_eq!(manifest["files"][0]["columns"], json!(["id", "name"]));
    assert_eq!(manifest["files"][1]["rows"], 0);
    assert_eq!(manifest["files"][2]["rows"], json!(null));

    let mut paths: Vec<_> = done.files.iter().map(|file| files.join(&file.name)).collect();
    paths.push(archive);
    let counted = python(HASH, &json!(paths));
    let mut ours: Vec<_> = done
        .files
        .iter()
        .map(|file| json!([file.bytes, file.sha256]))
        .collect();
    ours.push(json!([done.bytes, done.sha256]));
    assert_eq!(counted, json!(ours));
}
