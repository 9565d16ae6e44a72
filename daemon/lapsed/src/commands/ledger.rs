//! `lapsed ledger show|verify|heads`

use std::path::Path;

use anyhow::{Context, bail};
use lapsed_jobs::JobError;
use lapsed_jobs::journal::Journal;
use lapsed_jobs::ledger::verify;
use lapsed_model::{Head, Sealed, TenantName};
use serde_json::json;

use crate::cli::{LedgerArgs, LedgerCommand};
use crate::failure::{Failure, Result};
use crate::installation::Installation;
use crate::output::{Output, counted, number, people};

/// Shows the ledger, or proves that it is whole.
pub(crate) async fn run(config: &Path, args: &LedgerArgs, out: &Output) -> Result {
    let installation = Installation::open(config, out).await?;
    match &args.command {
        LedgerCommand::Show { tenant, last } => show(&installation, tenant, *last, out).await,
        LedgerCommand::Verify { against } => prove(&installation, against.as_deref(), out).await,
        LedgerCommand::Heads => heads(&installation, out).await,
    }
}

/// The newest entries of a tenant.
pub(crate) async fn show(
    installation: &Installation,
    tenant: &TenantName,
    last: u64,
    out: &Output,
) -> Result {
    let heads = installation.store.heads().await?;
    let end = heads
        .iter()
        .find(|head| head.tenant == *tenant)
        .map_or(0, |head| head.sequence);
    let most = u32::try_from(last).unwrap_or(u32::MAX);
    let entries = installation
        .store
        .ledger(tenant, end.saturating_sub(last), most)
        .await?;
    if entries.is_empty() {
        out.line(format!("the ledger has no entry for `{tenant}`"));
    }
    out.table(
        &["ENTRY", "AT (UTC)", "KIND", "WHAT"],
        entries.iter().map(row).collect(),
        &[0],
    );
    for sealed in &entries {
        out.object(&json!({
            "tenant": sealed.entry.tenant, "sequence": sealed.link.sequence, "at": sealed.entry.at,
            "kind": sealed.entry.kind, "payload": payload(sealed), "hash": sealed.link.hash, "key": sealed.link.key,
        }));
    }
    Ok(())
}

fn payload(sealed: &Sealed) -> serde_json::Value {
    serde_json::from_str(&sealed.entry.payload).unwrap_or_default()
}

fn row(sealed: &Sealed) -> Vec<String> {
    let payload = payload(sealed);
    let what = match sealed.entry.kind.as_str() {
        "erased" => {
            let rules = payload["by_rule"].as_object().into_iter().flatten();
            let rules: Vec<String> = rules
                .map(|(rule, people)| {
                    format!("{} {rule}", number(people.as_array().map_or(0, Vec::len) as u64))
                })
                .collect();
            format!(
                "{}, {}: {}",
                text(&payload["workgroup"]),
                text(&payload["plan"]),
                rules.join(", ")
            )
        }
        "restored" => format!(
            "a backup was restored: the end was entry {}, {} batches with {} people were lost",
            payload["lost"]["sequence"], payload["batches"], payload["people"]
        ),
        "re-erased" => format!(
            "{}: {} people again",
            text(&payload["workgroup"]),
            payload["people"].as_array().map_or(0, Vec::len)
        ),
        "policy" => format!(
            "in force: {}",
            text(&payload["policy"]).chars().take(12).collect::<String>()
        ),
        "approved" => format!(
            "{}, {}: by {}: {}",
            text(&payload["workgroup"]),
            text(&payload["plan"]),
            text(&payload["by"]),
            text(&payload["reason"])
        ),
        "hold" | "hold-lifted" => format!(
            "{} on a {}, by {}",
            text(&payload["hold"]),
            text(&payload["kind"]),
            text(&payload["by"])
        ),
        "request" => format!(
            "{}: {}, due by {}",
            text(&payload["request"]),
            text(&payload["kind"]),
            text(&payload["due_at"]).chars().take(10).collect::<String>()
        ),
        "request-answered" => format!(
            "{}: {} {} by {}{}",
            text(&payload["request"]),
            text(&payload["kind"]),
            text(&payload["became"]),
            text(&payload["by"]),
            if payload["in_time"] == false { ", late" } else { "" }
        ),
        "exported" => format!(
            "{}: {}, by {}, SHA-256 {}…",
            text(&payload["workgroup"]),
            match payload["people"].as_u64() {
                Some(count) => people(count),
                None => "everything about one customer".to_owned(),
            },
            text(&payload["by"]),
            text(&payload["sha256"]).chars().take(12).collect::<String>()
        ),
        _ => text(&payload["workgroup"]),
    };
    let at = sealed.entry.at.format("%Y-%m-%d %H:%M:%S").to_string();
    vec![number(sealed.link.sequence), at, sealed.entry.kind.clone(), what]
}

fn text(value: &serde_json::Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

async fn prove(installation: &Installation, against: Option<&Path>, out: &Output) -> Result {
    let recorded = against.map(read_heads).transpose()?.unwrap_or_default();
    let (keys, settings) = (installation.keys()?, &installation.settings);
    let journal = Journal::at(&settings.journal, &installation.store.identity().await?, &keys);
    let (known, missing) = journal.heads().await.map_err(JobError::from)?;
    for folder in missing {
        out.note(&format!(
            "there is no erasure journal in {}: the chains are not held against it",
            folder.display()
        ));
    }
    let recorded: Vec<Head> = recorded.into_iter().chain(known).collect();
    let payloads_from = settings.records.ledger_from(installation.now());
    let verified = verify(&installation.store, &keys, &recorded, payloads_from).await?;
    let mut whole = true;
    for chain in &verified {
        let faults: Vec<String> = chain.faults.iter().map(ToString::to_string).collect();
        let entries = counted(chain.entries, "entry", "entries");
        if faults.is_empty() {
            let end = chain
                .head
                .as_ref()
                .map_or(String::new(), |head| format!(", ends in {}", head.hash.short()));
            out.line(format!(
                "{}: {} entries, whole{end}",
                chain.tenant,
                number(chain.entries)
            ));
        } else {
            whole = false;
            out.line(format!("{}: {entries}, NOT whole", chain.tenant));
            faults.iter().for_each(|fault| out.line(format!("  {fault}")));
        }
        out.object(&json!({ "tenant": chain.tenant, "entries": chain.entries, "head": chain.head, "faults": faults }));
    }
    if verified.is_empty() {
        out.line("the ledger is empty");
    }
    if whole { Ok(()) } else { Err(Failure::Findings) }
}

async fn heads(installation: &Installation, out: &Output) -> Result {
    for head in installation.store.heads().await? {
        out.line(format!("{} {} {}", head.tenant, head.sequence, head.hash));
        out.object(&head);
    }
    Ok(())
}

/// Heads as `lapsed ledger heads` printed them: `TENANT SEQUENCE HASH` a line, or JSON a line.
fn read_heads(path: &Path) -> anyhow::Result<Vec<Head>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    if text.trim().is_empty() {
        bail!(
            "{} holds no head: `lapsed ledger heads` prints them",
            path.display()
        );
    }
    let lines = text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(index, line)| {
            read_head(line).with_context(|| {
                format!(
                    "{}:{}: write TENANT SEQUENCE HASH, as `lapsed ledger heads` prints it",
                    path.display(),
                    index + 1
                )
            })
        })
        .collect()
}

fn read_head(line: &str) -> Option<Head> {
    if let Ok(json) = serde_json::from_str::<serde_json::Value>(line) {
        return Some(Head {
            tenant: json["tenant"].as_str()?.parse().ok()?,
            sequence: json["sequence"].as_u64()?,
            hash: json["hash"].as_str()?.parse().ok()?,
        });
    }
    let mut words = line.split_whitespace();
    Some(Head {
        tenant: words.next()?.parse().ok()?,
        sequence: words.next()?.parse().ok()?,
        hash: words.next()?.parse().ok()?,
    })
}
