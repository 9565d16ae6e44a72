//! an archive is made while it is sent, and whoever takes it decides how fast.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use lapsed_archive::{Archive, ArchiveError, Done, Format, Options};
use lapsed_tests::openers::run;
use tokio::io::AsyncWrite;
use tokio::sync::Notify;

use super::packed::{about, noon};

/// Letters in no order (xorshift), so that what is packed is hardly smaller.
struct Letters(u64);

impl Letters {
    fn piece(&mut self) -> Vec<u8> {
        let mut letter = || {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            b'a' + (self.0 % 26) as u8
        };
        std::iter::repeat_with(&mut letter).take(128 * 1024).collect()
    }
}

/// Makes an archive of so many pieces, counting those that were taken.
async fn make(
    out: impl AsyncWrite + Unpin + Send,
    pieces: u64,
    taken: &AtomicU64,
) -> Result<Done, ArchiveError> {
    let mut letters = Letters(1);
    let mut archive = Archive::begin(out, Options::new(noon()));
    archive.file("customers.csv", &["name"]).await?;
    for _ in 0..pieces {
        archive.rows(letters.piece(), 1).await?;
        taken.fetch_add(1, Ordering::Relaxed);
    }
    archive.finish(about(Format::machine())).await
}

/// Takes so many bytes, and then neither takes nor refuses any.
struct Stalls {
    room: usize,
    stalled: Arc<Notify>,
}

impl AsyncWrite for Stalls {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.room == 0 {
            self.stalled.notify_one();
            return Poll::Pending;
        }
        let taken = bytes.len().min(self.room);
        self.room -= taken;
        Poll::Ready(Ok(taken))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[tokio::test]
async fn x3_a_reader_that_stops_reading_stops_the_writer() {
    let (stalled, taken) = (Arc::new(Notify::new()), AtomicU64::new(0));
    let out = Stalls {
        room: 1024 * 1024,
        stalled: Arc::clone(&stalled),
    };
    tokio::select! {
        made = make(out, 10_000, &taken) => panic!("nobody took it: {made:?}"),
        () = stalled.notified() => {}
    }
    let taken = taken.load(Ordering::Relaxed);
    assert!(
        (8..40).contains(&taken),
        "{taken} pieces of 128 KiB for one MiB of room"
    );
}

#[tokio::test]
async fn x3_a_reader_that_goes_away_is_told_of() {
    let (out, reader) = tokio::io::duplex(64 * 1024);
    drop(reader);
    let made = make(out, 10_000, &AtomicU64::new(0)).await;
    let Err(ArchiveError::Output(why)) = made else {
        panic!("{made:?}");
    };
    assert_eq!(why.kind(), io::ErrorKind::BrokenPipe);
}

#[tokio::test]
async fn x3_a_full_disk_is_told_of_as_one() {
    for pieces in [0, 100] {
        let full = tokio::fs::File::options().write(true).open("/dev/full").await;
        let made = make(full.expect("a full disk"), pieces, &AtomicU64::new(0)).await;
        let Err(ArchiveError::Output(why)) = made else {
            panic!("{pieces}: {made:?}");
        };
        assert_eq!(why.kind(), io::ErrorKind::StorageFull);
    }
}

#[tokio::test]
async fn x4_what_was_given_up_in_the_middle_is_no_archive() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("export.zip");
    let mut sent = Vec::new();
    let mut archive = Archive::begin(&mut sent, Options::new(noon()));
    archive
        .file("customers.csv", &["name"])
        .await
        .expect("a file begins");
    let mut letters = Letters(1);
    for _ in 0..40 {
        archive.rows(letters.piece(), 1).await.expect("rows go out");
    }
    drop(archive);
    assert!(sent.len() > 1024 * 1024, "much was sent");
    std::fs::write(&path, &sent).expect("a file of the test's own");
    assert!(!run("unzip", ["-t".as_ref(), path.as_os_str()]).status.success());
    assert!(!run("7zz", ["t".as_ref(), path.as_os_str()]).status.success());
}

#[tokio::test]
async fn x4_an_archive_does_not_go_on_behind_a_step_that_was_given_up() {
    let stalled = Arc::new(Notify::new());
    let out = Stalls {
        room: 100_000,
        stalled: Arc::clone(&stalled),
    };
    let mut letters = Letters(1);
    let mut archive = Archive::begin(out, Options::new(noon()));
    archive
        .file("customers.csv", &["name"])
        .await
        .expect("a file begins");
    loop {
        tokio::select! {
            biased;
            handed = archive.rows(letters.piece(), 1) => handed.expect("there is room"),
            () = stalled.notified() => break,
        }
    }
    let next = archive.rows(letters.piece(), 1).await;
    assert!(matches!(next, Err(ArchiveError::Interrupted)), "{next:?}");
    let end = archive.finish(about(Format::machine())).await;
    assert!(matches!(end, Err(ArchiveError::Interrupted)), "{end:?}");
}
