//! The packer: a thread that turns steps into the bytes of a ZIP file.
//!
//! ZIP is written in one go, without a way back (APPNOTE 4.4.4, bit 3): what is only known behind a file stands behind
//! it, in a data descriptor, and in the directory at the end. Whether a file has the ZIP64 form of both (APPNOTE 4.3.9.2)
//! stands before it, where its size is not known yet; so the caller says whether files may be large. Encrypted files are WinZip's
//! AE-2 with AES-256, whose header needs nothing that is only known later; it leaves out the plain text's CRC and
//! authenticates the rest.

use std::io::Write;

use lapsed_model::Digest;
use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc;
use zip::write::{FileOptions, SimpleFileOptions, StreamWriter};
use zip::{AesMode, CompressionMethod, DateTime, ZipWriter};

use crate::error::{ArchiveError, Result};
use crate::manifest::{About, FileEntry, MANIFEST, manifest};
use crate::options::Options;
use crate::sink::{Abandon, Sent, Sink};

/// Whoever unpacks as another user sees nothing of it.
const PERMISSIONS: u32 = 0o600;
/// What a file without ZIP64 may have: 4 GiB, less what deflate and AES could add to it.
const MOST_WITHOUT_ZIP64: u64 = 0xff00_0000;

/// What the packer is told.
pub(crate) enum Step {
    /// A file begins; the one before ends.
    File {
        name: String,
        /// None where it is no CSV.
        columns: Option<Vec<String>>,
    },
    /// More of it.
    Bytes { bytes: Vec<u8>, rows: u64 },
    /// That was all.
    Finish(Box<About>),
}

/// What was packed.
pub(crate) struct Packed {
    pub(crate) files: Vec<FileEntry>,
    pub(crate) sent: Sent,
}

/// Packs until it is told to finish, or nobody is there any more.
pub(crate) fn pack(
    options: &Options,
    mut steps: mpsc::Receiver<Step>,
    to: mpsc::Sender<Vec<u8>>,
) -> Result<Packed> {
    let abandon = Abandon::default();
    let mut packer = Packer::new(options, Sink::new(to, abandon.clone()));
    packer.follow(&mut steps).inspect_err(|_| abandon.now())?;
    packer.finish()
}

struct Packer<'a> {
    zip: ZipWriter<StreamWriter<Sink>>,
    entry: FileOptions<'a, 'static, ()>,
    /// For CSV, which alone is ever large.
    large_files: bool,
    files: Vec<FileEntry>,
    /// Over the file that is being written.
    sha256: Sha256,
}

impl<'a> Packer<'a> {
    fn new(options: &'a Options, sink: Sink) -> Self {
        let mut entry: FileOptions<'a, 'static, ()> = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .compression_level(Some(options.level.get()))
            .last_modified_time(DateTime::try_from(options.modified).unwrap_or_default())
            .unix_permissions(PERMISSIONS);
        if let Some(password) = &options.password {
            entry = entry.with_aes_encryption(AesMode::Aes256, password.reveal());
        }
        Self {
            zip: ZipWriter::new_stream(sink),
            entry,
            large_files: options.large_files,
            files: Vec::new(),
            sha256: Sha256::new(),
        }
    }

    /// Does what it is told, until the archive is to end.
    fn follow(&mut self, steps: &mut mpsc::Receiver<Step>) -> Result<()> {
        while let Some(step) = steps.blocking_recv() {
            match step {
                Step::File { name, columns } => self.begin(name, columns)?,
                Step::Bytes { bytes, rows } => self.write(&bytes, rows)?,
                Step::Finish(about) => return self.last(&about),
            }
        }
        Err(ArchiveError::Interrupted)
    }

    fn begin(&mut self, name: String, columns: Option<Vec<String>>) -> Result<()> {
        self.end();
        self.zip
            .start_file(
                name.as_str(),
                self.entry.large_file(columns.is_some() && self.large_files),
            )
            .map_err(ArchiveError::packing)?;
        self.files.push(FileEntry {
            name,
            rows: columns.is_some().then_some(0),
            bytes: 0,
            sha256: Digest::ZERO,
            columns: columns.unwrap_or_default(),
        });
        Ok(())
    }

    fn write(&mut self, bytes: &[u8], rows: u64) -> Result<()> {
        let file = self.files.last_mut().ok_or(ArchiveError::NoFile)?;
        file.bytes += bytes.len() as u64;
        if file.bytes > MOST_WITHOUT_ZIP64 && !(self.large_files && file.rows.is_some()) {
            return Err(ArchiveError::TooLarge(file.name.clone()));
        }
        if let Some(count) = &mut file.rows {
            *count += rows;
        }
        self.sha256.update(bytes);
        self.zip.write_all(bytes).map_err(ArchiveError::packing)
    }

    /// Notes the hash of the file that was being written.
    fn end(&mut self) {
        if let Some(file) = self.files.last_mut() {
            file.sha256 = Digest::from(<[u8; 32]>::from(self.sha256.finalize_reset()));
        }
    }

    /// The manifest.
    fn last(&mut self, about: &About) -> Result<()> {
        self.end();
        let manifest = manifest(about, &self.files).map_err(ArchiveError::packing)?;
        self.zip
            .start_file(MANIFEST, self.entry)
            .map_err(ArchiveError::packing)?;
        self.zip.write_all(&manifest).map_err(ArchiveError::packing)
    }

    /// The directory, without which what was sent is no archive.
    fn finish(self) -> Result<Packed> {
        let sink = self.zip.finish().map_err(ArchiveError::packing)?.into_inner();
        Ok(Packed {
            files: self.files,
            sent: sink.finish().map_err(ArchiveError::packing)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDateTime;

    use super::*;

    /// The signature of the directory's end (APPNOTE 4.3.16).
    const END: &[u8] = b"PK\x05\x06";

    /// What the packer does with these steps, and what it sends.
    fn packed(steps: Vec<Step>) -> (Result<Packed>, Vec<u8>) {
        let (hand, to_do) = mpsc::channel(16);
        let (to, mut pieces) = mpsc::channel(64);
        for step in steps {
            hand.try_send(step).expect("there is room");
        }
        drop(hand);
        let packed = pack(&Options::new(NaiveDateTime::default()), to_do, to);
        let mut sent = Vec::new();
        while let Ok(piece) = pieces.try_recv() {
            sent.extend(piece);
        }
        (packed, sent)
    }

    fn file(name: &str) -> Step {
        Step::File {
            name: name.to_owned(),
            columns: Some(Vec::new()),
        }
    }

    /// Bytes that stay as many, each time others.
    fn bytes(seed: &str) -> Step {
        let digits = (0..4_000).map(|number| Digest::sha256(&format!("{seed}{number}")).to_string());
        Step::Bytes {
            bytes: digits.collect::<String>().into_bytes(),
            rows: 1,
        }
    }

    #[test]
    fn x4_steps_that_end_without_an_end_leave_no_archive() {
        let (packed, sent) = packed(vec![file("a.csv"), bytes("a"), file("b.csv"), bytes("b")]);
        assert!(matches!(packed, Err(ArchiveError::Interrupted)));
        assert!(!sent.is_empty());
        assert!(!sent.windows(4).any(|four| four == END));
    }

    #[test]
    fn x4_who_goes_away_is_sent_nothing_more() {
        let (hand, to_do) = mpsc::channel(16);
        let (to, pieces) = mpsc::channel(64);
        for step in [file("a.csv"), bytes("a"), bytes("b")] {
            hand.try_send(step).expect("there is room");
        }
        drop(pieces);
        let packed = pack(&Options::new(NaiveDateTime::default()), to_do, to);
        let Err(ArchiveError::Packing(why)) = packed.map(drop) else {
            panic!("nobody took it");
        };
        assert_eq!(why.kind(), std::io::ErrorKind::BrokenPipe);
    }

    #[test]
    fn x1_files_are_counted_one_by_one() {
        let text = |text: &str| Step::Bytes {
            bytes: text.as_bytes().to_vec(),
            rows: 2,
        };
        let about = About {
            made_at: chrono::DateTime::UNIX_EPOCH,
            subject: crate::Subject::Workgroup("acme/shop".parse().expect("a workgroup")),
            format: crate::Format::machine(),
        };
        let steps = vec![
            file("a.csv"),
            text("a"),
            text("bc"),
            file("empty.csv"),
            file("b.csv"),
            text("abc"),
            Step::Finish(Box::new(about)),
        ];
        let (packed, sent) = packed(steps);
        let packed = packed.expect("an archive");
        let counted: Vec<_> = packed
            .files
            .iter()
            .map(|file| (file.rows, file.bytes, file.sha256))
            .collect();
        let abc = Digest::sha256("abc");
        let expected = [
            (Some(4), 3, abc),
            (Some(0), 0, Digest::sha256("")),
            (Some(2), 3, abc),
        ];
        assert_eq!(counted, expected);
        assert_eq!(packed.sent.bytes, sent.len() as u64);
        assert_eq!(
            packed.sent.sha256,
            Digest::from(<[u8; 32]>::from(Sha256::digest(&sent)))
        );
    }
}
