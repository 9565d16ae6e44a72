//! `explain` names the hold, its reason and its end, and the first instant at which the answer changes.

use lapsed_jobs::explain::{Answer, NextChange};
use lapsed_jobs::manual::open_business;
use lapsed_model::Language;
use lapsed_tests::{World, instant};

use super::office::{hold_order, hold_person, hold_until, lapsed, lift_it, order_of};

#[tokio::test]
async fn r9_r10_a_held_person_is_told_the_hold_and_when_it_ends() {
    let world = World::new().await;
    lapsed(&world, 7).await;
    assert_eq!(world.explain(7).await.answer, Answer::Due);
    let held = hold_until(&world, 7, Some("2027-01-01T00:00:00Z")).await;
    let told = world.explain(7).await;
    assert_eq!((told.answer, told.rule.as_deref()), (Answer::Held, None));
    assert_eq!(told.holds.len(), 1);
    let hold = &told.holds[0];
    assert_eq!(
        (hold.hold.as_str(), hold.kind.as_str()),
        (held.id.as_str(), "person")
    );
    assert_eq!(hold.reason.as_deref(), Some("Gruber gegen Theater, 3 C 12/26"));
    let at = instant("2027-01-01T00:00:00Z");
    assert_eq!(hold.ends_at, Some(at));
    assert_eq!(
        told.next_change,
        Some(NextChange {
            at,
            answer: Answer::Due
        })
    );
    assert!(
        told.rules.iter().any(|rule| rule.holds),
        "what the rules would say is shown all the same"
    );
}

#[tokio::test]
async fn r9_r10_of_several_holds_the_longest_decides_when_the_answer_changes() {
    let world = World::new().await;
    lapsed(&world, 7).await;
    hold_until(&world, 7, Some("2027-01-01T00:00:00Z")).await;
    let longer = hold_until(&world, 7, Some("2028-01-01T00:00:00Z")).await;
    let told = world.explain(7).await;
    assert_eq!(told.holds[0].hold, longer.id);
    assert_eq!(told.next_change.map(|next| next.at), longer.ends_at);
    let number = order_of(&world, 7).await;
    let endless = hold_order(&world, &number).await;
    let told = world.explain(7).await;
    assert_eq!(
        (told.holds[0].hold.as_str(), told.holds[0].record.as_deref()),
        (endless.id.as_str(), Some(number.as_str()))
    );
    assert_eq!((told.holds.len(), told.next_change), (3, None));
}

#[tokio::test]
async fn r9_r10_the_holds_of_others_are_not_told() {
    let world = World::new().await;
    lapsed(&world, 7).await;
    lapsed(&world, 8).await;
    hold_person(&world, 8).await;
    hold_order(&world, &order_of(&world, 8).await).await;
    let lifted = hold_person(&world, 7).await;
    lift_it(&world, &lifted).await;
    let told = world.explain(7).await;
    assert_eq!((told.answer, told.holds.len()), (Answer::Due, 0));
}

#[tokio::test]
async fn r9_staff_see_the_hold_before_they_are_asked_anything() {
    let world = World::new().await;
    lapsed(&world, 7).await;
    let held = hold_person(&world, 7).await;
    let keys = ["theatre/house".to_owned()];
    let open = open_business(
        &world.store,
        &world.fitted,
        &world.case(),
        &keys,
        "7",
        world.now(),
        Language::En,
    )
    .await;
    let open = open.expect("an answer");
    assert!(
        !open.is_any(),
        "a hold is no open business: nobody can say that they know better"
    );
    assert_eq!(open.holds[0].hold, held.id);
}
