//! What an operator installed: settings, store, dataset, policies and keys, opened once for a command.

use std::path::Path;
use std::sync::Arc;

use chrono_tz::Tz;
use lapsed_config::{File, Finding};
use lapsed_dataset::{Dataset, Fitted};
use lapsed_jobs::apply::{BatchSize, Tools};
use lapsed_jobs::clerk::Clerk;
use lapsed_jobs::holds::StoreKeys;
use lapsed_jobs::in_force::policy_in_force;
use lapsed_jobs::journal::Journal;
use lapsed_jobs::pace::Pace;
use lapsed_jobs::retention::{Case, save};
use lapsed_jobs::warnings;
use lapsed_model::{
    Bounds, Chance, Clock, Dialect, KeyRing, Plan, SystemChance, SystemClock, TenantName, Workgroup,
};
use lapsed_policy::Policy;
use lapsed_store::Store;

use crate::failure::{Failure, Result};
use crate::output::Output;
use crate::settings::{EraseBatch, Settings};
use crate::{credentials, files, stores};

/// The dataset of the reference schema, which ships with the program.
pub(crate) const REFERENCE_DATASET: &str = include_str!("../../../config/dataset.toml");

/// The tables of the reference schema.
pub(crate) fn reference_schema(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Sqlite => include_str!("../../../config/reference-schema/sqlite.sql"),
        Dialect::Postgres => include_str!("../../../config/reference-schema/postgres.sql"),
    }
}

/// Settings, store and dataset, opened.
pub(crate) struct Installation {
    /// What the operator wrote.
    pub(crate) settings: Settings,
    /// The store, migrated.
    pub(crate) store: Store,
    /// The dataset, and its file for findings.
    pub(crate) dataset: Dataset,
    /// The dataset's file.
    pub(crate) dataset_file: File,
    /// Time.
    pub(crate) clock: SystemClock,
    /// Chance.
    pub(crate) chance: SystemChance,
}

impl Installation {
    /// Opens everything that the settings name, or shows what keeps it from being opened.
    pub(crate) async fn open(config: &Path, out: &Output) -> Result<Installation> {
        let settings = read_settings(config, out)?;
        let store = stores::open(&settings).await?;
        store.must_be_served().await?;
        let dataset_file = dataset_file(&settings, out)?;
        let (dataset, findings) = Dataset::read(&dataset_file);
        let Some(dataset) = dataset else {
            out.complain(&dataset_file, &findings);
            return Err(Failure::Findings);
        };
        Ok(Installation {
            settings,
            store,
            dataset,
            dataset_file,
            clock: SystemClock,
            chance: SystemChance,
        })
    }

    /// The dataset, held against the store; what does not fit is shown.
    pub(crate) async fn fit(&self, out: &Output) -> Result<Fitted<'_>> {
        let (fitted, findings) = lapsed_jobs::survey::fit(&self.store, &self.dataset).await?;
        fitted.ok_or_else(|| {
            let errors: Vec<Finding> = findings.into_iter().filter(Finding::is_error).collect();
            out.complain(&self.dataset_file, &errors);
            Failure::Findings
        })
    }

    /// A tenant's policy; its findings are shown if it has errors.
    pub(crate) fn policy(&self, tenant: &TenantName, out: &Output) -> Result<Policy> {
        let name = format!("{tenant}.toml");
        let path = self.settings.tenants.join(&name);
        if !path.exists() {
            return Err(Failure::because(format!(
                "there is no tenant `{tenant}`: {} does not exist",
                path.display()
            )));
        }
        let file = files::open_beneath(&self.settings.tenants, Path::new(&name)).map_err(|unreadable| {
            out.complain(&unreadable.file, std::slice::from_ref(&unreadable.finding));
            Failure::Findings
        })?;
        let (policy, findings) = lapsed_policy::read(tenant, &file, &self.settings.limits, self.clock.now());
        policy.ok_or_else(|| {
            out.complain(&file, &findings);
            Failure::Findings
        })
    }

    /// Refuses a name that is no tenant's.
    pub(crate) async fn must_know(&self, tenant: &TenantName) -> Result {
        must_be_a_tenant(&self.settings, &self.store, tenant).await
    }

    /// A workgroup with everything that decides about its people.
    pub(crate) fn case<'p>(&self, workgroup: &Workgroup, policy: &'p Policy) -> Result<Case<'p>> {
        let store_key = self.settings.store_key(workgroup).map_err(anyhow::Error::from)?;
        Ok(Case::new(workgroup, &store_key, policy)?)
    }

    /// The store's keys of all workgroups of a tenant.
    pub(crate) fn store_keys(&self, policy: &Policy) -> Vec<String> {
        policy
            .all_workgroups()
            .filter_map(|workgroup| self.settings.store_key(&workgroup).ok())
            .collect()
    }

    /// All workgroups of a tenant by the store's key of each.
    pub(crate) fn workgroups(&self, policy: &Policy) -> StoreKeys {
        policy
            .all_workgroups()
            .filter_map(|workgroup| Some((self.settings.store_key(&workgroup).ok()?, workgroup)))
            .collect()
    }

    /// A tenant's zone, for showing dates; UTC where the policy is not whole.
    pub(crate) fn zone(&self, tenant: &TenantName) -> Tz {
        self.whole_policy(tenant).map_or(Tz::UTC, |policy| policy.zone)
    }

    /// A tenant's policy for what cannot wait until the file is mended: the file, or the version in force.
    pub(crate) async fn policy_or_in_force(&self, tenant: &TenantName, out: &Output) -> Result<Policy> {
        if let Some(policy) = self.whole_policy(tenant) {
            return Ok(policy);
        }
        let (limits, now) = (&self.settings.limits, self.clock.now());
        match policy_in_force(&self.store, tenant, limits, now).await {
            Ok(policy) => Ok(policy),
            Err(_) => self.policy(tenant, out),
        }
    }

    /// A tenant's policy if its file is there and whole.
    fn whole_policy(&self, tenant: &TenantName) -> Option<Policy> {
        let name = format!("{tenant}.toml");
        let file = files::open_beneath(&self.settings.tenants, Path::new(&name)).ok()?;
        lapsed_policy::read(tenant, &file, &self.settings.limits, self.clock.now()).0
    }

    /// The key ring.
    pub(crate) fn keys(&self) -> Result<KeyRing> {
        Ok(credentials::key_ring(&self.settings)?)
    }

    /// Makes a plan and stores it, and notes who is to be warned.
    pub(crate) async fn save_plan(
        &self,
        fitted: &Fitted<'_>,
        case: &Case<'_>,
        bounds: Bounds,
    ) -> Result<Plan> {
        let keys = self.keys()?;
        let plan = save(&self.store, fitted, case, bounds, &keys, &self.chance, None).await?;
        warnings::update(&self.store, fitted, case, &bounds).await?;
        Ok(plan)
    }

    /// The present instant.
    pub(crate) fn now(&self) -> chrono::DateTime<chrono::Utc> {
        self.clock.now()
    }

    /// What writing something down needs.
    pub(crate) fn clerk<'t>(&'t self, fitted: &'t Fitted<'t>, keys: &'t KeyRing) -> Clerk<'t> {
        Clerk {
            store: &self.store,
            fitted,
            keys,
            clock: &self.clock,
            chance: &self.chance,
        }
    }

    /// What carrying out a plan needs.
    pub(crate) fn tools<'t>(
        &'t self,
        fitted: &'t Fitted<'t>,
        keys: &'t KeyRing,
        journal: &'t Journal,
    ) -> Tools<'t> {
        Tools {
            store: &self.store,
            fitted,
            keys,
            journal,
            clock: &self.clock as &dyn Clock,
            chance: &self.chance as &dyn Chance,
            batch: batch_size(&self.settings),
            watch_only: self.settings.watch_only,
            right: None,
            stop: None,
            pace: None,
        }
    }
}

/// Refuses a name that is no tenant's: one with neither a file nor a policy in force. A list that is empty for it would
/// be taken for an answer.
pub(crate) async fn must_be_a_tenant(settings: &Settings, store: &Store, tenant: &TenantName) -> Result {
    let file = settings.tenants.join(format!("{tenant}.toml"));
    // A link that leads nowhere is a file with a finding.
    if file.symlink_metadata().is_ok() || store.policy_in_force(tenant).await?.is_some() {
        return Ok(());
    }
    Err(Failure::because(format!(
        "there is no tenant `{tenant}`: it has no file in {} and no policy in force",
        settings.tenants.display()
    )))
}

/// The settings, or their findings shown.
pub(crate) fn read_settings(config: &Path, out: &Output) -> Result<Settings> {
    Settings::read(config).map_err(|refused| {
        out.complain(&refused.file, &refused.findings);
        Failure::Findings
    })
}

/// The dataset's file: the operator's, or the shipped one.
pub(crate) fn dataset_file(settings: &Settings, out: &Output) -> Result<File> {
    match &settings.dataset {
        None => Ok(File::new("the shipped dataset.toml", REFERENCE_DATASET)),
        Some(path) => files::open(path).map_err(|unreadable| {
            out.complain(&unreadable.file, std::slice::from_ref(&unreadable.finding));
            Failure::Findings
        }),
    }
}

/// How much of the time scheduled sweeps take. In a file there is one writer at a time, and pauses would only make a sweep
/// longer.
pub(crate) fn pace(settings: &Settings, dialect: Dialect) -> Option<Arc<Pace>> {
    (dialect == Dialect::Postgres).then(|| Arc::new(Pace::of(settings.erase_share)))
}

/// How many people a transaction takes.
pub(crate) fn batch_size(settings: &Settings) -> BatchSize {
    match settings.erase_batch {
        EraseBatch::Auto => BatchSize::Auto,
        EraseBatch::People(people) => BatchSize::Fixed(people),
    }
}
