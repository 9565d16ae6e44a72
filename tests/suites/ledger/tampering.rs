//! A thousand tamperings, and every one is found.

use std::collections::BTreeMap;

use lapsed_jobs::apply::BatchSize;
use lapsed_jobs::ledger::{Fault, verify};
use lapsed_model::{ChainFault, Head, Sealed};
use lapsed_tests::World;

use super::tricks::Trick;

/// Numbers that follow from a seed, so that a failure can be played again.
struct Dice(u64);

impl Dice {
    /// A number from 0 to below `sides`.
    fn roll(&mut self, sides: u64) -> u64 {
        // Knuth's multiplier; the low bits of such a generator are poor, so the high ones are taken.
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn entry(&mut self, last: u64) -> u64 {
        1 + self.roll(last)
    }

    /// Two entries, the earlier first.
    fn two(&mut self, last: u64) -> (u64, u64) {
        let one = self.entry(last - 1);
        (one, one + self.entry(last - one))
    }

    fn of(&mut self, columns: &[&'static str]) -> &'static str {
        columns[usize::try_from(self.roll(columns.len() as u64)).expect("a few columns")]
    }

    fn trick(&mut self, last: u64) -> Trick {
        match self.roll(13) {
            0 => Trick::Edit(self.entry(last), self.of(&Trick::COLUMNS)),
            1 => Trick::Delete(vec![self.entry(last)]),
            2 => Trick::Delete((0..2 + self.roll(last)).map(|_| self.entry(last)).collect()),
            3 => {
                let (one, other) = self.two(last);
                Trick::Swap(one, other)
            }
            4 => {
                let (one, other) = self.two(last);
                Trick::SwapColumn(one, other, self.of(&Trick::OWN_COLUMNS))
            }
            5 => {
                let (from, to) = self.two(last);
                Trick::Reverse(from, to)
            }
            6 => Trick::Insert(self.entry(last)),
            7 => Trick::Append,
            8 => Trick::Empty(self.entry(last)),
            9 => match self.roll(2) {
                0 => Trick::HeadSequence(1 + self.roll(5).cast_signed()),
                _ => Trick::HeadSequence(-1 - self.roll(last - 1).cast_signed()),
            },
            10 => [Trick::HeadHash, Trick::NoHead][usize::from(self.roll(2) == 0)].clone(),
            11 => Trick::SealAnew(self.entry(last)),
            _ => Trick::Truncate(self.entry(last - 1)),
        }
    }
}

/// A theatre that carried two plans out in small batches, so that its ledger has a history.
async fn theatre_with_a_history() -> World {
    let mut world = World::new().await;
    world.batch = BatchSize::Fixed(3);
    for id in 1..=40 {
        world.customer(id).ticket("2019-05-04").await;
    }
    world.sweep().await;
    for id in 41..=60 {
        world.customer(id).ticket("2020-05-04").await;
    }
    world.pass(chrono::TimeDelta::days(1));
    world.tenant_writes("anonymise_after = \"2 years\"");
    world.sweep().await;
    world
}

async fn faults(world: &World, recorded: &[Head]) -> Vec<Fault> {
    let verified = verify(
        &world.store,
        &world.keys,
        recorded,
        chrono::DateTime::<chrono::Utc>::MIN_UTC,
    )
    .await
    .expect("a ledger that can be read");
    verified.into_iter().flat_map(|chain| chain.faults).collect()
}

/// Keeps a copy of the ledger, to begin anew from after each trick.
async fn keep(world: &World) {
    let keep = "CREATE TABLE kept AS SELECT * FROM lapsed_ledger; \
                CREATE TABLE kept_head AS SELECT * FROM lapsed_ledger_head";
    world.platform.run(keep).await;
}

async fn put_back(world: &World) {
    let put_back = "BEGIN; DELETE FROM lapsed_ledger; DELETE FROM lapsed_ledger_head; \
                    INSERT INTO lapsed_ledger SELECT * FROM kept; \
                    INSERT INTO lapsed_ledger_head SELECT * FROM kept_head; COMMIT";
    world.platform.run(put_back).await;
}

#[tokio::test]
async fn o4_an_untouched_ledger_has_no_fault() {
    let world = theatre_with_a_history().await;
    let head = world.ledger().await.last().map(Sealed::head).expect("entries");
    assert_eq!(
        head.sequence,
        2 + 2 + 14 + 7,
        "two policies, two approvals, 40 people and 20 in threes"
    );
    assert_eq!(faults(&world, &[]).await, []);
    assert_eq!(faults(&world, &[head]).await, []);
}

#[tokio::test]
async fn o4_a_thousand_tamperings_all_show() {
    let world = theatre_with_a_history().await;
    let ledger = world.ledger().await;
    let (last, head) = (
        ledger.len() as u64,
        ledger.last().map(Sealed::head).expect("entries"),
    );
    keep(&world).await;
    let mut dice = Dice(2026);
    let mut played: BTreeMap<String, u32> = BTreeMap::new();
    for number in 1..=1_000 {
        let trick = dice.trick(last);
        trick.play(&world, &ledger).await;
        let recorded: &[Head] = if trick.leaves_a_whole_chain() {
            std::slice::from_ref(&head)
        } else {
            &[]
        };
        let found = faults(&world, recorded).await;
        assert!(!found.is_empty(), "tampering {number} went unnoticed: {trick:?}");
        put_back(&world).await;
        let kind = format!("{trick:?}")
            .split('(')
            .next()
            .unwrap_or_default()
            .to_owned();
        *played.entry(kind).or_default() += 1;
    }
    assert_eq!(
        faults(&world, &[head]).await,
        [],
        "what was put back is what there was"
    );
    assert_eq!(played.len(), 13, "every kind of trick was played: {played:?}");
}

/// Every column of every entry, so that none is found only by luck.
#[tokio::test]
async fn o4_no_column_of_any_entry_can_be_edited() {
    let world = theatre_with_a_history().await;
    let ledger = world.ledger().await;
    keep(&world).await;
    for entry in 1..=ledger.len() as u64 {
        for column in Trick::COLUMNS {
            Trick::Edit(entry, column).play(&world, &ledger).await;
            assert!(
                !faults(&world, &[]).await.is_empty(),
                "`{column}` of entry {entry} was edited unnoticed"
            );
            put_back(&world).await;
        }
    }
}

/// What is cut off at the end leaves a chain that is whole in itself: so a head is worth writing down.
#[tokio::test]
async fn o4_a_cut_shows_against_a_head_on_record_and_only_there() {
    let world = theatre_with_a_history().await;
    let ledger = world.ledger().await;
    let head = ledger.last().map(Sealed::head).expect("entries");
    Trick::Truncate(5).play(&world, &ledger).await;
    assert_eq!(faults(&world, &[]).await, []);
    let cut = Fault::Chain(ChainFault::Truncated {
        found: 5,
        recorded: head.sequence,
    });
    assert_eq!(faults(&world, &[head]).await, [cut]);
}

/// Somebody with the store and without the key can make the hashes fit, and not the seals.
#[tokio::test]
async fn o4_a_chain_that_was_sealed_anew_without_the_key_shows_by_its_seals_and_against_the_record() {
    let world = theatre_with_a_history().await;
    let ledger = world.ledger().await;
    let (last, head) = (
        ledger.len() as u64,
        ledger.last().map(Sealed::head).expect("entries"),
    );
    Trick::SealAnew(1).play(&world, &ledger).await;
    let seals: Vec<Fault> = (1..=last)
        .map(|entry| Fault::Chain(ChainFault::Seal(entry, "first".to_owned())))
        .collect();
    assert_eq!(faults(&world, &[]).await, seals);
    assert!(
        faults(&world, &[head])
            .await
            .contains(&Fault::Chain(ChainFault::Rewritten(last)))
    );
}

#[tokio::test]
async fn o4_a_row_beside_the_chain_shows() {
    let world = theatre_with_a_history().await;
    world
        .platform
        .run(
            "INSERT INTO lapsed_ledger SELECT tenant, -2, at, kind, payload, salt, payload_digest, hash, key, mac \
             FROM lapsed_ledger WHERE sequence = 2",
        )
        .await;
    assert_eq!(faults(&world, &[]).await, [Fault::Beside(1)]);
}

#[tokio::test]
async fn d3_a_kept_policy_that_was_edited_or_removed_shows() {
    let world = theatre_with_a_history().await;
    world
        .platform
        .run("UPDATE lapsed_policy SET text = text || ' ' WHERE in_force_from = (SELECT min(in_force_from) FROM lapsed_policy)")
        .await;
    assert!(matches!(faults(&world, &[]).await[..], [Fault::PolicyEdited(_)]));
    world
        .platform
        .run("DELETE FROM lapsed_policy WHERE in_force_from = (SELECT min(in_force_from) FROM lapsed_policy)")
        .await;
    assert!(matches!(faults(&world, &[]).await[..], [Fault::PolicyGone(_, 1)]));
}

#[tokio::test]
async fn d3_going_back_to_an_earlier_policy_is_told() {
    let mut world = theatre_with_a_history().await;
    assert_eq!(world.entries("policy").await.len(), 2);
    world.pass(chrono::TimeDelta::days(1));
    world.tenant_writes("anonymise_after = \"3 years\"");
    world.customer(99).ticket("2019-05-04").await;
    world.sweep().await;
    let told = world.entries("policy").await;
    assert_eq!(told.len(), 3);
    assert_eq!(told[0]["policy"], told[2]["policy"]);
}
