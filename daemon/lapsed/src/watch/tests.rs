//! Tenants' files and a real store: every way in which files are saved, and everything that can be wrong with them.
//!
//! Nothing here waits for a while and hopes: each story waits for what it expects, three seconds at most, because that is
//! the promise.

use std::collections::BTreeMap;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::DateTime;
use lapsed_jobs::health::{Component, Health};
use lapsed_jobs::metrics::Metrics;
use lapsed_model::{SystemChance, SystemClock, TenantName};
use lapsed_store::Store;
use tempfile::TempDir;
use tokio::time::Instant;

use super::*;

/// O-1 by the clock: an edit is live within this.
const LIVE_WITHIN: Duration = Duration::from_secs(3);

/// A folder of tenants' files, a store, and a watch over both.
struct Theatre {
    folder: TempDir,
    store: Store,
    health: Health,
    running: Option<(Watch, JoinHandle<()>, CancellationToken)>,
}

impl Theatre {
    async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::create(&folder.path().join("store.db"))
            .await
            .expect("a store");
        store.migrate().await.expect("the daemon's tables");
        std::fs::create_dir(folder.path().join("tenants")).expect("made");
        Self {
            folder,
            store,
            health: Health::new(),
            running: None,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn file(&self, tenant: &str) -> PathBuf {
        self.path("tenants").join(format!("{tenant}.toml"))
    }

    fn save(&self, tenant: &str, text: &str) {
        std::fs::write(self.file(tenant), text).expect("written");
    }

    async fn start(&mut self) -> Reloaded {
        self.start_with("").await
    }

    async fn start_with(&mut self, settings: &str) -> Reloaded {
        let config = self.path("lapsed.toml");
        let text = format!("[store]\nurl = \"sqlite:store.db\"\n{settings}");
        std::fs::write(&config, text).expect("written");
        let settings = Settings::read(&config).expect("sound settings");
        let stop = CancellationToken::new();
        let wiring = Wiring {
            settings: Arc::new(settings),
            config,
            store: self.store.clone(),
            keys: Box::new(|| keys().clone()),
            clock: Arc::new(SystemClock),
            chance: Arc::new(SystemChance),
            schedules_changed: Arc::default(),
            health: self.health.clone(),
            metrics: Metrics::new(DateTime::UNIX_EPOCH, "0", "0"),
            reports: Reports::nowhere(),
            stop: stop.clone(),
        };
        let (watch, first, task) = Watch::start(wiring).await.expect("a store that answers");
        self.running = Some((watch, task, stop));
        first
    }

    async fn stop(&mut self) {
        if let Some((_, task, stop)) = self.running.take() {
            stop.cancel();
            task.await.expect("the watch did not crash");
        }
    }

    fn watch(&self) -> &Watch {
        &self.running.as_ref().expect("it was started").0
    }

    /// The text in force for a tenant.
    async fn in_force(&self, tenant: &str) -> Option<String> {
        let version = self
            .store
            .policy_in_force(&name(tenant))
            .await
            .expect("a store that answers");
        version.map(|version| version.text)
    }

    /// Everything in force, by tenant.
    async fn all_in_force(&self) -> BTreeMap<TenantName, String> {
        let in_force = self.store.in_force().await.expect("a store that answers");
        in_force.into_iter().map(|one| (one.tenant, one.hash)).collect()
    }

    /// Waits until `text` is in force, and not longer than is promised.
    async fn is_live(&self, tenant: &str, text: &str) {
        let until = Instant::now() + LIVE_WITHIN;
        while self.in_force(tenant).await.as_deref() != Some(text) {
            assert!(
                Instant::now() < until,
                "`{tenant}` is not live: {:?}",
                self.watch().broken()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until the file of a tenant is known to be broken.
    async fn is_broken(&self, tenant: &str) -> Broken {
        let until = Instant::now() + LIVE_WITHIN;
        loop {
            let broken = self
                .watch()
                .broken()
                .into_iter()
                .find(|broken| broken.tenant == name(tenant));
            if let Some(broken) = broken {
                return broken;
            }
            assert!(Instant::now() < until, "`{tenant}` is not broken");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// The next slots of a tenant's schedules.
    async fn slots(&self, tenant: &str) -> Vec<bool> {
        let schedules = self
            .store
            .schedules(Some(&name(tenant)))
            .await
            .expect("a store that answers");
        schedules
            .iter()
            .map(|schedule| schedule.next_slot_at.is_some())
            .collect()
    }

    /// How many entries the ledger has for a tenant.
    async fn entries(&self, tenant: &str) -> usize {
        let ledger = self.store.ledger(&name(tenant), 0, u32::MAX).await;
        ledger.expect("a store that answers").len()
    }
}

fn name(tenant: &str) -> TenantName {
    tenant.parse().expect("a name")
}

/// A sound policy; `period` tells one version from another.
fn policy(period: &str) -> String {
    format!(
        "name = \"Theatre\"\nlanguage = \"en\"\ntime_zone = \"Europe/Vienna\"\n\
         [retention]\nanonymise_after = \"{period}\"\nautomatic = \"on\"\nby_staff = true\n[workgroups.house]\n"
    )
}

fn rename_over(path: &Path, text: &str) {
    let new = path.with_extension("new");
    std::fs::write(&new, text).expect("written");
    std::fs::rename(new, path).expect("renamed");
}

#[tokio::test]
async fn o1_what_is_there_at_the_start_is_in_force_with_its_schedules() {
    let mut theatre = Theatre::new().await;
    theatre.save("acme", &policy("3 years"));
    let first = theatre.start().await;
    assert_eq!(first.put_in_force, [name("acme")]);
    assert_eq!(theatre.in_force("acme").await, Some(policy("3 years")));
    assert_eq!(theatre.slots("acme").await, [true]);
    theatre.stop().await;
    let again = theatre.start().await;
    assert_eq!((again.put_in_force.len(), again.unchanged), (0, 1));
    assert_eq!(
        theatre.entries("acme").await,
        1,
        "nothing changed, and nothing was written down"
    );
}

#[tokio::test]
async fn o1_saved_in_place_and_renamed_over_it_is_live_within_three_seconds() {
    let mut theatre = Theatre::new().await;
    theatre.save("acme", &policy("3 years"));
    theatre.start().await;
    theatre.save("acme", &policy("4 years"));
    theatre.is_live("acme", &policy("4 years")).await;
    rename_over(&theatre.file("acme"), &policy("5 years"));
    theatre.is_live("acme", &policy("5 years")).await;
    rename_over(&theatre.file("acme"), &policy("6 years"));
    theatre.is_live("acme", &policy("6 years")).await;
}

#[tokio::test]
async fn o1_a_retargeted_link_to_the_folder_is_live_within_three_seconds() {
    let mut theatre = Theatre::new().await;
    for (folder, period) in [("first", "3 years"), ("second", "4 years")] {
        std::fs::create_dir(theatre.path(folder)).expect("made");
        std::fs::write(theatre.path(folder).join("acme.toml"), policy(period)).expect("written");
    }
    symlink("first", theatre.path("current")).expect("linked");
    theatre.start_with("[tenants]\nfolder = \"current\"\n").await;
    assert_eq!(theatre.in_force("acme").await, Some(policy("3 years")));
    symlink("second", theatre.path("next")).expect("linked");
    std::fs::rename(theatre.path("next"), theatre.path("current")).expect("retargeted");
    theatre.is_live("acme", &policy("4 years")).await;
    std::fs::write(theatre.path("second/acme.toml"), policy("5 years")).expect("written");
    theatre.is_live("acme", &policy("5 years")).await;
}

#[tokio::test]
async fn o1_a_folder_behind_a_link_that_is_swapped_is_live_within_three_seconds() {
    let mut theatre = Theatre::new().await;
    for (folder, period) in [("real", "3 years"), ("real-new", "4 years")] {
        std::fs::create_dir(theatre.path(folder)).expect("made");
        std::fs::write(theatre.path(folder).join("acme.toml"), policy(period)).expect("written");
    }
    symlink("real", theatre.path("current")).expect("linked");
    theatre.start_with("[tenants]\nfolder = \"current\"\n").await;
    std::fs::rename(theatre.path("real"), theatre.path("real-old")).expect("moved away");
    std::fs::rename(theatre.path("real-new"), theatre.path("real")).expect("moved in its place");
    theatre.is_live("acme", &policy("4 years")).await;
}

#[tokio::test]
async fn o1_a_folder_in_the_place_of_another_is_live_within_three_seconds() {
    let mut theatre = Theatre::new().await;
    theatre.save("acme", &policy("3 years"));
    theatre.save("other", &policy("3 years"));
    theatre.start().await;
    std::fs::create_dir(theatre.path("new")).expect("made");
    std::fs::write(theatre.path("new/acme.toml"), policy("4 years")).expect("written");
    std::fs::write(theatre.path("new/other.toml"), policy("3 years")).expect("written");
    std::fs::rename(theatre.path("tenants"), theatre.path("old")).expect("moved away");
    std::fs::rename(theatre.path("new"), theatre.path("tenants")).expect("moved in its place");
    theatre.is_live("acme", &policy("4 years")).await;
    assert_eq!(
        theatre.entries("other").await,
        1,
        "the same text in another file is no change"
    );
    theatre.save("acme", &policy("5 years"));
    theatre.is_live("acme", &policy("5 years")).await;
}

/// An edit through another name of the file, in a folder that nobody watches: the kernel tells the watched folder
/// nothing, as with a network file system.
#[tokio::test]
async fn o1_an_edit_that_no_event_tells_of_is_live_within_three_seconds() {
    let mut theatre = Theatre::new().await;
    theatre.save("acme", &policy("3 years"));
    std::fs::create_dir(theatre.path("elsewhere")).expect("made");
    let other_name = theatre.path("elsewhere/acme.toml");
    std::fs::hard_link(theatre.file("acme"), &other_name).expect("linked");
    theatre.start().await;
    std::fs::write(&other_name, policy("4 years")).expect("written");
    theatre.is_live("acme", &policy("4 years")).await;
}

#[tokio::test]
async fn o1_a_burst_of_a_thousand_saves_ends_with_the_last() {
    let mut theatre = Theatre::new().await;
    theatre.save("acme", &policy("3 years"));
    theatre.start().await;
    let path = theatre.file("acme");
    let saves = tokio::task::spawn_blocking(move || {
        for save in 0..1_000 {
            let text = policy(&format!("{} days", 400 + save));
            if save % 2 == 0 {
                rename_over(&path, &text);
            } else {
                std::fs::write(&path, &text).expect("written");
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    });
    saves.await.expect("a thousand saves");
    theatre.is_live("acme", &policy("1399 days")).await;
    assert!(
        theatre.entries("acme").await < 20,
        "what was saved in passing did not take effect"
    );
}

#[tokio::test]
async fn o1_any_number_of_broken_saves_changes_nothing_until_the_next_good_one() {
    let mut theatre = Theatre::new().await;
    theatre.save("acme", &policy("3 years"));
    theatre.start().await;
    for (number, broken) in ["3 yeers", "", "-1 days", "3 years\"\n[", "12 mnths"]
        .into_iter()
        .enumerate()
    {
        rename_over(&theatre.file("acme"), &policy(broken));
        let reloaded = theatre.watch().poke().await.expect("the watch runs");
        assert_eq!(reloaded.broken.len(), 1, "save {number}");
        assert!(reloaded.broken[0].findings[0].line.is_some());
        assert_eq!(theatre.in_force("acme").await, Some(policy("3 years")));
    }
    theatre.save("acme", &policy("4 years"));
    theatre.is_live("acme", &policy("4 years")).await;
    assert!(theatre.watch().broken().is_empty());
}

#[tokio::test]
async fn o1_a_restart_with_a_broken_file_goes_on_with_the_last_good_version() {
    let mut theatre = Theatre::new().await;
    theatre.save("acme", &policy("3 years"));
    theatre.start().await;
    theatre.stop().await;
    theatre.save("acme", &policy("3 yeers"));
    let first = theatre.start().await;
    assert_eq!(first.broken.len(), 1);
    assert!(first.broken[0].in_force.is_some());
    assert_eq!(theatre.in_force("acme").await, Some(policy("3 years")));
    assert_eq!(theatre.slots("acme").await, [true]);
}

#[tokio::test]
async fn o1_one_broken_file_among_a_hundred_touches_none_of_the_others() {
    let mut theatre = Theatre::new().await;
    for number in 0..100 {
        theatre.save(&format!("tenant-{number}"), &policy("3 years"));
    }
    theatre.start().await;
    let before = theatre.all_in_force().await;
    assert_eq!(before.len(), 100);
    for (number, broken) in [&b"\xff\xfe"[..], b"[[[[", b"name = 1", &[b'x'; 300 * 1024]]
        .into_iter()
        .enumerate()
    {
        std::fs::write(theatre.file("tenant-17"), broken).expect("written");
        theatre.is_broken("tenant-17").await;
        let other = policy(&format!("{} years", number + 4));
        theatre.save("tenant-18", &other);
        theatre.is_live("tenant-18", &other).await;
    }
    let after = theatre.all_in_force().await;
    let changed = before
        .iter()
        .filter(|(tenant, hash)| after.get(tenant) != Some(hash));
    assert_eq!(
        changed.map(|(tenant, _)| tenant.as_str()).collect::<Vec<_>>(),
        ["tenant-18"]
    );
}

#[tokio::test]
async fn o1_a_link_in_the_place_of_a_file_is_refused_and_shows_nothing_of_its_target() {
    let mut theatre = Theatre::new().await;
    theatre.save("acme", &policy("3 years"));
    std::fs::write(theatre.path("somebody-elses.toml"), policy("9 years")).expect("written");
    theatre.start().await;
    symlink(theatre.path("somebody-elses.toml"), theatre.path("link")).expect("linked");
    std::fs::rename(theatre.path("link"), theatre.file("acme")).expect("renamed");
    let broken = theatre.is_broken("acme").await;
    assert_eq!(broken.findings[0].title, "a link is not followed here");
    assert_eq!(theatre.in_force("acme").await, Some(policy("3 years")));
}

#[tokio::test]
async fn o1_a_file_that_was_removed_while_nobody_watched_ends_and_counts_from_its_return() {
    let mut theatre = Theatre::new().await;
    theatre.save("acme", &policy("3 years"));
    theatre.save("other", &policy("3 years"));
    theatre.start().await;
    theatre.stop().await;
    std::fs::remove_file(theatre.file("acme")).expect("removed");
    let first = theatre.start().await;
    assert_eq!(first.gone, [name("acme")]);
    assert_eq!(theatre.in_force("acme").await, None);
    assert_eq!(theatre.slots("acme").await, [false], "its schedules sleep");
    assert_eq!(theatre.slots("other").await, [true]);
    let before = lapsed_model::Clock::now(&SystemClock);
    theatre.save("acme", &policy("3 years"));
    theatre.is_live("acme", &policy("3 years")).await;
    let schedules = theatre
        .store
        .schedules(Some(&name("acme")))
        .await
        .expect("a store that answers");
    assert!(schedules[0].counts_from >= before);
    assert!(schedules[0].next_slot_at.is_some());
}

#[tokio::test]
async fn o1_a_file_that_is_missing_for_a_moment_ends_nothing() {
    let mut theatre = Theatre::new().await;
    theatre.save("acme", &policy("3 years"));
    theatre.start().await;
    std::fs::remove_file(theatre.file("acme")).expect("removed");
    let reloaded = theatre.watch().poke().await.expect("the watch runs");
    assert_eq!(reloaded.missing, [name("acme")]);
    assert!(reloaded.gone.is_empty());
    theatre.save("acme", &policy("3 years"));
    let reloaded = theatre.watch().poke().await.expect("the watch runs");
    assert_eq!((reloaded.unchanged, reloaded.missing.len()), (1, 0));
    assert_eq!(theatre.entries("acme").await, 1);
}

#[tokio::test]
async fn o1_a_folder_that_cannot_be_read_changes_nothing_and_is_reported() {
    let mut theatre = Theatre::new().await;
    theatre.save("acme", &policy("3 years"));
    theatre.start().await;
    std::fs::rename(theatre.path("tenants"), theatre.path("away")).expect("moved");
    let reloaded = theatre.watch().poke().await.expect("the watch runs");
    assert!(
        reloaded
            .folder
            .is_some_and(|said| said.contains("everything stays as it is"))
    );
    assert!(theatre.health.report().wrong.contains_key(&Component::Policies));
    assert_eq!(theatre.in_force("acme").await, Some(policy("3 years")));
    std::fs::rename(theatre.path("away"), theatre.path("tenants")).expect("moved back");
    let reloaded = theatre.watch().poke().await.expect("the watch runs");
    assert_eq!((reloaded.folder, reloaded.unchanged), (None, 1));
    assert!(!theatre.health.report().wrong.contains_key(&Component::Policies));
}

#[tokio::test]
async fn o1_what_the_operator_no_longer_allows_is_reported_after_the_start() {
    let mut theatre = Theatre::new().await;
    theatre.save("acme", &policy("60 days"));
    theatre.start().await;
    theatre.stop().await;
    theatre
        .start_with("[limits]\nshortest_anonymise_after = \"90 days\"\n")
        .await;
    let broken = theatre.is_broken("acme").await;
    assert!(
        broken.findings[0].title.contains("shorter than the operator"),
        "{broken:?}"
    );
}

#[tokio::test]
async fn a_reload_tells_which_other_files_wait_for_a_restart() {
    let mut theatre = Theatre::new().await;
    theatre.start().await;
    let nothing = theatre.watch().poke().await.expect("the watch runs");
    assert_eq!(nothing, Reloaded::default());
    let config = theatre.path("lapsed.toml");
    std::fs::write(&config, "# changed\n").expect("written");
    let reloaded = theatre.watch().poke().await.expect("the watch runs");
    assert_eq!(reloaded.restart_for, [config.display().to_string()]);
}

#[tokio::test]
async fn a_policy_that_an_older_program_put_in_force_gets_its_schedules() {
    let mut theatre = Theatre::new().await;
    let (text, at) = (policy("3 years"), lapsed_model::Clock::now(&SystemClock));
    let hash = lapsed_model::Digest::sha256(&text);
    let without_schedules = lapsed_store::NewPolicy {
        hash,
        text,
        entry: lapsed_model::Entry {
            tenant: name("acme"),
            at,
            kind: "policy".to_owned(),
            payload: format!("{{\"policy\":\"{hash}\"}}"),
        },
        schedules: Vec::new(),
    };
    let seal = lapsed_store::Seal {
        key: keys().newest(),
        chance: &SystemChance,
    };
    theatre
        .store
        .put_in_force(&[without_schedules], &seal)
        .await
        .expect("in force");
    theatre.save("acme", "broken");
    theatre.start().await;
    assert_eq!(
        theatre.slots("acme").await,
        [true],
        "of the version in force, not of the file"
    );
    assert_eq!(theatre.entries("acme").await, 1);
}

fn keys() -> &'static KeyRing {
    static KEYS: std::sync::LazyLock<KeyRing> =
        std::sync::LazyLock::new(|| KeyRing::parse(&format!("first {}", "5a".repeat(32))).expect("a ring"));
    &KEYS
}
