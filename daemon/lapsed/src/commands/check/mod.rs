//! `lapsed check [PATH …]`

mod journal;
mod server;
mod store;
mod ways;

use std::path::Path;

use lapsed_config::{File, Finding, Unreadable};
use lapsed_dataset::Dataset;
use lapsed_jobs::examples;
use lapsed_model::{Clock, Switch, SystemClock, TenantName};
use lapsed_policy::{Limits, Policy, hints};
use serde_json::json;

use crate::cli::CheckArgs;
use crate::failure::{Failure, Result};
use crate::installation::{REFERENCE_DATASET, dataset_file};
use crate::output::{Output, counted};
use crate::settings::Settings;
use crate::{credentials, files};

/// What was looked at, and how it went.
#[derive(Default)]
struct Tally {
    errors: usize,
    warnings: usize,
    policies: Vec<Policy>,
}

impl Tally {
    fn findings(&mut self, file: &File, findings: &[Finding], out: &Output) {
        let errors = findings.iter().filter(|finding| finding.is_error()).count();
        self.errors += errors;
        self.warnings += findings.len() - errors;
        out.findings(file, findings);
    }

    fn unreadable(&mut self, unreadable: &Unreadable, out: &Output) {
        self.findings(&unreadable.file, std::slice::from_ref(&unreadable.finding), out);
    }

    fn end(self, out: &Output) -> Result {
        let examples: usize = self.policies.iter().map(|policy| policy.examples.len()).sum();
        let looked_at = format!(
            "{}, {}",
            counted(self.policies.len() as u64, "sound policy", "sound policies"),
            counted(examples as u64, "example", "examples")
        );
        out.line(match (self.errors, self.warnings) {
            (0, 0) => format!("all is well: {looked_at}"),
            (0, remarks) => format!(
                "no error, {}; {looked_at}",
                counted(remarks as u64, "remark", "remarks")
            ),
            (errors, remarks) => format!(
                "{}, {}; {looked_at}",
                counted(errors as u64, "error", "errors"),
                counted(remarks as u64, "remark", "remarks")
            ),
        });
        out.object(&json!({ "errors": self.errors, "remarks": self.warnings, "policies": self.policies.len(), "examples": examples }));
        if self.errors == 0 {
            Ok(())
        } else {
            Err(Failure::Findings)
        }
    }
}

/// Checks everything that the settings name, or single files.
pub(crate) async fn run(config: &Path, args: &CheckArgs, out: &Output) -> Result {
    if args.paths.is_empty() {
        everything(config, out).await
    } else {
        single(config, args, out)
    }
}

async fn everything(config: &Path, out: &Output) -> Result {
    let mut tally = Tally::default();
    let settings = match Settings::read(config) {
        Ok(settings) => settings,
        Err(refused) => {
            tally.findings(&refused.file, &refused.findings, out);
            return tally.end(out);
        }
    };
    let key_ring =
        (!credentials::is_for_the_daemon_alone(&settings)).then(|| credentials::key_ring(&settings));
    if let Some(Err(error)) = key_ring {
        tally.findings(
            &File::new(&config.display().to_string(), ""),
            &[Finding::error(format!("{error:#}"))],
            out,
        );
    }
    let dataset_file = dataset_file(&settings, out)?;
    let (dataset, findings) = Dataset::read(&dataset_file);
    tally.findings(&dataset_file, &findings, out);
    policies(&settings, dataset.as_ref(), &mut tally, out);
    workgroups(&settings, config, &mut tally, out);
    journal::check(&settings, config, &mut tally, out);
    let store = match &dataset {
        Some(dataset) => store::check(&settings, dataset, &dataset_file, &mut tally, out).await,
        None => Ok(()),
    };
    tally.errors += usize::from(store.is_err());
    let ended = tally.end(out);
    store.and(ended)
}

/// Every tenant's file, with its examples.
fn policies(settings: &Settings, dataset: Option<&Dataset>, tally: &mut Tally, out: &Output) {
    let folder = match files::tenants(&settings.tenants) {
        Ok(folder) => folder,
        Err(unreadable) => return tally.unreadable(&unreadable, out),
    };
    folder
        .findings
        .iter()
        .for_each(|unreadable| tally.unreadable(unreadable, out));
    for tenant in folder.files {
        match tenant.file {
            Ok(file) => policy(&tenant.tenant, &file, &settings.limits, dataset, tally, out),
            Err(unreadable) => tally.unreadable(&unreadable, out),
        }
    }
}

fn policy(
    tenant: &TenantName,
    file: &File,
    limits: &Limits,
    dataset: Option<&Dataset>,
    tally: &mut Tally,
    out: &Output,
) {
    let (policy, mut findings) = lapsed_policy::read(tenant, file, limits, SystemClock.now());
    if let Some(policy) = &policy {
        let switches: Vec<Switch> =
            dataset.map_or(Switch::ALL.to_vec(), |dataset| dataset.rules.switches().collect());
        findings.extend(hints(policy, &switches));
        findings.extend(
            dataset
                .into_iter()
                .flat_map(|dataset| examples::run(policy, dataset)),
        );
    }
    tally.findings(file, &findings, out);
    tally.policies.extend(policy);
}

/// Keys of the store that belong to nobody, and workgroups without a key: a slip in the settings would leave people
/// unplanned, or give them to somebody else.
fn workgroups(settings: &Settings, config: &Path, tally: &mut Tally, out: &Output) {
    let policies = &tally.policies;
    let unknown = settings.workgroups.iter().filter_map(|(key, workgroup)| {
        let policy = policies.iter().find(|policy| policy.tenant == workgroup.tenant)?;
        let known = policy.all_workgroups().any(|known| known == *workgroup);
        (!known).then(|| {
            Finding::error(format!(
                "`{key}` belongs to `{workgroup}`, and that policy names no such workgroup"
            ))
            .help(format!(
                "add `[workgroups.{}]` to the policy, or correct the line under `[workgroups]`",
                workgroup.name
            ))
        })
    });
    let keyless = policies
        .iter()
        .flat_map(Policy::all_workgroups)
        .filter_map(|workgroup| {
            let refusal = settings.store_key(&workgroup).err()?;
            Some(Finding::error(refusal.to_string()).help("two policies would decide about the same people"))
        });
    let findings: Vec<Finding> = unknown.chain(keyless).collect();
    tally.findings(&File::new(&config.display().to_string(), ""), &findings, out);
}

/// Files by themselves: what each is shows in its first keys.
fn single(config: &Path, args: &CheckArgs, out: &Output) -> Result {
    let mut tally = Tally::default();
    // A tenant checks its own file on a machine that has no settings: then the defaults and the shipped dataset hold.
    let settings = config.exists().then(|| Settings::read(config).ok()).flatten();
    let dataset_file = match &settings {
        Some(settings) => dataset_file(settings, out)?,
        None => File::new("the shipped dataset.toml", REFERENCE_DATASET),
    };
    let (dataset, _) = Dataset::read(&dataset_file);
    let limits = settings.map_or_else(Limits::default, |settings| settings.limits);
    for path in &args.paths {
        let file = match files::open(path) {
            Ok(file) => file,
            Err(unreadable) => {
                tally.unreadable(&unreadable, out);
                continue;
            }
        };
        let begins = |key: &str| file.text.lines().any(|line| line.trim_start().starts_with(key));
        if begins("[store]") {
            let folder = path.parent().unwrap_or(Path::new(""));
            let findings = Settings::parse(&file, folder).err().unwrap_or_default();
            tally.findings(&file, &findings, out);
        } else if begins("dataset ") || begins("dataset=") {
            tally.findings(&file, &Dataset::read(&file).1, out);
        } else {
            match path
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .parse::<TenantName>()
            {
                Ok(tenant) => policy(&tenant, &file, &limits, dataset.as_ref(), &mut tally, out),
                Err(why) => {
                    let finding = Finding::error("the file's name is no tenant's name").help(why.to_string());
                    tally.findings(&file, &[finding], out);
                }
            }
        }
    }
    tally.end(out)
}
