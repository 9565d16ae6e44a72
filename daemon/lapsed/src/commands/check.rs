//! `lapsed check [PATH …]`

use std::collections::BTreeSet;
use std::path::Path;

use lapsed_config::{File, Finding, Unreadable};
use lapsed_dataset::Dataset;
use lapsed_jobs::apply::erasure;
use lapsed_jobs::{examples, survey};
use lapsed_model::{Clock, SystemClock, TenantName, Way, Workgroup};
use lapsed_policy::{Limits, Policy, hints};
use lapsed_store::Store;
use serde_json::json;

use crate::cli::CheckArgs;
use crate::failure::{Failure, Result};
use crate::installation::{REFERENCE_DATASET, dataset_file};
use crate::output::{Output, counted, number};
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
    if let Err(error) = credentials::key_ring(&settings) {
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
    let store = match &dataset {
        Some(dataset) => store(&settings, dataset, &dataset_file, &mut tally, out).await,
        None => Ok(()),
    };
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
        findings.extend(hints(policy));
        findings.extend(
            dataset
                .into_iter()
                .flat_map(|dataset| examples::run(policy, dataset)),
        );
    }
    tally.findings(file, &findings, out);
    tally.policies.extend(policy);
}

/// Keys of the store that belong to nobody: a slip in the settings would leave people unplanned.
fn workgroups(settings: &Settings, config: &Path, tally: &mut Tally, out: &Output) {
    let unknown = settings.workgroups.iter().filter_map(|(key, workgroup)| {
        let policy = tally
            .policies
            .iter()
            .find(|policy| policy.tenant == workgroup.tenant)?;
        let known = policy.workgroups.contains_key(&workgroup.name)
            || policy.without_retention.contains(&workgroup.name);
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
    let findings: Vec<Finding> = unknown.collect();
    tally.findings(&File::new(&config.display().to_string(), ""), &findings, out);
}

/// The dataset against the store, and the erasure tried and undone.
async fn store(
    settings: &Settings,
    dataset: &Dataset,
    file: &File,
    tally: &mut Tally,
    out: &Output,
) -> Result {
    let store = Store::open(&settings.store).await?;
    store.must_be_migrated().await?;
    let (fitted, findings) = survey::fit(&store, dataset).await?;
    tally.findings(file, &findings, out);
    let Some(fitted) = fitted else { return Ok(()) };
    let policies = std::mem::take(&mut tally.policies);
    let case = policies.iter().find_map(|policy| {
        let name = policy.workgroups.keys().next()?;
        lapsed_jobs::retention::Case::new(&Workgroup::new(policy.tenant.clone(), name).ok()?, "", policy).ok()
    });
    if let Some(case) = case {
        let refused = survey::try_erasure(
            &store,
            &fitted,
            &erasure(&case, Way::Automatic, SystemClock.now()),
        )
        .await?;
        tally.findings(file, refused.as_slice(), out);
    }
    let known: BTreeSet<String> = policies
        .iter()
        .flat_map(|policy| {
            policy
                .workgroups
                .keys()
                .chain(&policy.without_retention)
                .map(move |name| (policy, name))
        })
        .filter_map(|(policy, name)| Workgroup::new(policy.tenant.clone(), name).ok())
        .map(|workgroup| settings.store_key(&workgroup))
        .collect();
    let mut remarks = Vec::new();
    for row in store.rows(&fitted.workgroups()).await? {
        if let [
            lapsed_model::Value::Text(key),
            lapsed_model::Value::Integer(people),
        ] = &row[..]
            && !known.contains(key)
        {
            remarks.push(
                Finding::warning(format!(
                    "workgroup `{key}` of the store has {} people, and no policy is about them",
                    number(people.unsigned_abs())
                ))
                .help("say whose it is under `[workgroups]` in the settings, and name it in that tenant's policy"),
            );
        }
    }
    if let Some(statement) = fitted.in_several_workgroups()
        && let Some([lapsed_model::Value::Integer(people @ 1..)]) =
            store.rows(&statement).await?.first().map(Vec::as_slice)
    {
        remarks.push(
            Finding::warning(format!(
                "{} people belong to several workgroups, so that none of their policies decides about them",
                number(people.unsigned_abs())
            ))
            .help("correct the store, or `[subject] workgroup` in the dataset"),
        );
    }
    if let Some(since) = store.remnants_since().await? {
        remarks.push(
            Finding::warning(format!("the store's files may still hold what was erased since {since}"))
                .help("the next `lapsed apply` removes it; a program that keeps an old snapshot open must end first"),
        );
    }
    let remnants = Store::remnants_in_free_pages(&settings.store).unwrap_or_default();
    if remnants > 0 {
        remarks.push(
            Finding::warning(format!(
                "free pages of the store hold {} kB of what the platform deleted",
                number(remnants.div_ceil(1024))
            ))
            .help(
                "run `VACUUM` on the database when the platform is quiet: lapsed removes only its own traces",
            ),
        );
    }
    tally.findings(
        &File::new(&settings.store.display().to_string(), ""),
        &remarks,
        out,
    );
    tally.policies = policies;
    Ok(())
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
