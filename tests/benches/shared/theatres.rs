//! Theatres full of invented people, in a real store: the reference schema, filled by the demo's script.
//!
//! One tenant has all of them as workgroups, `house-1` and so on, with about as many people each. The clock stands
//! still and chance is seeded, so that the same number of people gives the same store.

use chrono::{DateTime, Utc};
use lapsed_config::File;
use lapsed_dataset::{Dataset, Fitted};
use lapsed_jobs::apply::{BatchSize, Tools};
use lapsed_jobs::journal::Journal;
use lapsed_jobs::retention::Case;
use lapsed_jobs::survey;
use lapsed_model::{
    Clock, KeyRing, SeededChance, SimulatedClock, Statement, SystemClock, TenantName, Value, Workgroup,
};
use lapsed_policy::{Limits, Policy};
use lapsed_store::Store;

use super::place::Place;
use super::server::{Server, run};
use super::stores::Home;

const DATASET: &str = include_str!("../../../config/dataset.toml");
const ON_SQLITE: [&str; 2] = [
    include_str!("../../../config/reference-schema/sqlite.sql"),
    include_str!("../../../config/demo/sqlite.sql"),
];
const ON_POSTGRES: [&str; 3] = [
    include_str!("../../../config/reference-schema/postgres.sql"),
    include_str!("../../../config/postgres/role.sql"),
    include_str!("../../../config/demo/postgres.sql"),
];

/// The tenant whose theatres they are.
pub(crate) const TENANT: &str = "buehnen";

/// A store with everything that a sweep of it needs.
pub(crate) struct Theatres {
    /// Where the store is.
    pub(crate) place: Place,
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
    /// Makes a store of `people` in `houses` theatres.
    pub(crate) async fn build(home: &Home, name: &str, people: usize, houses: usize) {
        match home.server() {
            None => fill_file(&home.place(name), people, &names(houses)).await,
            Some(server) => fill_database(server, name, people, &names(houses)).await,
        }
    }

    /// Opens a store that was made by [`Theatres::build`], or a copy of one.
    pub(crate) async fn open(place: Place, houses: usize) -> Self {
        let store = Store::open(&place.address)
            .await
            .expect("a store that was built before");
        let clock = SimulatedClock::at(noon());
        let houses = names(houses);
        let file = File::new("dataset.toml", DATASET);
        let (dataset, findings) = Dataset::read(&file);
        let (keys, identity) = (key_ring(), store.identity().await.expect("a store has a name"));
        let opened = Journal::open(std::slice::from_ref(&place.journal), &identity, &keys).await;
        Self {
            journal: opened.expect("a folder beside the store").0,
            place,
            store,
            dataset: dataset.unwrap_or_else(|| panic!("the shipped dataset is whole: {findings:#?}")),
            policy: policy(&houses, clock.now()),
            houses,
            keys,
            clock,
            // A store is opened again and again, and no batch may have an earlier one's name.
            chance: SeededChance::new(SystemClock.now().timestamp_micros().unsigned_abs()),
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
            right: None,
            pace: None,
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

fn names(houses: usize) -> Vec<String> {
    (1..=houses).map(|number| format!("house-{number}")).collect()
}

async fn fill_file(place: &Place, people: usize, houses: &[String]) {
    let [tables, filler] = ON_SQLITE;
    let store = Store::create(&place.address).await.expect("a new store");
    store.migrate().await.expect("the daemon's tables");
    store
        .create_reference_schema(tables)
        .await
        .expect("the platform's tables");
    store
        .run_script(&inputs(people, houses), filler)
        .await
        .expect("people");
    store.close().await;
}

/// As on a platform that has been there for years: vacuumed, and with nobody's first look left to pay for.
async fn fill_database(server: &Server, name: &str, people: usize, houses: &[String]) {
    let [tables, role, filler] = ON_POSTGRES;
    server.copy("template0", name).await;
    server.run(name, tables).await;
    server.run(name, role).await;
    let store = Store::open(&server.place(name).address)
        .await
        .expect("a database");
    store.migrate().await.expect("the daemon's tables");
    store.close().await;
    let mut platform = server.platform(name).await;
    run(&mut platform, "BEGIN").await;
    for input in inputs(people, houses) {
        run(&mut platform, &with_values(&input)).await;
    }
    run(&mut platform, filler).await;
    run(&mut platform, "COMMIT").await;
    run(&mut platform, "VACUUM (FREEZE, ANALYZE)").await;
    run(&mut platform, "CHECKPOINT").await;
}

/// What the demo's script asks for: how many people, today, a seed, and the workgroups with their sizes.
fn inputs(people: usize, houses: &[String]) -> Vec<Statement> {
    let plain = |sql: &str, binds| Statement {
        sql: sql.to_owned(),
        binds,
    };
    let mut inputs = vec![
        plain(
            "CREATE TEMP TABLE demo (customers BIGINT, today BIGINT, seed BIGINT)",
            vec![],
        ),
        plain(
            "CREATE TEMP TABLE demo_workgroup (position BIGINT, key TEXT, tenant TEXT, kind TEXT, language TEXT, \
             country TEXT, share BIGINT)",
            vec![],
        ),
        plain(
            "INSERT INTO demo VALUES ($1, $2, 7)",
            vec![number(people), Value::Integer(noon().timestamp_millis())],
        ),
    ];
    inputs.extend(houses.iter().enumerate().map(|(position, house)| {
        plain(
            "INSERT INTO demo_workgroup VALUES ($1, $2, $3, 'theatre', 'de', 'AT', 1)",
            vec![number(position), house.as_str().into(), TENANT.into()],
        )
    }));
    inputs
}

fn number(number: usize) -> Value {
    Value::Integer(i64::try_from(number).expect("not that many"))
}

/// The statement with its values written where they are bound. They are ours, and hold no quotes.
fn with_values(statement: &Statement) -> String {
    let mut sql = statement.sql.clone();
    for (place, value) in statement.binds.iter().enumerate().rev() {
        let written = match value {
            Value::Integer(number) => number.to_string(),
            Value::Text(text) => format!("'{text}'"),
            other => panic!("{other:?} is none of ours"),
        };
        sql = sql.replace(&format!("${}", place + 1), &written);
    }
    sql
}
