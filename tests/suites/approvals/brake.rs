//! What waits, and what does not.

use chrono::TimeDelta;
use lapsed_model::Unusual;

use super::nights::{anonymised, because, code, lapse, night, stay, theatre, theatre_that_has_begun};

#[tokio::test]
async fn r11_the_first_plan_of_a_workgroup_waits_however_small_it_is() {
    let world = theatre(500, 100).await;
    lapse(&world, 1, 1).await;
    let plan = world.plan_unapproved().await;
    assert_eq!(because(&world, &plan).await, [Unusual::FirstPlan { people: 1 }]);
    assert_eq!(code(world.try_apply(&plan).await), "waits-for-approval");
    assert_eq!(anonymised(&world).await, 0);
    world.approve(&plan).await;
    assert_eq!(world.apply(&plan).await.anonymised, 1);

    lapse(&world, 2, 3).await;
    assert_eq!(night(&world).await.expect("it does not wait").anonymised, 3);
}

#[tokio::test]
async fn r11_a_plan_with_nobody_in_it_never_waits_and_is_no_first_plan() {
    let world = theatre(500, 100).await;
    let nobody = world.plan_unapproved().await;
    assert_eq!(because(&world, &nobody).await, []);
    world.apply(&nobody).await;
    lapse(&world, 1, 1).await;
    let first = world.plan_unapproved().await;
    assert_eq!(because(&world, &first).await, [Unusual::FirstPlan { people: 1 }]);
}

#[tokio::test]
async fn r11_as_long_as_nobody_approves_one_every_plan_is_the_first() {
    let world = theatre(500, 100).await;
    lapse(&world, 1, 2).await;
    for _ in 0..3 {
        let plan = world.plan_unapproved().await;
        assert_eq!(because(&world, &plan).await, [Unusual::FirstPlan { people: 2 }]);
        world.pass(TimeDelta::days(1));
    }
    assert_eq!(anonymised(&world).await, 0);
}

#[tokio::test]
async fn r11_every_workgroup_has_a_first_plan_of_its_own() {
    let world = theatre_that_has_begun(500, 100).await;
    world
        .customer(1)
        .in_workgroup("studio")
        .ticket("2019-05-04")
        .await;
    let case = world.case_of("studio");
    let plan = lapsed_jobs::retention::save(
        &world.store,
        &world.fitted,
        &case,
        case.bounds(world.now()),
        &world.keys,
        &world.chance,
        None,
    )
    .await
    .expect("a plan");
    assert_eq!(because(&world, &plan).await, [Unusual::FirstPlan { people: 1 }]);
}

#[tokio::test]
async fn r11_ten_people_never_wait_and_eleven_do() {
    let world = theatre_that_has_begun(3, 5).await;
    lapse(&world, 1, 10).await;
    assert_eq!(because(&world, &world.plan_unapproved().await).await, []);
    lapse(&world, 11, 1).await;
    let because = because(&world, &world.plan_unapproved().await).await;
    let words: Vec<&str> = because.iter().map(Unusual::word).collect();
    assert_eq!(words, ["number", "share"]);
}

#[tokio::test]
async fn r11_more_people_than_the_policy_lets_pass_wait() {
    let world = theatre_that_has_begun(12, 100).await;
    lapse(&world, 1, 12).await;
    assert_eq!(because(&world, &world.plan_unapproved().await).await, []);
    lapse(&world, 13, 1).await;
    let plan = world.plan_unapproved().await;
    let number = Unusual::Number {
        people: 13,
        recent: 0,
        above: 12,
    };
    assert_eq!(because(&world, &plan).await, [number]);
    assert_eq!(code(world.try_apply(&plan).await), "waits-for-approval");
    assert_eq!(anonymised(&world).await, 1);
}

#[tokio::test]
async fn r11_a_greater_share_than_the_policy_lets_pass_waits() {
    let world = theatre_that_has_begun(500, 40).await;
    lapse(&world, 1, 12).await;
    stay(&world, 101, 18).await;
    assert_eq!(because(&world, &world.plan_unapproved().await).await, []);
    lapse(&world, 13, 1).await;
    let share = Unusual::Share {
        people: 13,
        recent: 0,
        of: 31,
        above: 40,
    };
    assert_eq!(because(&world, &world.plan_unapproved().await).await, [share]);
}

#[tokio::test]
async fn r11_a_large_mistake_in_small_slices_waits_too() {
    let world = theatre_that_has_begun(20, 100).await;
    let mut from = 1;
    for _ in 0..2 {
        lapse(&world, from, 8).await;
        assert_eq!(night(&world).await.expect("a small plan").anonymised, 8);
        world.pass(TimeDelta::days(1));
        from += 8;
    }
    lapse(&world, from, 8).await;
    let plan = world.plan_unapproved().await;
    let number = Unusual::Number {
        people: 24,
        recent: 16,
        above: 20,
    };
    assert_eq!(because(&world, &plan).await, [number]);

    // The plans of more than seven days ago are not counted any more.
    world.pass(TimeDelta::days(6) - TimeDelta::seconds(1));
    let unusual = because(&world, &world.plan_unapproved().await).await;
    assert_eq!(unusual, []);
}

#[tokio::test]
async fn r11_who_is_anonymised_already_is_no_part_of_the_share() {
    let world = theatre_that_has_begun(500, 50).await;
    stay(&world, 101, 11).await;
    lapse(&world, 1, 11).await;
    // 11 of 22: the one whom the first plan anonymised does not dilute it, nor would a thousand of them.
    assert_eq!(because(&world, &world.plan_unapproved().await).await, []);
    lapse(&world, 12, 1).await;
    let unusual = because(&world, &world.plan_unapproved().await).await;
    assert!(
        matches!(
            unusual[..],
            [Unusual::Share {
                people: 12,
                of: 23,
                ..
            }]
        ),
        "{unusual:?}"
    );
}

#[tokio::test]
async fn r11_the_days_count_from_when_people_were_anonymised_and_not_from_when_their_plan_was_made() {
    let world = theatre_that_has_begun(20, 100).await;
    lapse(&world, 1, 15).await;
    let early = world.plan_unapproved().await;
    assert_eq!(because(&world, &early).await, []);
    world.pass(TimeDelta::days(7) - TimeDelta::hours(1));
    assert_eq!(world.apply(&early).await.anonymised, 15);
    world.pass(TimeDelta::hours(4));
    lapse(&world, 101, 14).await;
    let number = Unusual::Number {
        people: 29,
        recent: 15,
        above: 20,
    };
    assert_eq!(because(&world, &world.plan_unapproved().await).await, [number]);
}
