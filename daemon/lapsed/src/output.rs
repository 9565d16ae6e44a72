//! What commands print: tables and sentences for people, JSON for machines.

use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use comfy_table::{CellAlignment, Table, presets};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use lapsed_config::{File, Finding, render, reported};
use serde::Serialize;

/// Where a command's answer goes.
pub(crate) struct Output {
    json: bool,
    colour: bool,
}

impl Output {
    /// Standard output, as JSON or for people.
    pub(crate) fn new(json: bool) -> Self {
        let colour = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        Self { json, colour }
    }

    /// Whether a machine reads it.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// A line for people.
    pub(crate) fn line(&self, text: impl AsRef<str>) {
        if !self.json {
            write_line(text.as_ref());
        }
    }

    /// Text that is the answer itself, for whoever reads.
    pub(crate) fn raw(&self, text: &str) {
        write_line(text.trim_end_matches('\n'));
    }

    /// An object on a line of its own, for machines.
    pub(crate) fn object(&self, object: &impl Serialize) {
        if self.json {
            write_line(&serde_json::to_string(object).expect("what we print has names for keys"));
        }
    }

    /// A heading with a line under it.
    pub(crate) fn heading(&self, text: &str) {
        if self.colour {
            self.line(format!("\n\x1b[1m{text}\x1b[0m"));
        } else {
            self.line(format!("\n{text}"));
        }
    }

    /// Rows in columns; `numbers` are the columns that are set to the right.
    pub(crate) fn table(&self, headings: &[&str], rows: Vec<Vec<String>>, numbers: &[usize]) {
        if self.json || rows.is_empty() {
            return;
        }
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        if !headings.is_empty() {
            table.set_header(headings.to_vec());
        }
        table.add_rows(rows);
        for number in numbers {
            if let Some(column) = table.column_mut(*number) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        for line in table.to_string().lines() {
            self.line(format!(" {}", line.trim_end()));
        }
    }

    /// The findings of a file, where they are what was asked for.
    pub(crate) fn findings(&self, file: &File, findings: &[Finding]) {
        if findings.is_empty() {
            return;
        }
        if self.json {
            reported(file, findings)
                .iter()
                .for_each(|finding| self.object(finding));
        } else {
            write_line(render(file, findings, self.colour).trim_end_matches('\n'));
            write_line("");
        }
    }

    /// The findings that keep a command from doing what was asked, on standard error.
    pub(crate) fn complain(&self, file: &File, findings: &[Finding]) {
        let text = if self.json {
            let lines = reported(file, findings);
            let lines: Vec<String> = lines
                .iter()
                .filter_map(|finding| serde_json::to_string(finding).ok())
                .collect();
            lines.join("\n")
        } else {
            render(file, findings, self.colour)
        };
        // Nobody is left to be told if standard error is gone.
        let _ = writeln!(std::io::stderr(), "{}", text.trim_end_matches('\n'));
    }

    /// Why a command failed, on standard error.
    pub(crate) fn error(&self, word: &str, message: &str) {
        let line = if self.json {
            serde_json::json!({ "error": word, "message": message }).to_string()
        } else {
            format!("error: {message}")
        };
        // Nobody is left to be told if standard error is gone.
        let _ = writeln!(std::io::stderr(), "{line}");
    }

    /// A line on standard error that is not the answer.
    pub(crate) fn note(&self, text: &str) {
        if !self.json {
            // Nobody is left to be told if standard error is gone.
            let _ = writeln!(std::io::stderr(), "{text}");
        }
    }

    /// A sign of life on standard error for what takes its time and cannot be counted.
    pub(crate) fn waiting(&self, doing: &'static str) -> ProgressBar {
        let bar = ProgressBar::with_draw_target(None, self.progress_target());
        let style = ProgressStyle::with_template("{msg} {elapsed}").expect("the template is ours");
        bar.set_style(style);
        bar.set_message(doing);
        bar.enable_steady_tick(Duration::from_secs(1));
        bar
    }

    /// A bar on standard error for what takes longer than a second on a terminal.
    pub(crate) fn progress(&self, total: u64, doing: &'static str) -> ProgressBar {
        let style = ProgressStyle::with_template("{msg} {wide_bar} {human_pos}/{human_len}, {eta} left")
            .expect("the template is ours");
        ProgressBar::with_draw_target(Some(total), self.progress_target())
            .with_style(style)
            .with_message(doing)
    }

    fn progress_target(&self) -> ProgressDrawTarget {
        if !self.json && std::io::stderr().is_terminal() {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        }
    }
}

/// What became of standard output: whether anybody still reads it, and whether it refused what we wrote.
static READER_LEFT: AtomicBool = AtomicBool::new(false);
static REFUSED: AtomicBool = AtomicBool::new(false);

/// Whether a part of the answer could not be written: then the command did not do all of what it was asked.
pub(crate) fn answer_was_cut() -> bool {
    REFUSED.load(Ordering::Relaxed)
}

/// A reader that left early (`| head`) ends the printing and nothing else: the command goes on and keeps its exit code.
fn write_line(text: &str) {
    if READER_LEFT.load(Ordering::Relaxed) || answer_was_cut() {
        return;
    }
    if let Err(why) = writeln!(std::io::stdout(), "{text}") {
        let flag = if why.kind() == std::io::ErrorKind::BrokenPipe {
            &READER_LEFT
        } else {
            &REFUSED
        };
        flag.store(true, Ordering::Relaxed);
    }
}

/// `22 November 2026` in the tenant's zone.
pub(crate) fn date(instant: DateTime<Utc>, zone: Tz) -> String {
    instant.with_timezone(&zone).format("%-d %B %Y").to_string()
}

/// `22 November 2026, 03:00` in the tenant's zone.
pub(crate) fn moment(instant: DateTime<Utc>, zone: Tz) -> String {
    instant
        .with_timezone(&zone)
        .format("%-d %B %Y, %H:%M")
        .to_string()
}

/// `8,412`.
pub(crate) fn number(count: u64) -> String {
    let digits = count.to_string();
    let groups: Vec<&str> = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .map(|group| std::str::from_utf8(group).expect("digits"))
        .collect();
    groups.join(",")
}

/// `1 entry`, `8,412 entries`.
pub(crate) fn counted(count: u64, one: &str, several: &str) -> String {
    format!("{} {}", number(count), if count == 1 { one } else { several })
}

/// `1 person`, `8,412 people`.
pub(crate) fn people(count: u64) -> String {
    counted(count, "person", "people")
}
