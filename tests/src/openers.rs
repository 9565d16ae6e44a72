//! The programs with which people open what leaves the house. None of them knows code of ours.

use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Runs a program of somebody else's; none of them has a terminal to ask on.
pub fn run(program: &str, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Output {
    let run = Command::new(program)
        .args(arguments)
        .env("LC_ALL", "C.UTF-8")
        .stdin(Stdio::null())
        .output();
    run.unwrap_or_else(|why| panic!("{program}: {why} (`tests/run` installs it)"))
}

/// The same, and it has to succeed; what it says.
pub fn said(program: &str, arguments: &[&OsStr]) -> String {
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
pub fn unpacked(archive: &Path) -> PathBuf {
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
pub fn python(script: &str, input: &serde_json::Value) -> serde_json::Value {
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
