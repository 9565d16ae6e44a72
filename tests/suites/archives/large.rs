//! files past 4 GiB, where ZIP needs its newer form.

use std::ffi::OsStr;
use std::path::Path;

use lapsed_archive::{Archive, ArchiveError, Done, Format, Level, Options};
use lapsed_tests::openers::said;

use super::packed::{about, noon};

/// Makes an archive of one file with 4.6 GB of the same rows, and a small one behind it.
async fn make(path: &Path, options: Options) -> Result<Done, ArchiveError> {
    let out = tokio::fs::File::create(path).await;
    let rows = b"1;Huber;Anna\r\n".repeat(80_000);
    let mut archive = Archive::begin(out.expect("a file of the test's own"), options);
    archive.file("large.csv", &["name"]).await?;
    for _ in 0..4_100 {
        archive.rows(rows.clone(), 80_000).await?;
    }
    archive.file("behind.csv", &["name"]).await?;
    archive.rows(b"Anna\r\n".to_vec(), 1).await?;
    archive.finish(about(Format::machine())).await
}

fn quick() -> Options {
    Options {
        level: Level::new(1).expect("a level"),
        ..Options::new(noon())
    }
}

#[tokio::test]
async fn x3_unzip_and_7_zip_open_files_past_four_gibibytes() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("export.zip");
    let done = make(&path, quick().for_large_files()).await.expect("an archive");
    assert_eq!(done.files[0].bytes, 4_100 * 80_000 * 14);
    said("7zz", &[OsStr::new("t"), path.as_os_str()]);
    let listed = said("unzip", &[OsStr::new("-t"), path.as_os_str()]);
    assert!(listed.contains("behind.csv"), "{listed}");
}

#[tokio::test]
async fn x3_an_archive_for_small_files_says_so_when_one_grows() {
    let folder = tempfile::tempdir().expect("a folder");
    let made = make(&folder.path().join("export.zip"), quick()).await;
    let Err(ArchiveError::TooLarge(name)) = made else {
        panic!("{made:?}");
    };
    assert_eq!(name, "large.csv");
}
