//! Archives of made-up exports, and the programs that open them.

use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use chrono::NaiveDateTime;
use lapsed_archive::{About, Archive, Cell, Done, Format, Options, Password, Subject};

/// What opens the archives that are encrypted.
pub(crate) const PASSWORD: &str = "correct horse battery";

/// A CSV file to be.
pub(crate) struct Table<'a> {
    pub(crate) name: String,
    pub(crate) format: Format,
    pub(crate) columns: &'a [&'a str],
    pub(crate) records: Vec<Vec<Cell<'a>>>,
}

impl Table<'_> {
    /// All of it at once.
    pub(crate) fn csv(&self) -> Vec<u8> {
        let mut csv = Vec::new();
        self.format.header(&mut csv, self.columns.iter().copied());
        for record in &self.records {
            self.format.record(&mut csv, record.iter().copied());
        }
        csv
    }
}

/// When everything here was made.
pub(crate) fn noon() -> NaiveDateTime {
    let noon = "2026-11-22T12:00:00".parse();
    noon.expect("an instant")
}

pub(crate) fn password() -> Password {
    Password::new(PASSWORD.to_owned()).expect("a password")
}

pub(crate) fn about(format: Format) -> About {
    About {
        made_at: noon().and_utc(),
        subject: Subject::Workgroup("stadttheater/grosses-haus".parse().expect("a workgroup")),
        format,
    }
}

/// Packs tables into a file, each in pieces, so that borders fall anywhere.
pub(crate) async fn pack(path: &Path, options: Options, tables: &[Table<'_>]) -> Done {
    let file = tokio::fs::File::create(path)
        .await
        .expect("a file of the test's own");
    let mut archive = Archive::begin(file, options);
    for table in tables {
        archive
            .file(&table.name, table.columns)
            .await
            .expect("a file begins");
        let csv = table.csv();
        let mut records = table.records.len() as u64;
        for piece in csv.chunks(1_000) {
            archive.rows(piece.to_vec(), records).await.expect("rows go out");
            records = 0;
        }
    }
    archive
        .text("README.txt", "What this is.\r\n".to_owned())
        .await
        .expect("a text goes out");
    archive.finish(about(tables[0].format)).await.expect("an archive")
}

/// Runs a program of somebody else's; none of them has a terminal to ask on.
pub(crate) fn run(program: &str, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Output {
    let run = Command::new(program)
        .args(arguments)
        .env("LC_ALL", "C.UTF-8")
        .stdin(Stdio::null())
        .output();
    run.unwrap_or_else(|why| panic!("{program}: {why} (`tests/run` installs it)"))
}

/// The same, and it has to succeed; what it says.
pub(crate) fn said(program: &str, arguments: &[&OsStr]) -> String {
    let output = run(program, arguments);
    let says = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{program} {arguments:?}: {says}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    says
}

/// Unpacks everything into a folder beside the archive.
pub(crate) fn unpacked(archive: &Path) -> PathBuf {
    let folder = archive.with_extension("unpacked");
    said(
        "unzip",
        &[
            OsStr::new("-q"),
            OsStr::new("-d"),
            folder.as_os_str(),
            archive.as_os_str(),
        ],
    );
    folder
}

/// Has Python answer in JSON, with something to read.
pub(crate) fn python(script: &str, input: &serde_json::Value) -> serde_json::Value {
    let mut child = Command::new("python3")
        .args(["-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 is there");
    let mut stdin = child.stdin.take().expect("a pipe");
    stdin.write_all(input.to_string().as_bytes()).expect("it reads");
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{script}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}
