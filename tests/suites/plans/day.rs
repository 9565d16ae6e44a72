//! A daemon's day, act by act, and what the server says of each.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use lapsed_jobs::apply::remove_remnants;
use lapsed_jobs::desk::Desk;
use lapsed_jobs::export::ExportCase;
use lapsed_jobs::export::workgroup::{Wanted, export_workgroup};
use lapsed_jobs::requests::answer;
use lapsed_jobs::scheduler::{Stop, Unfinished, move_on};
use lapsed_jobs::{approvals, journal, records};
use lapsed_model::{Approved, Digest, Lease, Pii, RequestKind, RequestState, Run, SeededChance};
use lapsed_store::{End, Finish, Starting};
use lapsed_tests::World;
use serde_json::json;

use crate::heard::Heard;
use crate::office::{ask, clerk, desk, hold_person, hold_until, lapsed, lift_it};

/// So many runs are claimed and finished at a time.
const ROOM: u32 = 500;

/// Whoever has a number behind this one was never heard of.
const STRANGERS: i64 = 10_000_000;

/// One day of a world in which there is much.
pub(crate) struct Day<'w> {
    world: &'w World,
    heard: &'w mut Heard,
    first_customer: i64,
    /// What was read from end to end.
    found: BTreeSet<String>,
}

impl<'w> Day<'w> {
    pub(crate) fn of(world: &'w World, heard: &'w mut Heard) -> Day<'w> {
        let first_customer = STRANGERS + 1_000 * world.next_id();
        Day {
            world,
            heard,
            first_customer,
            found: BTreeSet::new(),
        }
    }

    /// Everything that a daemon does; answers what it read from end to end.
    pub(crate) async fn passes(mut self) -> Vec<String> {
        self.heard.since(self.world).await;
        let (owner, desk) = self.it_starts().await;
        self.slots_come(&desk).await;
        self.people_lapse_and_ask().await;
        self.it_works(owner, &desk).await;
        self.the_plan_is_approved().await;
        self.it_works(owner, &desk).await;
        self.a_hold_is_lifted().await;
        self.it_works(owner, &desk).await;
        self.it_does_its_chores(owner, &desk).await;
        self.it_leaves(owner).await;
        self.found.into_iter().collect()
    }

    /// What was done since the last act is heard of, and reads nothing from end to end but, where that is what it is for,
    /// these.
    async fn did(&mut self, act: &str, whole: &[&str]) {
        let ran = self.heard.since(self.world).await;
        assert!(!ran.is_empty(), "{act}: nothing was heard of it");
        for ran in ran {
            let reads = ran.end_to_end.iter();
            for (_, step) in reads.filter(|(table, _)| !whole.contains(&table.as_str())) {
                let line = format!("{act}: {step}\n{}", ran.sql);
                self.found.insert(line);
            }
        }
    }

    async fn it_starts(&mut self) -> (i64, Desk) {
        let (world, store) = (self.world, &self.world.store);
        journal::recover(&world.tools(), &BTreeMap::new())
            .await
            .expect("a journal");
        self.did("look for a restored backup", &[]).await;
        let starting = Starting {
            node: "box-office",
            pid: 1,
            program: "lapsed run",
            version: "test",
            dataset: "the world's",
            lease: Duration::from_secs(3_600),
            at: world.now(),
            most_attempts: 20,
        };
        let taken = store.take(&starting).await.expect("the store is ours");
        assert!(taken.rescued.taken_over > 0, "somebody left runs behind");
        self.did("take the store", &[]).await;
        // Every day has its own chance, or the same names would be given twice.
        let desk = Desk {
            chance: Arc::new(SeededChance::new(self.first_customer.unsigned_abs())),
            ..desk(world).await
        };
        self.did("put a policy in force", &[]).await;
        // Every schedule and every policy is looked at once.
        store.bring_back(world.now(), |_| None).await.expect("schedules");
        self.did("bring schedules back", &["lapsed_schedule"]).await;
        store.policy_files("w3").await.expect("what files said");
        let of_all = ["lapsed_policy_file", "lapsed_policy_in_force"];
        self.did("read what policies' files said", &of_all).await;
        let said = (world.policy.tenant.clone(), Digest::sha256("a file"));
        store.note_policy_files("w3", &[said]).await.expect("a note");
        self.did("note what a policy's file says", &[]).await;
        (taken.start, desk)
    }

    async fn slots_come(&mut self, desk: &Desk) {
        let (world, store) = (self.world, &self.world.store);
        let now = world.now().timestamp_millis();
        let comes = format!(
            "UPDATE lapsed_schedule SET next_slot_at = {now}, jitter_ms = 0 WHERE tenant = 'theatre'"
        );
        world.platform.run(&comes).await;
        store.wake().await.expect("what is due");
        self.did("look for what is due", &[]).await;
        move_on(store, &world.clock, &desk.metrics)
            .await
            .expect("schedules");
        self.did("move schedules on", &[]).await;
    }

    async fn people_lapse_and_ask(&mut self) {
        let (world, first) = (self.world, self.first_customer);
        for customer in first..first + 7 {
            lapsed(world, customer).await;
        }
        hold_person(world, first + 3).await;
        self.did("place a hold", &[]).await;
        let tomorrow = (world.now() + TimeDelta::hours(20)).to_rfc3339();
        hold_until(world, first + 4, Some(&tomorrow)).await;
        ask(world, RequestKind::Erasure, first + 3).await;
        self.did("write a request down", &[]).await;
        let asked = ask(world, RequestKind::Access, first + 5).await;
        let said = Pii::new("Here is what we have.".to_owned());
        let answered = answer(&clerk(world), &asked, RequestState::Answered, &said, "box office").await;
        answered.expect("an open request");
        self.did("answer a request", &[]).await;
    }

    /// Claims and finishes until nothing waits. What concerns the theatre is done, of the others it is said that it was.
    async fn it_works(&mut self, owner: i64, desk: &Desk) {
        let (world, store) = (self.world, &self.world.store);
        loop {
            let claimed = store.claim(world.now(), owner, ROOM).await.expect("runs");
            if claimed.is_empty() {
                return;
            }
            self.did("claim runs", &[]).await;
            let leases: Vec<Lease> = claimed.iter().map(|(_, lease)| *lease).collect();
            assert_eq!(store.lost(&leases).await.expect("leases"), []);
            self.did("look after leases", &[]).await;
            let mut ends = Vec::new();
            for (run, lease) in claimed {
                let end = if run.tenant.as_ref() == Some(&world.policy.tenant) {
                    let end = done(desk, &run, lease).await;
                    self.did(&format!("do the job `{}`", run.job), &[]).await;
                    end
                } else {
                    said(world, &run)
                };
                ends.push(Finish { lease, end });
            }
            assert_eq!(store.finish(&ends, world.now()).await.expect("ends"), []);
            self.did("finish runs", &[]).await;
        }
    }

    /// Whose plan waits; somebody comes again meanwhile.
    async fn the_plan_is_approved(&mut self) {
        let (world, store) = (self.world, &self.world.store);
        let tenant = &world.policy.tenant;
        let waiting = store.waiting(Some(tenant), world.now()).await.expect("approvals");
        self.did("read what waits for an approval", &[]).await;
        let buys = format!(
            "UPDATE orders SET ordered_at = {} WHERE customer_id = {}",
            world.now().timestamp_millis(),
            self.first_customer
        );
        world.platform.run(&buys).await;
        for approval in waiting {
            let plan = store.plan(&approval.plan).await.expect("a plan");
            let approved = Approved {
                at: world.now(),
                by: "the test".to_owned(),
                reason: "looked at".to_owned(),
            };
            let approving = approvals::approve(store, &plan, &approved, true, &world.keys, &world.chance);
            approving.await.expect("a plan that waits");
            self.did("approve a plan", &[]).await;
        }
    }

    async fn a_hold_is_lifted(&mut self) {
        let (world, tenant) = (self.world, &self.world.policy.tenant);
        let holds = world
            .store
            .holds(Some(tenant), Some(world.now()))
            .await
            .expect("holds");
        self.did("read a tenant's holds", &[]).await;
        let without_end = holds.iter().find(|hold| hold.ends_at.is_none()).expect("a hold");
        lift_it(world, without_end).await;
        self.did("lift a hold", &[]).await;
    }

    async fn it_does_its_chores(&mut self, owner: i64, desk: &Desk) {
        let (world, store, now) = (self.world, &self.world.store, self.world.now());
        store
            .renew(owner, Duration::from_secs(3_600))
            .await
            .expect("a lease");
        self.did("renew the lease", &[]).await;
        store.rescue(now, 20).await.expect("runs of others");
        self.did("take runs over", &[]).await;
        store.gauges(now - TimeDelta::days(7)).await.expect("gauges");
        store.open_requests(now).await.expect("requests");
        store.run_counts().await.expect("runs");
        store.oldest_available().await.expect("a run");
        store.all_serving().await.expect("daemons");
        self.did("count what the metrics show", &[]).await;
        let later = now + TimeDelta::minutes(1);
        world.journal.settle(store, later).await.expect("a journal");
        world.journal.copy_others(store, now).await.expect("a journal");
        // Each tenant's end is held against how far was copied.
        self.did("copy what others erased", &["lapsed_ledger_head"]).await;
        desk.end_holds().await.expect("holds");
        self.did("see that holds ended", &[]).await;
        self.files_are_exported(desk).await;
        remove_remnants(store, &world.fitted)
            .await
            .expect("a clean store");
        self.did("remove what erasing left", &[]).await;
        store
            .tenant_facts(&world.policy.tenant, now)
            .await
            .expect("facts");
        self.did("write a tenant's report", &[]).await;
        let tenant = &world.policy.tenant;
        store
            .overview(Some(tenant), now, 20)
            .await
            .expect("how it stands");
        self.did("say how a tenant stands", &[]).await;
        records::prune(&world.tools(), &records::RecordPeriods::default())
            .await
            .expect("records");
        // Once an hour. Some kinds are found by no index, others by none as long as the database has not counted.
        let walked = [
            "lapsed_erasure",
            "lapsed_export",
            "lapsed_hold",
            "lapsed_ledger",
            "lapsed_plan",
            "lapsed_plan_subject",
            "lapsed_request",
            "lapsed_skipped",
        ];
        self.did("take out old records", &walked).await;
    }

    async fn files_are_exported(&mut self, desk: &Desk) {
        let (world, case) = (self.world, self.world.case());
        let case = ExportCase::new(&case.workgroup, &case.store_key, &world.policy).expect("a workgroup");
        let folder = world.exports();
        let wanted = Wanted {
            by: "the test",
            way: "schedule",
            consent: None,
            event: None,
            password: None,
            folder: &folder,
            node: "box-office",
            delete_at: Some(world.now()),
            stop: None,
        };
        export_workgroup(&clerk(world), &case, &wanted, |_| {})
            .await
            .expect("a file");
        self.did("export a workgroup's files", &[]).await;
        let looked_after = desk.look_after_exports().await.expect("a folder");
        assert_eq!(looked_after.over, 1);
        self.did("look after exported files", &[]).await;
    }

    /// In order, but for a few runs that it had just begun.
    async fn it_leaves(&mut self, owner: i64) {
        let (world, store) = (self.world, &self.world.store);
        let again = "UPDATE lapsed_run SET state = 'available', finished_at = NULL, due_at = due_at + 1 \
                     WHERE id IN (SELECT id FROM lapsed_run WHERE state = 'completed' AND tenant <> 'theatre' LIMIT 1000); \
                     UPDATE lapsed_turn SET waiting = 1 WHERE tenant IN (SELECT tenant FROM lapsed_run WHERE state = 'available')";
        world.platform.run(again).await;
        let begun = store.claim(world.now(), owner, 20).await.expect("runs");
        let hands_back = |(_, lease): &(Run, Lease)| Finish {
            lease: *lease,
            end: End::HandedBack(None),
        };
        let ends: Vec<Finish> = begun.iter().take(10).map(hands_back).collect();
        store.finish(&ends, world.now()).await.expect("ends");
        self.did("hand runs back", &[]).await;
        store.leave(owner, world.now()).await.expect("a store");
    }
}

async fn done(desk: &Desk, run: &Run, lease: Lease) -> End {
    match desk.work(run, lease, &Stop::new()).await {
        Ok(outcome) | Err(Unfinished::Cancelled(outcome)) => End::Completed(outcome),
        Err(other) => panic!("{}: {other:?}", run.job),
    }
}

/// Runs end in every way.
fn said(world: &World, run: &Run) -> End {
    let (error, at) = ("no way through".to_owned(), world.now() + TimeDelta::days(3));
    match run.id % 10 {
        0 => End::Cancelled(json!({})),
        1 => End::Retry { error, at },
        2 => End::Discarded { error },
        _ => End::Completed(json!({})),
    }
}
