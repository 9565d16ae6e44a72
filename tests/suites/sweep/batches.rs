//! The batches of a plan: a stop between two of them loses nothing and repeats nothing, and each leaves its entry.

use std::collections::BTreeSet;

use lapsed_dataset::Question;
use lapsed_jobs::apply::BatchSize;
use lapsed_jobs::retention::Case;
use lapsed_model::{Entry, Plan, PlanState, SubjectKey, Switch};
use lapsed_tests::World;

use super::plan_life::lapsed;

/// What the batches of a plan ask again.
pub(crate) fn question<'a>(case: &'a Case<'_>, plan: &'a Plan, switches: &'a [Switch]) -> Question<'a> {
    Question {
        tenant: plan.workgroup.tenant.as_str(),
        workgroup: &case.store_key,
        bounds: &plan.bounds,
        switches,
    }
}

/// An entry that names nobody, for batches that a test carries out by hand.
pub(crate) fn nobody_noted(world: &World) -> Entry {
    Entry {
        tenant: world.policy.tenant.clone(),
        at: world.now(),
        kind: "by-hand".to_owned(),
        payload: "{}".to_owned(),
    }
}

/// The pseudonyms of everybody whom the ledger says was erased, in the order of the entries.
async fn erased_in_ledger(world: &World) -> Vec<String> {
    let mut pseudonyms = Vec::new();
    for payload in world.entries("erased").await {
        let rules = payload["by_rule"].as_object().expect("people by rule").clone();
        for people in rules.values() {
            let people = people.as_array().expect("pseudonyms");
            pseudonyms.extend(
                people
                    .iter()
                    .map(|person| person.as_str().expect("a pseudonym").to_owned()),
            );
        }
    }
    pseudonyms
}

#[tokio::test]
async fn r9_a_plan_that_was_stopped_between_batches_goes_on_and_ends_the_same() {
    let mut whole = lapsed(25).await;
    whole.batch = BatchSize::Fixed(4);
    let plan = whole.plan().await;
    whole.apply(&plan).await;

    let mut stopped = lapsed(25).await;
    stopped.batch = BatchSize::Fixed(4);
    let plan = stopped.plan().await;
    stops_after_two_batches(&stopped, &plan).await;
    let half = stopped.store.plan(&plan.id).await.expect("a plan");
    assert_eq!(
        (half.state, half.anonymised, half.applied_to.clone()),
        (PlanState::Applying, 8, Some(SubjectKey::Integer(8)))
    );

    let progress = stopped.apply(&half).await;
    assert_eq!((progress.anonymised, progress.batches), (25, 5));
    let (whole_picture, picture) = (whole.platform.picture().await, stopped.platform.picture().await);
    assert_eq!(whole_picture.changes(&picture), Vec::<String>::new());
    let erased = erased_in_ledger(&stopped).await;
    assert_eq!(erased.len(), 25);
    let everybody: BTreeSet<String> = erased.into_iter().collect();
    assert_eq!(
        everybody,
        erased_in_ledger(&whole).await.into_iter().collect(),
        "everyone exactly once"
    );
}

/// A run that is killed when the report of its second batch has come.
async fn stops_after_two_batches(world: &World, plan: &Plan) {
    let (case, tools) = (world.case(), world.tools());
    let (stop, stopped) = std::sync::mpsc::channel();
    let run = lapsed_jobs::apply::apply(&tools, &case, plan, move |progress| {
        if progress.batches == 2 {
            stop.send(()).expect("somebody listens");
        }
    });
    let mut run = std::pin::pin!(run);
    std::future::poll_fn(|context| {
        let _ = run.as_mut().poll(context);
        if stopped.try_recv().is_ok() {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
}

#[tokio::test]
async fn o4_every_batch_leaves_an_entry_and_their_people_add_up() {
    let mut world = lapsed(10).await;
    world.batch = BatchSize::Fixed(3);
    let progress = world.sweep().await;
    let entries = world.entries("erased").await;
    assert_eq!((entries.len() as u64, progress.batches), (4, 4));
    let people: u64 = entries.iter().filter_map(|entry| entry["people"].as_u64()).sum();
    assert_eq!((people, progress.anonymised), (10, 10));
    let ledger = world.ledger().await;
    for direct in ["Anna", "Gruber", "mail.example"] {
        assert!(!ledger.iter().any(|sealed| sealed.entry.payload.contains(direct)));
    }
    let verified = lapsed_jobs::ledger::verify(
        &world.store,
        &world.keys,
        &[],
        chrono::DateTime::<chrono::Utc>::MIN_UTC,
    )
    .await
    .expect("a walk");
    assert_eq!(verified.len(), 1);
    assert_eq!(verified[0].faults, []);
}
