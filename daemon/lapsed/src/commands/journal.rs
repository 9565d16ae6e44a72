//! `lapsed journal check|re-erase`

use std::path::Path;

use lapsed_jobs::journal::{Checked, FolderChecked, Journal, check};
use serde_json::json;

use crate::cli::{JournalArgs, JournalCommand};
use crate::failure::{Failure, Result};
use crate::hands::Hands;
use crate::installation::Installation;
use crate::output::{Output, counted, number, people};
use crate::owner;

/// Looks through the journal, or does what follows from it.
pub(crate) async fn run(config: &Path, args: &JournalArgs, out: &Output) -> Result {
    let installation = Installation::open(config, out).await?;
    match args.command {
        JournalCommand::Check => look_through(&installation, out).await,
        JournalCommand::ReErase => erase_again(&installation, out).await,
    }
}

async fn look_through(installation: &Installation, out: &Output) -> Result {
    let keys = installation.keys()?;
    let identity = installation.store.identity().await?;
    let journal = Journal::at(&installation.settings.journal, &identity, &keys);
    let checked = check(&journal, &installation.store).await?;
    checked.folders.iter().for_each(|folder| show_folder(folder, out));
    show_batches(&checked, out);
    let whole = checked.is_whole();
    out.object(&json!({ "whole": whole, "journal": checked }));
    if whole { Ok(()) } else { Err(Failure::Findings) }
}

fn show_folder(folder: &FolderChecked, out: &Output) {
    let file = folder.file.display();
    if let Some(why) = &folder.unreadable {
        return out.line(format!("{file}: cannot be read: {why}"));
    }
    out.line(format!("{file}: {}", counted(folder.lines, "line", "lines")));
    for fault in &folder.faults {
        out.line(format!("  {file}:{}: {}", fault.line, fault.fault));
    }
    if folder.torn > 0 {
        out.line(format!(
            "  {file}: the last line was torn by a crash ({} bytes); the next start cuts it off",
            number(folder.torn)
        ));
    }
    if folder.lacks > 0 {
        out.line(format!(
            "  {file}: {} missing that another folder has; `lapsed journal re-erase`, like every start, heals that",
            counted(folder.lacks, "line is", "lines are")
        ));
    }
}

fn show_batches(checked: &Checked, out: &Output) {
    out.line(format!(
        "{} with {}",
        counted(checked.done, "batch", "batches"),
        people(checked.people)
    ));
    if let (Some(oldest), Some(newest)) = (checked.oldest, checked.newest) {
        out.line(format!(
            "from {} to {}",
            oldest.format("%Y-%m-%d %H:%M"),
            newest.format("%Y-%m-%d %H:%M")
        ));
    }
    if checked.crashed > 0 {
        out.line(format!(
            "{} cut short by a kill: nobody of them was erased, and their plans go on",
            counted(checked.crashed, "batch was", "batches were")
        ));
    }
    for doubtful in &checked.doubtful {
        out.line(format!(
            "whether {} with {} was committed cannot be told: a line behind it cannot be read; if a backup was restored, \
             these people may be there again",
            doubtful.batch,
            people(doubtful.people)
        ));
    }
    if checked.unfinished > 0 {
        out.line(format!(
            "{} committed and not yet said to be: the next start says so",
            counted(checked.unfinished, "batch is", "batches are")
        ));
    }
    if !checked.lost.is_empty() {
        out.line(format!(
            "{} not known to the store: a backup was restored; `lapsed journal re-erase` erases those people again",
            counted(checked.lost.len() as u64, "batch is", "batches are")
        ));
    }
    if !checked.unnoted.is_empty() {
        out.line(format!(
            "{} of the store in no folder of the journal: after a restored backup these people would come back; \
             was a folder left behind when `[journal] folders` changed?",
            counted(checked.unnoted.len() as u64, "batch stands", "batches stand")
        ));
    }
}

/// The drill by hand. A daemon did it when it started, so that there is nothing left to do beside one.
async fn erase_again(installation: &Installation, out: &Output) -> Result {
    if owner::is_served(installation).await? {
        return Err(Failure::because(
            "the store is served by a daemon, which did this when it started: stop it before a backup is restored, and start it after",
        ));
    }
    let fitted = installation.fit(out).await?;
    let keys = installation.keys()?;
    let hands = Hands::take_thoroughly(installation, &fitted, &keys, "lapsed journal re-erase").await?;
    let (recovered, healed) = (hands.recovered().clone(), hands.healed().clone());
    hands.leave(out).await?;
    let sentences: Vec<String> = healed
        .sentences()
        .into_iter()
        .chain(recovered.sentences())
        .collect();
    sentences.iter().for_each(|sentence| out.line(sentence));
    if sentences.is_empty() {
        out.line("nothing to do: the store knows every batch of the journal");
    }
    out.object(&json!({ "recovered": recovered, "healed": healed }));
    Ok(())
}
