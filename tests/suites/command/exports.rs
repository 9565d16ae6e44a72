//! `lapsed export`, as it is typed, and killed (X-4).

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
    for moment in moments(140, 1_000) {
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
    for moment in moments(60, 500) {
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

/// Runs a command where a folder is a disk of so many KiB, and tells what it left there; nothing where this machine lets nobody mount
/// one of their own.
fn on_a_disk_of(kibibytes: u32, folder: &Path, command: &Command) -> Option<(i32, String, String)> {
    const MOUNTED: &str = r#"mount -t tmpfs -o size="$1"k tmpfs "$2" || exit 99; shift; left=$1; shift; "$@"; code=$?; ls -A "$left"; exit $code"#;
    let mut apart = Command::new("unshare");
    apart
        .args(["--user", "--map-root-user", "--mount", "sh", "-c", MOUNTED, "sh"])
        .arg(kibibytes.to_string())
        .arg(folder)
        .arg(command.get_program())
        .args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => apart.env(name, value),
            None => apart.env_remove(name),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        apart.current_dir(folder);
    }
    let output = apart.output().expect("unshare is a program of util-linux");
    let [left, told] =
        [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text).into_owned());
    let code = output.status.code().expect("nobody killed it");
    let is_mounted = code != 99 && !told.starts_with("unshare:");
    is_mounted.then_some((code, left, told))
}

#[test]
fn x4_a_disk_that_fills_up_says_so_and_leaves_nothing() {
    let demo = Installed::demo();
    let (exports, out) = (demo.path("exports"), demo.path("out"));
    std::fs::create_dir_all(&exports).expect("a folder");
    std::fs::create_dir(&out).expect("a folder");
    let somebody = demo.sql(
        "SELECT CAST(min(id) AS TEXT) FROM customers WHERE workgroup = 'stadttheater/grosses-haus' AND anonymised_at IS NULL",
    );
    let to = out.join("one.zip");
    for (folder, words) in [
        (&exports, format!("export workgroup {HOUSE}")),
        (
            &out,
            format!("export customer {HOUSE} {somebody} --to {}", to.display()),
        ),
    ] {
        let Some((code, left, told)) = on_a_disk_of(4, folder, &demo.command(&words)) else {
            eprintln!("NOT RUN: this machine lets nobody mount a disk of their own");
            return;
        };
        assert_eq!(code, 1, "{words}: {told}");
        assert_eq!(told.matches("No space left on device").count(), 1, "{told}");
        assert!(told.contains("make room there"), "{told}");
        assert_eq!(left, "", "{words}");
    }
    let list = demo.lapsed("export list --json");
    assert!(list.out.contains("No space left on device"), "{}", list.out);
}
