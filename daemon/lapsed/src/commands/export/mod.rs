//! `lapsed export customer|workgroup|list`: handing out what is stored

mod unnamed;

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use lapsed_archive::{Done, Password};
use lapsed_dataset::Fitted;
use lapsed_jobs::explain::person_of;
use lapsed_jobs::export::ExportCase;
use lapsed_jobs::export::customer::{Asked, export_customer};
use lapsed_jobs::export::workgroup::{Wanted, export_workgroup};
use lapsed_model::{Chance as _, ConsentTo, KeyRing, Language, TenantName, Workgroup};
use lapsed_policy::Policy;
use lapsed_store::{Export, ExportState};
use serde_json::json;

use crate::cli::{ExportArgs, ExportCommand, ExportHow, ExportProfile};
use crate::failure::{Failure, Result};
use crate::hands::Hands;
use crate::installation::Installation;
use crate::output::{Output, counted, date, moment, number, people};
use crate::owner;
use unnamed::Unnamed;

/// Hands out what is stored.
pub(crate) async fn run(config: &Path, args: &ExportArgs, out: &Output) -> Result {
    let installation = Installation::open(config, out).await?;
    match &args.command {
        ExportCommand::Customer {
            workgroup,
            customer,
            to,
            readme,
            how,
        } => {
            let whom = (workgroup, customer.as_str());
            one(&installation, whom, to.as_deref(), *readme, how, out).await
        }
        ExportCommand::Workgroup {
            workgroup,
            to,
            only_with_consent,
            event,
            how,
        } => {
            let only = (only_with_consent.as_ref(), event.as_deref());
            all(&installation, workgroup, to.as_deref(), only, how, out).await
        }
        ExportCommand::List { tenant, last } => list(&installation, tenant.as_ref(), *last, out).await,
    }
}

async fn one(
    installation: &Installation,
    (workgroup, customer): (&Workgroup, &str),
    to: Option<&Path>,
    readme: Option<Language>,
    how: &ExportHow,
    out: &Output,
) -> Result {
    let policy = installation.policy_or_in_force(&workgroup.tenant, out).await?;
    let case = case(installation, workgroup, &policy, how)?;
    let (fitted, ring) = (installation.fit(out).await?, installation.keys()?);
    recovered(installation, &fitted, &ring, out).await?;
    let clerk = installation.clerk(&fitted, &ring);
    let person = person_of(&installation.store, &fitted, workgroup, &case.store_key, customer).await?;
    let (password, shown) = password(installation, how)?;
    let by = by(how);
    let asked = Asked {
        by: &by,
        way: "command",
        language: readme,
        password,
    };
    let done = if to == Some(Path::new("-")) {
        let stdout = std::io::stdout();
        if stdout.is_terminal() {
            return Err(Failure::because(
                "a ZIP file is nothing to look at on a terminal: name a file with `--to`, or send it on with `|`",
            ));
        }
        export_customer(&clerk, &case, &person, &asked, tokio::io::stdout()).await?
    } else {
        let path = match to {
            Some(path) => path.to_owned(),
            None => PathBuf::from(file_name(workgroup, customer)),
        };
        let file = Unnamed::beside(&path)?;
        let done = export_customer(&clerk, &case, &person, &asked, file.writer()?).await?;
        file.name().await?;
        out.line(format!(
            "customer {} of {workgroup}: {} in {}",
            person.key,
            counted(done.bytes, "byte", "bytes"),
            path.display()
        ));
        show_files(&done, out);
        show_password(shown.as_deref(), out);
        out.object(&json!({
            "customer": person.key, "workgroup": workgroup, "path": path, "files": done.files,
            "bytes": done.bytes, "sha256": done.sha256, "password": shown,
        }));
        return Ok(());
    };
    out.note(&format!(
        "customer {} of {workgroup}: {}, SHA-256 {}",
        person.key,
        counted(done.bytes, "byte", "bytes"),
        done.sha256
    ));
    if let Some(password) = shown {
        out.note(&format!("its password is {password}"));
    }
    Ok(())
}

async fn all(
    installation: &Installation,
    workgroup: &Workgroup,
    to: Option<&Path>,
    (consent, event): (Option<&ConsentTo>, Option<&str>),
    how: &ExportHow,
    out: &Output,
) -> Result {
    let policy = installation.policy_or_in_force(&workgroup.tenant, out).await?;
    let case = case(installation, workgroup, &policy, how)?;
    let (fitted, ring) = (installation.fit(out).await?, installation.keys()?);
    recovered(installation, &fitted, &ring, out).await?;
    let (password, shown) = password(installation, how)?;
    let folder = std::path::absolute(to.unwrap_or(&installation.settings.exports))
        .context("the folder's path cannot be told")?;
    let by = by(how);
    let wanted = Wanted {
        by: &by,
        way: "command",
        consent,
        event,
        password,
        folder: &folder,
        node: &installation.settings.node,
        delete_at: to.is_none().then(|| case.delete_at(installation.now())),
        stop: None,
    };
    let bar = out.progress(1_000, "exporting");
    let clerk = installation.clerk(&fitted, &ring);
    let written = export_workgroup(&clerk, &case, &wanted, |progress| {
        bar.set_position(progress.of_thousand);
    })
    .await;
    bar.finish_and_clear();
    let written = written?;
    out.line(format!(
        "{workgroup}: {} in {}",
        people(written.people),
        written.path.display()
    ));
    let rows = written.files.iter();
    out.table(
        &[],
        rows.map(|(file, rows)| vec![file.clone(), counted(*rows, "row", "rows")])
            .collect(),
        &[],
    );
    show_password(shown.as_deref(), out);
    out.line(match written.delete_at {
        Some(at) => format!(
            "  it goes on {}, or as soon as somebody in it is anonymised",
            date(at, policy.zone)
        ),
        None => "  it goes as soon as somebody in it is anonymised, as long as it lies there; deleting it before is yours to do"
            .to_owned(),
    });
    let mut object = json!(written);
    object["password"] = json!(shown);
    out.object(&object);
    Ok(())
}

async fn list(installation: &Installation, tenant: Option<&TenantName>, last: u32, out: &Output) -> Result {
    let exports = installation.store.exports(tenant, last).await?;
    if let (true, Some(tenant)) = (exports.is_empty(), tenant) {
        installation.must_know(tenant).await?;
    }
    if exports.is_empty() {
        out.line("nothing was exported: `lapsed export workgroup TENANT/WORKGROUP` does, or a `schedule` below `[export]` in a policy");
    }
    exports.iter().for_each(|export| out.object(export));
    let rows = exports.iter().map(|export| row(export, installation)).collect();
    let headings = [
        "EXPORT",
        "WORKGROUP",
        "BY",
        "WHEN",
        "ROWS",
        "BYTES",
        "WHAT BECAME OF IT",
    ];
    out.table(&headings, rows, &[4, 5]);
    Ok(())
}

fn row(export: &Export, installation: &Installation) -> Vec<String> {
    let zone = installation.zone(&export.workgroup.tenant);
    let contents = export.contents.as_ref();
    let became = match (export.state, export.delete_at) {
        (ExportState::Writing, _) => "is being written".to_owned(),
        (ExportState::Finished, until) => {
            let until = until.map_or_else(String::new, |at| format!(", until {}", date(at, zone)));
            let on = Some(export.node.as_str()).filter(|node| *node != installation.settings.node);
            let on = on.map_or_else(String::new, |node| format!("on {node}: "));
            format!("{on}{}/{}{until}", export.folder, export.file)
        }
        (ExportState::Withdrawn, _) => "withdrawn: somebody in it was anonymised".to_owned(),
        (ExportState::Removed, _) => format!("gone: {}", export.because.as_deref().unwrap_or_default()),
    };
    vec![
        export.id.clone(),
        export.workgroup.to_string(),
        export.asked_by.clone(),
        moment(export.began_at, zone),
        contents.map_or_else(String::new, |contents| number(contents.rows)),
        contents.map_or_else(String::new, |contents| number(contents.bytes)),
        became,
    ]
}

/// O-4: whom a restored backup brought back is erased again before anything is handed out. A daemon that serves the store has
/// done so.
async fn recovered(installation: &Installation, fitted: &Fitted<'_>, ring: &KeyRing, out: &Output) -> Result {
    if owner::is_served(installation).await? {
        return Ok(());
    }
    let hands = Hands::take(installation, fitted, ring, "lapsed export", out).await?;
    hands.leave(out).await
}

fn case<'p>(
    installation: &Installation,
    workgroup: &Workgroup,
    policy: &'p Policy,
    how: &ExportHow,
) -> Result<ExportCase<'p>> {
    let store_key = installation
        .settings
        .store_key(workgroup)
        .map_err(anyhow::Error::from)?;
    let case = ExportCase::new(workgroup, &store_key, policy)?;
    Ok(match how.profile {
        Some(ExportProfile::Machines) => case.for_machines(),
        None => case,
    })
}

/// The password that locks the archive, and what of it has to be shown: one that was made up is known to nobody else.
fn password(installation: &Installation, how: &ExportHow) -> Result<(Option<Password>, Option<String>)> {
    if let Some(path) = &how.password_file {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("the password file {} cannot be read", path.display()))?;
        let first = text.lines().next().unwrap_or_default().to_owned();
        let password = Password::new(first).map_err(anyhow::Error::from)?;
        return Ok((Some(password), None));
    }
    if !how.lock {
        return Ok((None, None));
    }
    // 80 bits, in groups that can be read out on the telephone.
    let token = installation.chance.token();
    let groups: Vec<&str> = [0, 5, 10, 15].map(|from| &token[from..from + 5]).to_vec();
    let made_up = groups.join("-");
    let password = Password::new(made_up.clone()).map_err(anyhow::Error::from)?;
    Ok((Some(password), Some(made_up)))
}

/// Who asks.
fn by(how: &ExportHow) -> String {
    let user = || {
        ["SUDO_USER", "USER", "LOGNAME"]
            .into_iter()
            .find_map(|name| std::env::var(name).ok())
    };
    how.by
        .clone()
        .or_else(|| user().filter(|user| !user.is_empty()))
        .unwrap_or_else(|| format!("user {}", rustix::process::getuid().as_raw()))
}

fn file_name(workgroup: &Workgroup, customer: &str) -> String {
    let plain: String = format!("{}-{}-{customer}", workgroup.tenant, workgroup.name)
        .chars()
        .map(|letter| {
            if letter.is_ascii_alphanumeric() {
                letter
            } else {
                '-'
            }
        })
        .take(100)
        .collect();
    format!("{plain}.zip")
}

fn show_files(done: &Done, out: &Output) {
    let rows = done.files.iter().map(|file| {
        let rows = file
            .rows
            .map_or_else(String::new, |rows| counted(rows, "row", "rows"));
        vec![file.name.clone(), rows]
    });
    out.table(&[], rows.collect(), &[]);
}

fn show_password(password: Option<&str>, out: &Output) {
    if let Some(password) = password {
        out.line(format!(
            "  its password is {password}; it is kept nowhere: send it another way than the file"
        ));
    }
}
