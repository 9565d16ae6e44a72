//! An archive on its way out.

use lapsed_model::Digest;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::error::{ArchiveError, Result};
use crate::manifest::{About, FileEntry};
use crate::name::Names;
use crate::options::Options;
use crate::pack::{Packed, Step, pack};

/// How many steps wait for the packer: enough that it need not wait for the one who makes rows.
const STEPS: usize = 4;
/// How many pieces of the archive wait for being written.
const PIECES: usize = 8;

/// A ZIP file that is made while it is sent.
///
/// The caller goes step by step: a file begins, its rows follow, the next one begins, and at the end the manifest tells
/// of all. Each step returns when its bytes have a place in the queue, and writes meanwhile to `out` what has been packed;
/// so a step waits as long as `out` does. Packing goes on on a blocking thread of tokio's.
///
/// Dropped before [`finish`](Archive::finish) returned, or while a step waits, it sends nothing more, and what was sent is
/// no archive: the directory at its end is missing.
///
/// ```
/// # use lapsed_archive::{About, Archive, Cell, Format, Options, Separator, Subject};
/// # async fn doc(about: About, now: chrono::NaiveDateTime) -> Result<(), lapsed_archive::ArchiveError> {
/// let format = Format::spreadsheet(Separator::Semicolon);
/// let columns = ["number", "name"];
/// let mut sent = Vec::new();
///
/// let mut archive = Archive::begin(&mut sent, Options::new(now));
/// let mut csv = Vec::new();
/// format.header(&mut csv, columns);
/// format.record(&mut csv, [Cell::Integer(17), Cell::Text("Anna")]);
/// archive.file("customers.csv", &columns).await?;
/// archive.rows(csv, 1).await?;
/// let done = archive.finish(about).await?;
/// # let _ = done.sha256;
/// # Ok(())
/// # }
/// ```
pub struct Archive<W> {
    out: W,
    steps: mpsc::Sender<Step>,
    pieces: mpsc::Receiver<Vec<u8>>,
    packer: JoinHandle<Result<Packed>>,
    names: Names,
    /// Whether rows may come.
    in_csv: bool,
    /// Whether every step so far was finished. One that was not may have written half a piece.
    whole: bool,
}

/// An archive that was sent as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// Its files in their order, without the manifest.
    pub files: Vec<FileEntry>,
    /// How long the archive is.
    pub bytes: u64,
    /// Over the archive's bytes: what the ledger remembers of it.
    pub sha256: Digest,
}

impl<W: AsyncWrite + Unpin + Send> Archive<W> {
    /// Begins an archive. It needs a tokio runtime around it.
    pub fn begin(out: W, options: Options) -> Self {
        let (steps, to_do) = mpsc::channel(STEPS);
        let (packed, pieces) = mpsc::channel(PIECES);
        Self {
            out,
            steps,
            pieces,
            packer: tokio::task::spawn_blocking(move || pack(&options, to_do, packed)),
            names: Names::default(),
            in_csv: false,
            whole: true,
        }
    }

    /// Begins a CSV file with these columns. The header is the first of what comes by [`rows`](Archive::rows); the names
    /// here are for the manifest.
    ///
    /// # Errors
    ///
    /// Where the name is none of ours or taken, and as [`rows`](Archive::rows).
    pub async fn file(&mut self, name: &str, columns: &[impl AsRef<str> + Sync]) -> Result<()> {
        let columns = columns.iter().map(|column| column.as_ref().to_owned());
        self.entry(name, Some(columns.collect())).await
    }

    /// More of the file: finished CSV, and how many records are in it, the header not counted. What is handed in at once
    /// is in memory at once; pieces of some 128 KiB keep the queue full and small.
    ///
    /// # Errors
    ///
    /// Where there is no file, the archive cannot be written, or an earlier step was not finished.
    pub async fn rows(&mut self, csv: Vec<u8>, rows: u64) -> Result<()> {
        if !self.in_csv {
            return Err(ArchiveError::NoFile);
        }
        self.hand(Step::Bytes { bytes: csv, rows }).await
    }

    /// A file that is a text, the whole of it.
    ///
    /// # Errors
    ///
    /// As [`file`](Archive::file).
    pub async fn text(&mut self, name: &str, text: String) -> Result<()> {
        self.entry(name, None).await?;
        let bytes = text.into_bytes();
        self.hand(Step::Bytes { bytes, rows: 0 }).await
    }

    /// Writes the manifest and the directory, and waits until everything was handed to `out` and flushed.
    ///
    /// # Errors
    ///
    /// As [`rows`](Archive::rows).
    pub async fn finish(mut self, about: About) -> Result<Done> {
        self.hand(Step::Finish(Box::new(about))).await?;
        while let Some(piece) = self.pieces.recv().await {
            self.out.write_all(&piece).await.map_err(ArchiveError::Output)?;
        }
        let packed = outcome(&mut self.packer).await?;
        self.out.flush().await.map_err(ArchiveError::Output)?;
        Ok(Done {
            files: packed.files,
            bytes: packed.sent.bytes,
            sha256: packed.sent.sha256,
        })
    }

    async fn entry(&mut self, name: &str, columns: Option<Vec<String>>) -> Result<()> {
        self.names.take(name)?;
        self.in_csv = columns.is_some();
        let name = name.to_owned();
        self.hand(Step::File { name, columns }).await
    }

    /// Hands a step to the packer, and writes what comes from it as long as there is no room for the step: were it not
    /// written, both would wait for each other.
    async fn hand(&mut self, step: Step) -> Result<()> {
        if !std::mem::replace(&mut self.whole, false) {
            return Err(ArchiveError::Interrupted);
        }
        let room = loop {
            tokio::select! {
                biased;
                Some(piece) = self.pieces.recv() => {
                    self.out.write_all(&piece).await.map_err(ArchiveError::Output)?;
                }
                room = self.steps.reserve() => break room.ok(),
            }
        };
        match room {
            Some(room) => room.send(step),
            None => {
                return Err(outcome(&mut self.packer)
                    .await
                    .err()
                    .unwrap_or(ArchiveError::Interrupted));
            }
        }
        self.whole = true;
        Ok(())
    }
}

/// What became of the packer, which has ended or is about to.
async fn outcome(packer: &mut JoinHandle<Result<Packed>>) -> Result<Packed> {
    packer
        .await
        .map_err(|lost| ArchiveError::packing(std::io::Error::other(lost)))?
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDateTime;

    use super::*;

    #[tokio::test]
    async fn an_archive_that_is_given_up_ends_its_thread() {
        let mut archive = Archive::begin(Vec::new(), Options::new(NaiveDateTime::default()));
        archive.file("a.csv", &["name"]).await.expect("a file begins");
        let Archive {
            steps,
            pieces,
            packer,
            ..
        } = archive;
        drop((steps, pieces));
        let packed = packer.await.expect("it does not panic");
        assert!(matches!(packed.map(drop), Err(ArchiveError::Interrupted)));
    }

    #[tokio::test]
    async fn rows_belong_to_a_file() {
        let mut archive = Archive::begin(Vec::new(), Options::new(NaiveDateTime::default()));
        let none = archive.rows(b"a\r\n".to_vec(), 1).await;
        assert!(matches!(none, Err(ArchiveError::NoFile)));
        archive
            .text("README.txt", "words".to_owned())
            .await
            .expect("a text goes out");
        let none = archive.rows(b"a\r\n".to_vec(), 1).await;
        assert!(matches!(none, Err(ArchiveError::NoFile)), "a text has no rows");
    }
}
