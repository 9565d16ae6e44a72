//! Key rings that do not fit the store: pseudonyms made with them would find nobody again.

use lapsed_jobs::JobError;
use lapsed_model::KeyRing;
use lapsed_store::StoreError;

use super::whole::theatre_with_due_people;

fn ring(keys: &[(&str, &str)]) -> KeyRing {
    let line = |(id, byte): &(&str, &str)| format!("{id} {}\n", byte.repeat(32));
    KeyRing::parse(&keys.iter().map(line).collect::<String>()).expect("a ring")
}

#[tokio::test]
async fn with_the_wrong_key_nothing_is_planned_or_carried_out() {
    let mut world = theatre_with_due_people(2).await;
    let plan = world.plan().await;
    let before = world.platform.whole().await;
    world.keys = ring(&[("first", "99")]);
    for refused in [world.try_plan().await.err(), world.try_apply(&plan).await.err()] {
        let why = refused.expect("a refusal");
        assert!(
            matches!(&why, JobError::Store(StoreError::WrongKey(id)) if id == "first"),
            "{why:?}"
        );
        assert!(why.to_string().contains("put the right key ring back"), "{why}");
    }
    assert_eq!(world.platform.whole().await, before);
}

#[tokio::test]
async fn without_a_key_that_was_used_nothing_is_planned_or_carried_out() {
    let mut world = theatre_with_due_people(2).await;
    let plan = world.plan().await;
    let before = world.platform.whole().await;
    world.keys = ring(&[("second", "77")]);
    for refused in [world.try_plan().await.err(), world.try_apply(&plan).await.err()] {
        let why = refused.expect("a refusal");
        assert!(
            matches!(&why, JobError::Store(StoreError::MissingKey(id)) if id == "first"),
            "{why:?}"
        );
        assert!(why.to_string().contains("put it back"), "{why}");
    }
    assert_eq!(world.platform.whole().await, before);
}

#[tokio::test]
async fn a_newer_key_beside_the_old_one_is_welcome() {
    let mut world = theatre_with_due_people(2).await;
    let plan = world.plan().await;
    world.keys = ring(&[("first", "5a"), ("second", "77")]);
    assert_eq!(world.apply(&plan).await.anonymised, 2);
    let sealed_with = world.ledger().await.into_iter().map(|sealed| sealed.link.key);
    assert_eq!(
        sealed_with.collect::<Vec<_>>(),
        ["first", "first", "second"],
        "the policy's entry and the approval's, then the erasure's"
    );
}
