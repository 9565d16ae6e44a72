//! Theatres full of invented people, in a real SQLite file: the reference schema, filled by the demo's script.
//!
//! One tenant has all of them as workgroups, `house-1` and so on, with about as many people each. The clock stands
//! still and chance is seeded, so that the same number of people gives the same store, byte for byte.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use lapsed_config::File;
use lapsed_dataset::{Dataset, Fitted};
use lapsed_jobs::apply::{BatchSize, Tools};
use lapsed_jobs::journal::Journal;
use lapsed_jobs::retention::Case;
use lapsed_jobs::survey;
use lapsed_model::{Clock, KeyRing, SeededChance, SimulatedClock, Statement, TenantName, Value, Workgroup};
use lapsed_policy::{Limits, Policy};
use lapsed_store::Store;

const DATASET: &str = include_str!("../../../config/dataset.toml");
const SCHEMA: &str = include_str!("../../../config/reference-schema/sqlite.sql");
const PEOPLE: &str = include_str!("../../../config/demo/sqlite.sql");

/// The tenant whose theatres they are.
pub(crate) const TENANT: &str = "buehnen";

/// A store with everything that a sweep of it needs.
pub(crate) struct Theatres {
    /// The store's file.
    pub(crate) path: PathBuf,
    /// The store.
    pub(crate) store: Store,
    /// The dataset of the reference schema, as it ships.
    pub(crate) dataset: Dataset,
    /// The tenant's policy: three years, invoices' recipients for eight.
    pub(crate) policy: Policy,
    /// The store's keys of the workgroups, in their order.
    pub(crate) houses: Vec<String>,
    /// One key, `k1`.
    pub(crate) keys: KeyRing,
    /// Who was erased, beside the store.
    pub(crate) journal: Journal,
    /// Noon of the day that the demo's people lead up to.
    pub(crate) clock: SimulatedClock,
    /// The same salts every time.
    pub(crate) chance: SeededChance,
}

impl Theatres {
    /// Makes a store of `people` in `houses` theatres at `path`.
    pub(crate) async fn build(path: &Path, people: usize, houses: usize) -> Self {
        let store = Store::create(path).await.expect("a new store");
        store.migrate().await.expect("the daemon's tables");
        store
            .create_reference_schema(SCHEMA)
            .await
            .expect("the platform's tables");
        let theatres = Self::around(path, store, houses).await;
        let inputs = inputs(people, &theatres.houses, theatres.clock.now());
        theatres.store.run_script(&inputs, PEOPLE).await.expect("people");
        theatres
    }

    /// Opens a store that was made by [`Theatres::build`], or a copy of one.
    pub(crate) async fn open(path: &Path, houses: usize) -> Self {
        let store = Store::open(path).await.expect("a store that was built before");
        Self::around(path, store, houses).await
    }

    async fn around(path: &Path, store: Store, houses: usize) -> Self {
        let clock = SimulatedClock::at(noon());
        let houses: Vec<String> = (1..=houses).map(|number| format!("house-{number}")).collect();
        let file = File::new("dataset.toml", DATASET);
        let (dataset, findings) = Dataset::read(&file);
        let (keys, identity) = (key_ring(), store.identity().await.expect("a store has a name"));
        let folders = [path.with_extension("journal")];
        let opened = Journal::open(&folders, &identity, &keys).await;
        Self {
            path: path.to_owned(),
            journal: opened.expect("a folder beside the store").0,
            store,
            dataset: dataset.unwrap_or_else(|| panic!("the shipped dataset is whole: {findings:#?}")),
            policy: policy(&houses, clock.now()),
            houses,
            keys,
            clock,
            chance: SeededChance::new(1),
        }
    }

    /// The dataset, held against the store.
    pub(crate) async fn fitted(&self) -> Fitted<'_> {
        let (fitted, findings) = survey::fit(&self.store, &self.dataset)
            .await
            .expect("a store to ask");
        fitted.unwrap_or_else(|| panic!("the shipped dataset fits the reference schema: {findings:#?}"))
    }

    /// A case per theatre.
    pub(crate) fn cases(&self) -> Vec<Case<'_>> {
        let tenant: TenantName = TENANT.parse().expect("a name");
        let case = |house: &String| {
            let workgroup = Workgroup::new(tenant.clone(), house).expect("a name");
            Case::new(&workgroup, house, &self.policy).expect("a workgroup with retention")
        };
        self.houses.iter().map(case).collect()
    }

    /// What carrying out a plan needs.
    pub(crate) fn tools<'t>(&'t self, fitted: &'t Fitted<'t>, batch: BatchSize) -> Tools<'t> {
        Tools {
            store: &self.store,
            fitted,
            keys: &self.keys,
            journal: &self.journal,
            clock: &self.clock,
            chance: &self.chance,
            batch,
            watch_only: false,
            lease: None,
            stop: None,
        }
    }
}

/// A ring with one key.
pub(crate) fn key_ring() -> KeyRing {
    KeyRing::parse(&format!("k1 {}", "5a".repeat(32))).expect("a ring")
}

fn noon() -> DateTime<Utc> {
    "2026-11-22T11:00:00Z".parse().expect("an instant")
}

fn policy(houses: &[String], now: DateTime<Utc>) -> Policy {
    let workgroups: String = houses
        .iter()
        .map(|house| format!("[workgroups.{house}]\n"))
        .collect();
    let text = format!(
        r#"name = "Vereinigte Bühnen"
language = "de"
time_zone = "Europe/Vienna"
privacy_contact = "datenschutz@buehnen.example"

[retention]
anonymise_after = "3 years"
automatic = "on"
by_staff = true
keep_invoice_recipients = "8 years"

{workgroups}"#
    );
    let file = File::new("buehnen.toml", &text);
    let tenant = TENANT.parse().expect("a name");
    let (policy, findings) = lapsed_policy::read(&tenant, &file, &Limits::default(), now);
    policy.unwrap_or_else(|| panic!("a policy: {findings:#?}"))
}

/// What the demo's script asks for: how many people, today, a seed, and the workgroups with their sizes.
fn inputs(people: usize, houses: &[String], now: DateTime<Utc>) -> Vec<Statement> {
    let plain = |sql: &str, binds| Statement {
        sql: sql.to_owned(),
        binds,
    };
    let mut inputs = vec![
        plain(
            "CREATE TEMP TABLE demo (customers INTEGER, today INTEGER, seed INTEGER)",
            vec![],
        ),
        plain(
            "CREATE TEMP TABLE demo_workgroup (position INTEGER, key TEXT, tenant TEXT, kind TEXT, language TEXT, \
             country TEXT, share INTEGER)",
            vec![],
        ),
        plain(
            "INSERT INTO temp.demo VALUES ($1, $2, 7)",
            vec![number(people), Value::Integer(now.timestamp_millis())],
        ),
    ];
    inputs.extend(houses.iter().enumerate().map(|(position, house)| {
        plain(
            "INSERT INTO temp.demo_workgroup VALUES ($1, $2, $3, 'theatre', 'de', 'AT', 1)",
            vec![number(position), house.as_str().into(), TENANT.into()],
        )
    }));
    inputs
}

fn number(number: usize) -> Value {
    Value::Integer(i64::try_from(number).expect("not that many"))
}
