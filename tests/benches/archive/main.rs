//! What a workgroup's export costs once its rows are there, beside `zip` on the same bytes.
//!
//!     cargo bench -p lapsed-tests --bench archive -- [--rows 1000000] [--rounds 5]
//!
//! Ours makes the rows, writes them as CSV for a spreadsheet, guarded, and packs them, hashes and all, into a file. The
//! other side has the finished CSV as a file and only packs it: `zip -1` and `zip -6`. Rounds go in turns, each with every
//! level. What is printed at last is the memory that this program had at most.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program that prints figures, and what it is doing meanwhile"
)]

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use chrono::{DateTime, NaiveDateTime};
use lapsed_archive::{About, Archive, Cell, Format, Level, Options, Password, Separator, Subject};

/// At most so many times as long as `zip -1`, and as `zip -6`.
const AIMS: [f64; 2] = [1.5, 1.0];
/// How much memory, in MiB.
const MEMORY_AIM: f64 = 64.0;
/// How much CSV is handed over at once.
const PIECE: usize = 128 * 1024;

const COLUMNS: [&str; 15] = [
    "id",
    "number",
    "salutation",
    "first_name",
    "last_name",
    "company",
    "email",
    "phone",
    "street",
    "postal_code",
    "city",
    "country",
    "birth_date",
    "description",
    "created_at",
];
const FIRST: [&str; 8] = [
    "Anna",
    "Jörg",
    "Élodie",
    "Иван",
    "Maria-Luise",
    "Tom",
    "Zoë",
    "Giulia",
];
const LAST: [&str; 8] = [
    "Huber",
    "Müller",
    "Łukasz",
    "Петров",
    "O'Neill",
    "Gruber",
    "van der Berg",
    "Rossi",
];
const STREETS: [&str; 4] = ["Hauptstraße", "Lange Gasse", "Via Roma", "Rue de la Gare"];
const NOTES: [&str; 4] = [
    "",
    "",
    "sits at the aisle; comes with a wheelchair",
    "- row 3, if possible",
];

/// One way to make the archive, and how long it took each time.
struct Side {
    name: String,
    seconds: Vec<f64>,
    bytes: u64,
    doing: Doing,
}

/// What is done.
#[derive(Clone, Copy)]
enum Doing {
    Zip(&'static str),
    Ours { level: Option<u8>, locked: bool },
}

#[tokio::main]
async fn main() {
    let (rows, rounds) = arguments();
    let home = tempfile::tempdir().expect("a folder");
    let csv = home.path().join("customers.csv");
    eprintln!("writing {rows} rows as CSV …");
    let bytes = write_csv(&csv, rows);
    let mut sides = sides();
    for round in 1..=rounds {
        for side in &mut sides {
            let out = home.path().join("out.zip");
            let began = Instant::now();
            match side.doing {
                Doing::Zip(level) => zip(level, &csv, &out),
                Doing::Ours { level, locked } => ours(level, locked, rows, &out).await,
            }
            side.seconds.push(began.elapsed().as_secs_f64());
            side.bytes = std::fs::metadata(&out).expect("an archive").len();
            std::fs::remove_file(&out).expect("a file of ours");
        }
        eprintln!("round {round} of {rounds}");
    }
    print(&sides, rows, bytes);
}

fn arguments() -> (u64, usize) {
    let (mut rows, mut rounds) = (1_000_000, 5);
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut number = || {
            let number = words.next().and_then(|word| word.parse().ok());
            number.unwrap_or_else(|| panic!("`{word}` takes a number"))
        };
        match word.as_str() {
            "--rows" => rows = number(),
            "--rounds" => rounds = usize::try_from(number()).expect("a number of rounds"),
            // Cargo says so to every benchmark.
            "--bench" => {}
            other => panic!("`{other}` is not known: --rows N, --rounds N"),
        }
    }
    (rows, rounds)
}

fn sides() -> Vec<Side> {
    let side = |name: String, doing| Side {
        name,
        seconds: Vec::new(),
        bytes: 0,
        doing,
    };
    let ours = |level, locked| Doing::Ours { level, locked };
    let mut sides = vec![
        side("zip -1".to_owned(), Doing::Zip("-1")),
        side("zip -6".to_owned(), Doing::Zip("-6")),
        side("ours".to_owned(), ours(None, false)),
        side("ours, AES-256".to_owned(), ours(None, true)),
    ];
    sides.extend([1, 2, 3, 4, 6].map(|level| side(format!("ours, level {level}"), ours(Some(level), false))));
    sides
}

/// A customer like many; nobody is twice the same.
fn record(format: Format, to: &mut Vec<u8>, row: u64, scratch: &mut String) {
    use std::fmt::Write as _;
    let mixed = row.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
    let pick = |of: u32| usize::try_from(mixed >> of & 3).expect("a few bits");
    let mut part = |text: std::fmt::Arguments<'_>| {
        let began = scratch.len();
        scratch.write_fmt(text).expect("a text takes everything");
        began..scratch.len()
    };
    let number = part(format_args!("K-{:08}", mixed % 100_000_000));
    let email = part(format_args!("person{}@theatre.example", mixed % 1_000_003));
    let phone = part(format_args!("+43 1 {:07}", mixed % 10_000_000));
    let street = part(format_args!("{} {}", STREETS[pick(3)], mixed % 97 + 1));
    let postal = part(format_args!("{:05}", mixed % 99_999));
    let born = part(format_args!(
        "{}-{:02}-{:02}",
        1940 + mixed % 70,
        mixed % 12 + 1,
        mixed % 28 + 1
    ));
    let created = part(format_args!(
        "2024-{:02}-{:02}T18:{:02}:00Z",
        mixed % 12 + 1,
        mixed % 28 + 1,
        mixed % 60
    ));
    format.record(
        to,
        [
            Cell::Integer(i64::try_from(row).expect("a key")),
            Cell::Text(&scratch[number]),
            Cell::Empty,
            Cell::Text(FIRST[pick(5) + 4 * (row % 2) as usize]),
            Cell::Text(LAST[pick(7) + 4 * (row % 2) as usize]),
            Cell::Empty,
            Cell::Text(&scratch[email]),
            Cell::Text(&scratch[phone]),
            Cell::Text(&scratch[street]),
            Cell::Text(&scratch[postal]),
            Cell::Text("Wien"),
            Cell::Text("AT"),
            Cell::Text(&scratch[born]),
            Cell::Text(NOTES[pick(9)]),
            Cell::Text(&scratch[created]),
        ],
    );
    scratch.clear();
}

fn write_csv(path: &Path, rows: u64) -> u64 {
    use std::io::Write as _;
    let format = Format::spreadsheet(Separator::Semicolon);
    let mut file = std::fs::File::create(path).expect("a file of ours");
    let (mut csv, mut scratch) = (Vec::new(), String::new());
    let (mut bytes, mut in_writer) = (0, 0.0);
    format.header(&mut csv, COLUMNS);
    for row in 0..rows {
        let began = (row % 1024 == 0).then(Instant::now);
        record(format, &mut csv, row, &mut scratch);
        in_writer += began.map_or(0.0, |began| began.elapsed().as_secs_f64());
        if csv.len() > PIECE {
            bytes += csv.len() as u64;
            file.write_all(&csv).expect("room");
            csv.clear();
        }
    }
    file.write_all(&csv).expect("room");
    eprintln!(
        "a row is made and written in some {:.0} ns",
        in_writer / (rows as f64 / 1024.0) * 1e9
    );
    bytes + csv.len() as u64
}

fn zip(level: &str, csv: &Path, out: &Path) {
    let input = std::fs::File::open(csv).expect("the CSV");
    let done = Command::new("zip")
        .args(["-q", level])
        .arg(out)
        .arg("-")
        .stdin(input)
        .stdout(Stdio::null())
        .status();
    assert!(done.expect("zip is installed").success(), "zip packs");
}

async fn ours(level: Option<u8>, locked: bool, rows: u64, out: &Path) {
    let format = Format::spreadsheet(Separator::Semicolon);
    let file = tokio::fs::File::create(out).await.expect("a file of ours");
    let mut options = Options::new(NaiveDateTime::default());
    if let Some(level) = level {
        options.level = Level::new(level).expect("a level");
    }
    if locked {
        options = options.locked_by(Password::new("correct horse".to_owned()).expect("a password"));
    }
    let mut archive = Archive::begin(file, options);
    archive
        .file("customers.csv", &COLUMNS)
        .await
        .expect("a file begins");
    let (mut csv, mut scratch, mut held) = (Vec::with_capacity(PIECE * 2), String::new(), 0);
    format.header(&mut csv, COLUMNS);
    for row in 0..rows {
        record(format, &mut csv, row, &mut scratch);
        held += 1;
        if csv.len() > PIECE {
            let full = std::mem::replace(&mut csv, Vec::with_capacity(PIECE * 2));
            archive.rows(full, held).await.expect("rows go out");
            held = 0;
        }
    }
    archive.rows(csv, held).await.expect("rows go out");
    let about = About {
        made_at: DateTime::UNIX_EPOCH,
        subject: Subject::Workgroup("stadttheater/grosses-haus".parse().expect("a workgroup")),
        format,
    };
    let done = archive.finish(about).await.expect("an archive");
    assert_eq!(done.files[0].rows, Some(rows));
}

fn median(of: &[f64]) -> f64 {
    let mut sorted = of.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

fn print(sides: &[Side], rows: u64, bytes: u64) {
    println!(
        "{rows} rows, {:.0} MB of CSV; medians of {} rounds in turns",
        bytes as f64 / 1e6,
        sides[0].seconds.len()
    );
    println!(
        "{:<18}{:>10}{:>12}{:>12}{:>12}",
        "", "seconds", "size", "to zip -1", "to zip -6"
    );
    let mut missed = Vec::new();
    for side in sides {
        let ratios = [0, 1].map(|other: usize| {
            let rounds = side.seconds.iter().zip(&sides[other].seconds);
            median(&rounds.map(|(ours, other)| ours / other).collect::<Vec<_>>())
        });
        println!(
            "{:<18}{:>10.2}{:>10.1} %{:>12.2}{:>12.2}",
            side.name,
            median(&side.seconds),
            side.bytes as f64 / bytes as f64 * 100.0,
            ratios[0],
            ratios[1]
        );
        if side.name == "ours" && (ratios[0] > AIMS[0] || ratios[1] > AIMS[1]) {
            missed.push(format!(
                "{:.2} and {:.2} instead of at most {AIMS:?}",
                ratios[0], ratios[1]
            ));
        }
    }
    let memory = peak();
    println!("memory at most: {memory:.0} MiB (aim {MEMORY_AIM:.0})");
    if memory > MEMORY_AIM {
        missed.push(format!("{memory:.0} MiB of memory"));
    }
    match missed[..] {
        [] => println!("every aim was met"),
        _ => println!("missed: {}", missed.join("; ")),
    }
}

/// How much memory this program had at most, in MiB.
fn peak() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next());
    kilobytes
        .and_then(|number| number.parse::<f64>().ok())
        .expect("a figure")
        / 1024.0
}
