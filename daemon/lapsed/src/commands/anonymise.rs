//! `lapsed anonymise TENANT/WORKGROUP CUSTOMER [--yes] [--despite-open-business]`

use std::io::{BufRead, IsTerminal, Write};
use std::path::Path;

use lapsed_jobs::Refusal;
use lapsed_jobs::apply::Progress;
use lapsed_jobs::desk::{ANONYMISE, AnonymiseOne};
use lapsed_jobs::holds::refuse_held;
use lapsed_jobs::manual::{OpenBusiness, anonymise, open_business};
use lapsed_model::{Language, SubjectKey};
use lapsed_store::NewRun;
use serde_json::json;

use crate::cli::AnonymiseArgs;
use crate::commands::hold::show_reports;
use crate::commands::{apply, explain};
use crate::failure::{Failure, Result};
use crate::follow::follow;
use crate::hands::Hands;
use crate::installation::Installation;
use crate::output::Output;
use crate::owner;

/// Anonymises one customer by hand: shows what is open, asks, and does it.
pub(crate) async fn run(config: &Path, args: &AnonymiseArgs, language: Language, out: &Output) -> Result {
    let installation = Installation::open(config, out).await?;
    let policy = installation.policy(&args.workgroup.tenant, out)?;
    let case = installation.case(&args.workgroup, &policy)?;
    let fitted = installation.fit(out).await?;
    let keys = installation.store_keys(&policy);
    let open = open_business(
        &installation.store,
        &fitted,
        &case,
        &keys,
        &args.customer,
        installation.now(),
        language,
    )
    .await?;
    show_open(&open, policy.zone, out);
    if !open.holds.is_empty() {
        out.line("Under a legal hold:");
        show_reports(&open.holds, policy.zone, out);
        out.object(&json!({ "customer": open.customer, "done": null, "open": open }));
        let now = installation.now();
        refuse_held(&installation.store, &fitted, &case.workgroup, &open.customer, now).await?;
    }
    if open.is_any() && !args.despite_open_business {
        out.object(&json!({ "customer": open.customer, "done": null, "open": open }));
        return Err(Refusal::OpenBusiness(args.workgroup.clone(), open.customer.to_string()).into());
    }
    if !args.yes
        && !asked(&format!(
            "Anonymise customer {} of {} for good?",
            open.customer, args.workgroup
        ))?
    {
        return Err(Failure::because("nothing was done"));
    }
    let ring = installation.keys()?;
    let done = if owner::is_served(&installation).await? {
        ask_the_daemon(&installation, args, &open.customer, out).await?
    } else {
        let hands = Hands::take(&installation, &fitted, &ring, "lapsed anonymise", out).await?;
        let done = anonymise(&hands.tools(), &case, &open.customer, args.despite_open_business).await;
        hands.leave(out).await?;
        done?
    };
    if done.anonymised == 0 {
        return Err(Refusal::ChangedMeanwhile(args.workgroup.clone(), open.customer.to_string()).into());
    }
    out.line(format!(
        "customer {} of {} is anonymised",
        open.customer, args.workgroup
    ));
    out.object(&json!({ "customer": open.customer, "done": done, "open": open }));
    Ok(())
}

/// Has the daemon do it, by the policy that it has in force.
async fn ask_the_daemon(
    installation: &Installation,
    args: &AnonymiseArgs,
    customer: &SubjectKey,
    out: &Output,
) -> Result<Progress> {
    let asked = AnonymiseOne {
        customer: customer.clone(),
        despite_open_business: args.despite_open_business,
    };
    let new = NewRun {
        tenant: Some(args.workgroup.tenant.clone()),
        workgroup: Some(args.workgroup.name.clone()),
        job: ANONYMISE.to_owned(),
        payload: json!(asked),
        asked_by: Some("lapsed anonymise".to_owned()),
        at: installation.now(),
    };
    apply::told(follow(installation, &new, out, async || {}).await?)
}

fn show_open(open: &OpenBusiness, zone: chrono_tz::Tz, out: &Output) {
    if !open.open.is_empty() {
        out.line("Still open:");
        out.table(
            &[],
            open.open
                .iter()
                .map(|rule| explain::row(rule, zone)[1..].to_vec())
                .collect(),
            &[],
        );
    }
    if !open.unanswered.is_empty() {
        out.line("Requests that nobody has answered:");
        explain::show_unanswered(&open.unanswered, zone, out);
    }
    if !open.same_contact.is_empty() {
        let others: Vec<String> = open.same_contact.iter().map(ToString::to_string).collect();
        out.line(format!(
            "Other records with the same contact, which stay as they are: {}",
            others.join(", ")
        ));
    }
}

/// Asks on the terminal; without one there is nobody to ask.
fn asked(question: &str) -> Result<bool> {
    let input = std::io::stdin();
    if !input.is_terminal() {
        return Err(Failure::because(
            "there is no terminal to ask on: `--yes` says that you are sure",
        ));
    }
    let mut answer = String::new();
    let asked =
        write!(std::io::stderr(), "{question} [y/N] ").and_then(|()| input.lock().read_line(&mut answer));
    Ok(asked.is_ok() && matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}
