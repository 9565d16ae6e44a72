//! memory stays flat, however many rows go out.

use std::process::Command;

use lapsed_archive::{Archive, Cell, Format, Options, Separator};

use super::packed::{about, noon};

/// Says to a process of this suite how many megabytes it is to pack.
const TOLD: &str = "LAPSED_TEST_PACK";
/// The queues, the packer's buffers and the program itself, with room to spare.
const MOST_KIB: u64 = 40 * 1024;

/// A process of its own, since the other stories have memory, too.
#[tokio::test]
#[ignore = "the story below has it done in processes of their own"]
async fn packs_what_it_is_told() {
    let told = std::env::var(TOLD).expect("the story below tells it");
    let megabytes: usize = told.parse().expect("a number");
    let format = Format::spreadsheet(Separator::Semicolon);
    let mut csv = Vec::new();
    while csv.len() < 128 * 1024 {
        let key = i64::try_from(csv.len() * 7919 % 100_003).expect("a key");
        format.record(&mut csv, [Cell::Integer(key), Cell::Text("Müller; Söhne")]);
    }
    let mut archive = Archive::begin(tokio::io::sink(), Options::new(noon()));
    archive
        .file("customers.csv", &["id", "name"])
        .await
        .expect("a file begins");
    for _ in 0..megabytes * 8 {
        archive.rows(csv.clone(), 1).await.expect("rows go out");
    }
    archive.finish(about(format)).await.expect("an archive");
    println!("at most {} KiB", peak());
}

/// How much memory this process had at most, in KiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    number.and_then(|number| number.parse().ok()).expect("a figure")
}

#[test]
fn x3_three_hundred_megabytes_take_no_more_memory_than_ten() {
    let [little, much] = ["10", "300"].map(|megabytes| {
        let output = Command::new(std::env::current_exe().expect("this program"))
            .args([
                "--ignored",
                "--exact",
                "archives::memory::packs_what_it_is_told",
                "--nocapture",
            ])
            .env(TOLD, megabytes)
            .output()
            .expect("it runs");
        let says = String::from_utf8_lossy(&output.stdout);
        let figure = says
            .split_once("at most ")
            .and_then(|(_, rest)| rest.split_once(" KiB"));
        let figure = figure.and_then(|(figure, _)| figure.parse::<u64>().ok());
        figure.unwrap_or_else(|| panic!("{output:?}"))
    });
    println!("{little} KiB, {much} KiB");
    assert!(much < MOST_KIB, "{much} KiB");
    assert!(much < little + 8 * 1024, "{little} KiB became {much} KiB");
}
