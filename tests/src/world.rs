//! A world: a store with a platform beside it, and everything that decides about its people.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use lapsed_config::File;
use lapsed_dataset::Fitted;
use lapsed_jobs::JobError;
use lapsed_jobs::apply::{BatchSize, Progress, Tools, apply};
use lapsed_jobs::approvals;
use lapsed_jobs::explain::{Explanation, explain};
use lapsed_jobs::journal::Journal;
use lapsed_jobs::retention::{self, Case, Preview};
use lapsed_jobs::survey;
use lapsed_model::{
    Approval, Approved, Bounds, Clock as _, Dialect, KeyRing, Period, Plan, Sealed, SeededChance,
    SimulatedClock, SubjectKey, TenantName, Unit, Value, Workgroup,
};
use lapsed_policy::{Limits, Policy};
use lapsed_store::{Address, Store};
use tempfile::TempDir;

use crate::setting::PolicyText;
use crate::template::Template;
use crate::{Customer, Place, Platform, Record, Setting, demo_inputs, demo_script, dialect};

/// A store, its platform, a tenant with a policy, and the time.
pub struct World {
    /// The daemon's side of the store.
    pub store: Store,
    /// The platform's side of it.
    pub platform: Platform,
    /// The dataset, held against the store.
    pub fitted: Fitted<'static>,
    /// The tenant's policy in force.
    pub policy: Policy,
    /// The time; it stands still until it is moved.
    pub clock: SimulatedClock,
    /// Pseudonyms and seals.
    pub keys: KeyRing,
    /// Who was erased, outside of the store.
    pub journal: Journal,
    /// Salts.
    pub chance: SeededChance,
    /// How many people a transaction takes.
    pub batch: BatchSize,
    /// The operator's stop.
    pub watch_only: bool,
    written: PolicyText,
    next_id: AtomicI64,
    place: Place,
    folder: TempDir,
}

impl World {
    /// The world that most stories happen in.
    pub async fn new() -> World {
        Setting::default().build().await
    }

    /// Another one.
    #[must_use]
    pub fn with() -> Setting {
        Setting::default()
    }

    pub(crate) async fn of(setting: Setting) -> World {
        let template = Template::of(&setting.dataset).await;
        let folder = tempfile::tempdir().expect("a folder");
        let place = Place::copy(&template.master, folder.path());
        let clock = SimulatedClock::at(crate::instant(&setting.now));
        let store = Store::open(place.address()).await.expect("the copy of a store");
        let keys = KeyRing::parse(&format!("first {}", "5a".repeat(32))).expect("a ring");
        World {
            journal: open_journal(&store, &[folder.path().join("journal")], &keys).await,
            store,
            platform: place.platform(),
            fitted: template.fitted,
            policy: read_policy(&setting.policy.text(), clock.now()),
            clock,
            keys,
            chance: SeededChance::new(7),
            batch: BatchSize::Auto,
            watch_only: false,
            written: setting.policy,
            next_id: AtomicI64::new(1_000),
            place,
            folder,
        }
    }

    /// Begins to tell of a customer of the reference schema, who is in the store when the story is awaited.
    pub fn customer(&self, id: i64) -> Customer<'_> {
        Customer::new(self, id)
    }

    /// Fills the store with a theatre and a salon of invented people, as a platform would have over the years.
    pub async fn crowd(&self, people: i64) {
        self.crowd_among(people, 0).await;
    }

    /// The same with so many other houses beside them, among which the people are spread. There are so many that a database
    /// which asks what a look-up costs finds one worth its while.
    pub async fn crowd_of_a_town(&self) {
        let people = match dialect() {
            Dialect::Sqlite => 2_000,
            Dialect::Postgres => 30_000,
        };
        self.crowd_among(people, 20).await;
        if dialect() == Dialect::Postgres {
            self.platform.run(include_str!("records.sql")).await;
            // Autovacuum sees to statistics; here it would not have come as yet.
            self.platform.analyze().await;
        }
    }

    async fn crowd_among(&self, people: i64, others: i64) {
        let inputs = demo_inputs(people, self.now().timestamp_millis(), others);
        match dialect() {
            // A platform that leaves old values in the pages that it frees is another story.
            Dialect::Sqlite => self
                .store
                .run_script(&inputs, demo_script())
                .await
                .expect("a store that answers"),
            // The daemon may not sell.
            Dialect::Postgres => self.platform.run_script(&inputs, demo_script()).await,
        }
    }

    /// An id that no row has yet.
    pub fn next_id(&self) -> i64 {
        self.next_id.fetch_add(1, Ordering::SeqCst)
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Lets time pass.
    pub fn pass(&self, time: TimeDelta) {
        self.clock.advance(time);
    }

    /// The tenant writes a line of `[retention]` anew.
    pub fn tenant_writes(&mut self, line: &str) {
        self.written = self.written.clone().says(line);
        self.policy = read_policy(&self.written.text(), self.clock.now());
    }

    /// The tenant takes a line of `[retention]` out.
    pub fn tenant_no_longer_writes(&mut self, key: &str) {
        self.written = self.written.clone().without(key);
        self.policy = read_policy(&self.written.text(), self.clock.now());
    }

    /// Holds the dataset against the store once more, which looks different now.
    pub async fn refit(&mut self) {
        let (fitted, findings) = survey::fit(&self.store, self.fitted.dataset())
            .await
            .expect("a store that answers");
        self.fitted = fitted.unwrap_or_else(|| panic!("the dataset does not fit any more: {findings:#?}"));
    }

    /// The case of the workgroup `house`.
    #[must_use]
    pub fn case(&self) -> Case<'_> {
        self.case_of("house")
    }

    /// The case of a workgroup.
    #[must_use]
    pub fn case_of(&self, workgroup: &str) -> Case<'_> {
        let workgroup = Workgroup::new(self.policy.tenant.clone(), workgroup).expect("a name");
        Case::new(&workgroup, &store_key(&workgroup.name), &self.policy)
            .expect("a workgroup with a retention")
    }

    /// What the house is judged by at this moment.
    #[must_use]
    pub fn bounds(&self) -> Bounds {
        self.case().bounds(self.now())
    }

    /// How many people of the house each rule speaks for.
    pub async fn preview(&self) -> Preview {
        retention::preview(&self.store, &self.fitted, &self.case(), self.bounds())
            .await
            .expect("a preview")
    }

    /// Who of the house is due, each with the rule that says so.
    pub async fn due(&self) -> Vec<(SubjectKey, String)> {
        let due = retention::list(&self.store, &self.fitted, &self.case(), self.bounds())
            .await
            .expect("a list");
        let rules = &self.fitted.dataset().rules.candidates;
        due.into_iter()
            .map(|(key, rule)| (key, rules[rule].name.clone()))
            .collect()
    }

    /// Stores a plan for the house. The test itself approves it if it waits, for stories about something else.
    pub async fn plan(&self) -> Plan {
        let plan = self.plan_unapproved().await;
        if approvals::waits(&self.store, &plan).await.expect("an answer") {
            self.approve(&plan).await;
        }
        plan
    }

    /// Stores a plan for the house, which may wait.
    pub async fn plan_unapproved(&self) -> Plan {
        self.try_plan().await.expect("a plan")
    }

    /// Approves a plan that waits.
    pub async fn approve(&self, plan: &Plan) -> Approval {
        self.try_approve(plan).await.expect("a plan that waits")
    }

    /// Approves a plan, or is refused. No run is asked for: stories carry plans out themselves.
    pub async fn try_approve(&self, plan: &Plan) -> Result<Approval, JobError> {
        let approved = Approved {
            at: self.now(),
            by: "the test".to_owned(),
            reason: "looked at".to_owned(),
        };
        approvals::approve(&self.store, plan, &approved, false, &self.keys, &self.chance)
            .await
            .map(|(approval, _)| approval)
    }

    /// Stores a plan for the house, or is refused.
    pub async fn try_plan(&self) -> Result<Plan, JobError> {
        let bounds = self.bounds();
        retention::save(
            &self.store,
            &self.fitted,
            &self.case(),
            bounds,
            &self.keys,
            &self.chance,
            None,
        )
        .await
    }

    /// Carries a plan out.
    pub async fn apply(&self, plan: &Plan) -> Progress {
        self.try_apply(plan)
            .await
            .expect("a plan that may be carried out")
    }

    /// Carries a plan out, or is refused.
    pub async fn try_apply(&self, plan: &Plan) -> Result<Progress, JobError> {
        apply(&self.tools(), &self.case_of(&plan.workgroup.name), plan, |_| {}).await
    }

    /// Plans and carries out.
    pub async fn sweep(&self) -> Progress {
        self.apply(&self.plan().await).await
    }

    /// Explains a customer of the house in the tenant's language.
    pub async fn explain(&self, customer: impl ToString) -> Explanation {
        let (customer, language) = (customer.to_string(), self.policy.language);
        explain(
            &self.store,
            &self.fitted,
            &self.case(),
            &customer,
            self.now(),
            language,
        )
        .await
        .expect("a customer of the house")
    }

    /// What carrying out needs.
    #[must_use]
    pub fn tools(&self) -> Tools<'_> {
        Tools {
            store: &self.store,
            fitted: &self.fitted,
            keys: &self.keys,
            journal: &self.journal,
            clock: &self.clock,
            chance: &self.chance,
            batch: self.batch,
            watch_only: self.watch_only,
            pace: None,
            right: None,
            stop: None,
        }
    }

    /// The tenant's ledger.
    pub async fn ledger(&self) -> Vec<Sealed> {
        self.store
            .ledger(&self.policy.tenant, 0, u32::MAX)
            .await
            .expect("a ledger")
    }

    /// The payloads of the ledger's entries of one kind.
    pub async fn entries(&self, kind: &str) -> Vec<serde_json::Value> {
        let ledger = self.ledger().await;
        let entries = ledger.iter().filter(|sealed| sealed.entry.kind == kind);
        entries
            .map(|sealed| serde_json::from_str(&sealed.entry.payload).expect("a payload is JSON"))
            .collect()
    }

    /// One row of the platform's tables.
    pub async fn row(&self, table: &str, id: i64) -> Record {
        let rows = self
            .platform
            .rows(&format!("SELECT * FROM {table} WHERE id = {id}"))
            .await;
        rows.into_iter().next().expect("a row that is there")
    }

    /// One value of the platform's tables.
    pub async fn cell(&self, table: &str, id: i64, column: &str) -> Value {
        self.row(table, id).await[column].clone()
    }

    /// Takes a backup of the store.
    pub async fn back_up(&self) -> PathBuf {
        let backup = self.folder.path().join(format!("backup-{}", self.next_id()));
        self.place.back_up(&backup);
        backup
    }

    /// Stops every program, puts a backup in the store's place and starts again.
    pub async fn restore(&mut self, backup: &Path) {
        self.store.close().await;
        self.platform.close().await;
        self.place.restore(backup);
        self.store = Store::open(self.address()).await.expect("the backup is a store");
        self.platform = self.place.platform();
    }

    /// Keeps the journal in these folders of the world from now on.
    pub async fn journal_in(&mut self, names: &[&str]) {
        let folders: Vec<PathBuf> = names.iter().map(|name| self.folder.path().join(name)).collect();
        self.journal = open_journal(&self.store, &folders, &self.keys).await;
    }

    /// Where the store is.
    #[must_use]
    pub fn address(&self) -> Address {
        self.place.address()
    }

    /// The place where it is kept.
    #[must_use]
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Where files of workgroups are written.
    #[must_use]
    pub fn exports(&self) -> PathBuf {
        self.folder.path().join("exports")
    }

    /// The world's folder, for files of the test's own.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

/// The store's key of a workgroup: what the daemon takes where no operator says otherwise.
pub(crate) fn store_key(workgroup: &str) -> String {
    format!("theatre/{workgroup}")
}

/// The journal of a store in these folders, which are made.
pub(crate) async fn open_journal(store: &Store, folders: &[PathBuf], keys: &KeyRing) -> Journal {
    for folder in folders {
        std::fs::create_dir_all(folder).expect("a folder of the test's own");
    }
    let store = store.identity().await.expect("a store with a name");
    let (journal, _) = Journal::open(folders, &store, keys)
        .await
        .expect("folders that can be written to");
    journal
}

fn read_policy(text: &str, now: DateTime<Utc>) -> Policy {
    let tenant: TenantName = "theatre".parse().expect("a name");
    let file = File::new("theatre.toml", text);
    let limits = Limits {
        shortest_anonymise_after: Period::new(1, Unit::Days).expect("a period"),
    };
    let (policy, findings) = lapsed_policy::read(&tenant, &file, &limits, now);
    policy.unwrap_or_else(|| panic!("{}", lapsed_config::render(&file, &findings, false)))
}
