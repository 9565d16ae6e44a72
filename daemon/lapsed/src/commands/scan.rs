//! `lapsed scan [--next | --of -]`

use std::io::BufRead;
use std::path::Path;

use lapsed_jobs::scan::{Scan, search};
use lapsed_model::Pii;
use serde_json::json;

use crate::cli::ScanArgs;
use crate::failure::{Failure, Result};
use crate::installation::Installation;
use crate::output::{Output, counted, number, people};

/// Shows what searches found, asks for one, or searches now.
pub(crate) async fn run(config: &Path, args: &ScanArgs, out: &Output) -> Result {
    let installation = Installation::open(config, out).await?;
    if args.next {
        installation.store.ask_for_scan(installation.now()).await?;
        out.line("the next sweep is searched behind, whatever the week says");
        out.object(&json!({ "asked": true }));
        return Ok(());
    }
    if args.of.is_some() {
        return of_standard_input(&installation, out).await;
    }
    show(&installation, args.last, out).await
}

/// Somebody asks whether anything is left of them. The values are looked for and never shown or kept.
async fn of_standard_input(installation: &Installation, out: &Output) -> Result {
    let lines: std::io::Result<Vec<String>> = std::io::stdin().lock().lines().collect();
    let lines = lines.map_err(|why| Failure::because(format!("standard input cannot be read: {why}")))?;
    let values: Vec<Pii<String>> = lines
        .into_iter()
        .filter(|line| !line.trim().is_empty())
        .map(Pii::new)
        .collect();
    if values.is_empty() {
        return Err(Failure::because(
            "standard input is empty: write a value a line, at least five letters each",
        ));
    }
    let fitted = installation.fit(out).await?;
    let found = search(&installation.store, &fitted, &values).await?;
    show_found(&found, out);
    out.object(&json!({ "values": values.len(), "columns": found.columns, "hits": found.hits }));
    if found.hits.is_empty() {
        Ok(())
    } else {
        Err(Failure::Findings)
    }
}

fn show_found(found: &Scan, out: &Output) {
    let columns = counted(found.columns, "column", "columns");
    if found.hits.is_empty() {
        return out.line(format!("nothing was found in {columns}"));
    }
    out.line(format!(
        "found in {} of {columns}:",
        number(found.hits.len() as u64)
    ));
    let rows = found.hits.iter().map(|hit| {
        let waits = if hit.waits {
            "waits for a period of its own"
        } else {
            ""
        };
        vec![
            hit.table.clone(),
            hit.column.clone(),
            number(hit.rows),
            waits.to_owned(),
        ]
    });
    out.table(&["TABLE", "COLUMN", "ROWS", ""], rows.collect(), &[2]);
}

async fn show(installation: &Installation, last: u32, out: &Output) -> Result {
    let scans = installation.store.scans(last).await?;
    if scans.is_empty() {
        out.line(
            "nothing was searched yet: sweeps are searched behind once a week, or after `lapsed scan --next`",
        );
    }
    for scan in &scans {
        let zone = installation.zone(&scan.tenant);
        let hits = scan.hits.as_array().map_or(&[][..], Vec::as_slice);
        out.line(format!(
            "{}, {}: {} looked for in {}, {}",
            crate::output::moment(scan.at, zone),
            scan.tenant,
            people(scan.people),
            counted(scan.columns, "column", "columns"),
            if hits.is_empty() {
                "nothing found".to_owned()
            } else {
                counted(hits.len() as u64, "hit", "hits")
            }
        ));
        for hit in hits {
            let waits = if hit["waits"] == true {
                ", which waits for a period of its own"
            } else {
                ""
            };
            let place = |key: &str| hit[key].as_str().unwrap_or_default().to_owned();
            out.line(format!(
                "  {}.{}: {} rows{waits}",
                place("table"),
                place("column"),
                hit["rows"]
            ));
        }
        out.object(scan);
    }
    Ok(())
}
