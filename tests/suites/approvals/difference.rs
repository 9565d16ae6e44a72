//! A plan beside the one before it.

use chrono::TimeDelta;
use lapsed_jobs::approvals::{Difference, look};
use lapsed_tests::World;

use super::nights::{lapse, stay, theatre, theatre_that_has_begun};

async fn difference(world: &World, plan: &lapsed_model::Plan) -> Option<Difference> {
    let waiting = look(&world.store, plan).await.expect("a store that answers");
    waiting.expect("a plan that waits").difference
}

#[tokio::test]
async fn r11_a_policy_that_makes_the_next_plan_much_larger_shows_by_how_much_and_which_rules() {
    let mut world = theatre_that_has_begun(12, 100).await;
    lapse(&world, 1, 2).await;
    for id in 101..=113 {
        world.customer(id).ticket("2024-05-04").await;
    }
    world
        .customer(200)
        .voucher("2019-05-04", Some("2020-01-01"))
        .await;
    let before = world.plan_unapproved().await;
    assert_eq!(before.subjects, 3);
    // Bought something since, and stays.
    world.platform.run("INSERT INTO orders (workgroup, customer_id, number, ordered_at, status) VALUES ('theatre/house', 200, 'R-1', 1794000000000, 'paid')").await;
    world.tenant_writes("anonymise_after = \"2 years\"");
    world.pass(TimeDelta::days(1));

    let plan = world.plan_unapproved().await;
    assert_eq!(plan.subjects, 15);
    let difference = difference(&world, &plan).await.expect("a plan before it");
    assert_eq!(difference.previous, before.id);
    assert_eq!(difference.people, 12);
    let by_rule: Vec<(&str, i64)> = difference
        .by_rule
        .iter()
        .map(|(rule, more)| (rule.as_str(), *more))
        .collect();
    assert_eq!(
        by_rule,
        [("tickets-for-past-events", 13), ("vouchers-bought", -1)]
    );
    assert!(difference.other_policy && !difference.other_dataset);
}

#[tokio::test]
async fn r11_the_very_first_plan_differs_from_nothing() {
    let world = theatre(500, 100).await;
    lapse(&world, 1, 1).await;
    let plan = world.plan_unapproved().await;
    assert_eq!(difference(&world, &plan).await, None);
}

#[tokio::test]
async fn r11_a_plan_before_that_is_not_kept_any_more_is_no_obstacle() {
    let world = theatre(500, 100).await;
    lapse(&world, 1, 1).await;
    let first = world.plan_unapproved().await;
    stay(&world, 2, 1).await;
    world.pass(TimeDelta::days(1));
    let second = world.plan_unapproved().await;
    world
        .platform
        .run(&format!("DELETE FROM lapsed_plan WHERE id = '{}'", first.id))
        .await;
    assert_eq!(difference(&world, &second).await, None);
    world.approve(&second).await;
}
