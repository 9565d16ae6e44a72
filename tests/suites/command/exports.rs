//! `lapsed export`, as it is typed, and killed.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::program::Installed;

const HOUSE: &str = "stadttheater/grosses-haus";

/// What lies in a folder.
fn files_in(folder: &Path) -> Vec<PathBuf> {
    let Ok(files) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    files.flatten().map(|file| file.path()).collect()
}

/// Whether another program finds nothing wrong with it.
fn is_whole(archive: &Path) -> bool {
    const READ: &str = "import sys, zipfile; sys.exit(zipfile.ZipFile(sys.argv[1]).testzip() is not None)";
    let read = Command::new("python3").args(["-c", READ]).arg(archive).output();
    read.expect("python3").status.success()
}

/// Runs a command and kills it after so many milliseconds, if it still runs.
fn killed_after(demo: &Installed, words: &str, milliseconds: u64) {
    let mut child = demo
        .command(words)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    std::thread::sleep(Duration::from_millis(milliseconds));
    // It may have ended.
    let _ = child.kill();
    child.wait().expect("it is gone");
}

/// Moments that are spread over a command's life, the same in every run of the test.
fn moments(many: u64, longest: u64) -> impl Iterator<Item = u64> {
    (0..many).map(move |number| number * 7_919 % longest)
}

#[test]
fn x4_a_kill_at_any_moment_leaves_no_half_file_and_the_next_export_no_leftover() {
    let demo = Installed::demo();
    let folder = demo.path("exports");
    for moment in moments(60, 1_000) {
        killed_after(&demo, &format!("export workgroup {HOUSE}"), moment);
        let named = files_in(&folder);
        let named = named
            .iter()
            .filter(|file| file.extension().is_some_and(|kind| kind == "zip"));
        for archive in named.clone() {
            assert!(
                is_whole(archive),
                "killed after {moment} ms: {}",
                archive.display()
            );
        }
        named.for_each(|archive| std::fs::remove_file(archive).expect("a file of the test's"));
    }
    let last = demo.lapsed(&format!("export workgroup {HOUSE}"));
    assert_eq!(last.code, 0, "{}", last.err);
    let left = files_in(&folder);
    assert_eq!(left.len(), 1, "{left:?}");
    assert!(is_whole(&left[0]));
}

#[test]
fn x4_a_customers_archive_is_whole_or_not_there() {
    let demo = Installed::demo();
    let folder = demo.path("out");
    std::fs::create_dir(&folder).expect("a folder");
    let somebody = demo.sql(
        "SELECT CAST(min(id) AS TEXT) FROM customers WHERE workgroup = 'stadttheater/grosses-haus' AND anonymised_at IS NULL",
    );
    let to = folder.join("one.zip");
    let words = format!("export customer {HOUSE} {somebody} --to {}", to.display());
    for moment in moments(20, 500) {
        killed_after(&demo, &words, moment);
        match files_in(&folder).as_slice() {
            [] => {}
            [one] => {
                assert!(*one == to && is_whole(one), "killed after {moment} ms");
                std::fs::remove_file(one).expect("a file of the test's");
            }
            several => panic!("killed after {moment} ms: {several:?}"),
        }
    }
    let done = demo.lapsed(&words);
    assert_eq!(done.code, 0, "{}", done.err);
    let again = demo.lapsed(&words);
    assert_eq!(again.code, 1, "nothing is written over");
    assert!(again.err.contains("is there already"), "{}", again.err);
}
