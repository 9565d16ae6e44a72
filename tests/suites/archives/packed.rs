//! Archives of made-up exports.

use std::path::Path;

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
