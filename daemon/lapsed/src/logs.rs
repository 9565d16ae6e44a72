//! Where the daemon's log goes, and what may stand in it.
//!
//! Under systemd the log goes to the journal with fields of its own, so that `journalctl TENANT=stadttheater` and
//! `journalctl RUN=17` find what they say; elsewhere lines go to standard error, for people or as JSON.
//!
//! No line holds personal data. The types see to the values (`Pii` cannot be formatted); and only our own crates are
//! ever heard, at whatever level, because a database driver or a web server may quote what it was handed.

use std::io::Stderr;

use anyhow::Context;
use tracing::Metadata;
use tracing::level_filters::LevelFilter;
use tracing_journald::{Priority, PriorityMappings};
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::fmt::layer;
use tracing_subscriber::prelude::*;
use tracing_subscriber::{EnvFilter, Layer, Registry};

/// The variable that says how much is logged: a level, or what `EnvFilter` understands.
const VARIABLE: &str = "LAPSED_LOG";
/// What the targets of all our crates begin with.
const OURS: &str = "lapsed";

type Sink = Box<dyn Layer<Registry> + Send + Sync>;

/// Begins to log. As JSON on standard error where that was asked for, else into the journal where standard error leads
/// there, else as text on standard error.
pub(crate) fn start(json: bool) -> anyhow::Result<()> {
    let said = std::env::var(VARIABLE).unwrap_or_default();
    let wanted = wanted(&said).with_context(|| {
        format!("`{said}` in {VARIABLE} is no level: write error, warn, info, debug or trace")
    })?;
    let sink = match journal().filter(|_| !json) {
        Some(journal) => journal,
        None if json => lines().json().flatten_event(true).boxed(),
        None => lines().boxed(),
    };
    tracing_subscriber::registry()
        .with(sink.with_filter(wanted).with_filter(filter_fn(is_ours)))
        .try_init()
        .context("something in this program logs already")
}

/// What `said` asks for; a bare level means our crates, and nothing means `info`.
fn wanted(said: &str) -> anyhow::Result<EnvFilter> {
    let said = match said.trim() {
        "" => format!("{OURS}={}", LevelFilter::INFO),
        level if level.parse::<LevelFilter>().is_ok() => format!("{OURS}={level}"),
        directives => directives.to_owned(),
    };
    Ok(EnvFilter::builder().parse(said)?)
}

fn is_ours(metadata: &Metadata<'_>) -> bool {
    metadata.target().starts_with(OURS)
}

fn lines() -> tracing_subscriber::fmt::Layer<
    Registry,
    tracing_subscriber::fmt::format::DefaultFields,
    tracing_subscriber::fmt::format::Format,
    fn() -> Stderr,
> {
    layer()
        .with_ansi(false)
        .with_writer(std::io::stderr as fn() -> Stderr)
}

/// The journal, where standard error leads there and it answers.
fn journal() -> Option<Sink> {
    let stream = std::env::var("JOURNAL_STREAM").ok()?;
    let stderr = rustix::fs::fstat(std::io::stderr()).ok()?;
    if !leads_to(&stream, stderr.st_dev, stderr.st_ino) {
        return None;
    }
    let journal = tracing_journald::layer().ok()?;
    let levels = PriorityMappings {
        info: Priority::Informational,
        debug: Priority::Debug,
        ..PriorityMappings::new()
    };
    Some(
        journal
            .with_field_prefix(None)
            .with_priority_mappings(levels)
            .boxed(),
    )
}

/// Whether `DEVICE:INODE` is this file: the variable outlives a redirection of standard error.
fn leads_to(stream: &str, device: u64, inode: u64) -> bool {
    stream
        .split_once(':')
        .is_some_and(|(dev, ino)| dev.parse() == Ok(device) && ino.parse() == Ok(inode))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_journal_is_used_only_where_standard_error_leads_there() {
        assert!(leads_to("9:22331", 9, 22_331));
        for stream in ["9:22332", "8:22331", "9", "", "x:y"] {
            assert!(!leads_to(stream, 9, 22_331), "{stream}");
        }
    }

    #[test]
    fn a_bare_level_means_our_crates() {
        let text = |said: &str| wanted(said).expect("a level").to_string();
        assert_eq!(text(""), "lapsed=info");
        assert_eq!(text("debug"), "lapsed=debug");
        assert_eq!(text("lapsed_jobs=trace"), "lapsed_jobs=trace");
        assert!(wanted("lapsed=loud").is_err());
    }
}
