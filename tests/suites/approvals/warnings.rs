//! `warn_customer`: who is to be warned, and when.

use chrono::{DateTime, TimeDelta, Utc};
use lapsed_jobs::retention;
use lapsed_jobs::warnings::update;
use lapsed_model::{SubjectKey, Value};
use lapsed_store::WarningsChanged;
use lapsed_tests::{World, instant};

/// A theatre that warns 30 days before. It is noon of 22 November 2026.
async fn theatre() -> World {
    World::with()
        .says("warn_customer = \"30 days before\"")
        .build()
        .await
}

async fn night(world: &World) -> WarningsChanged {
    update(&world.store, &world.fitted, &world.case(), &world.bounds())
        .await
        .expect("warnings")
}

/// Everybody with a warning: who, since when it is due to be sent, and when they would be anonymised.
async fn warned(world: &World) -> Vec<(i64, DateTime<Utc>, DateTime<Utc>)> {
    let rows = world
        .platform
        .rows("SELECT subject, warn_at, due_at FROM lapsed_warning ORDER BY subject")
        .await;
    let at = |value: &Value| match value {
        Value::Integer(at) => DateTime::from_timestamp_millis(*at).expect("an instant"),
        other => panic!("{other:?} is no instant"),
    };
    rows.iter()
        .map(|row| match &row["subject"] {
            Value::Integer(subject) => (*subject, at(&row["warn_at"]), at(&row["due_at"])),
            other => panic!("{other:?} is nobody here"),
        })
        .collect()
}

#[tokio::test]
async fn a_warning_is_noted_30_days_before_the_day_and_once() {
    let world = theatre().await;
    world.customer(1).ticket("2024-01-15").await;
    let day = instant("2027-01-15T23:00:00Z");
    for _ in 0..60 {
        let before = warned(&world).await;
        let changed = night(&world).await;
        let today = world.now();
        let expected = if day - today > TimeDelta::days(30) - TimeDelta::hours(11) {
            assert_eq!(changed, WarningsChanged::default(), "on {today}");
            Vec::new()
        } else if before.is_empty() {
            assert_eq!(today, instant("2026-12-17T12:00:00Z"));
            assert_eq!(
                changed,
                WarningsChanged {
                    noted: 1,
                    forgotten: 0
                }
            );
            vec![(1, today, day)]
        } else {
            assert_eq!(changed, WarningsChanged::default(), "on {today}");
            before
        };
        assert_eq!(warned(&world).await, expected, "on {today}");
        world.pass(TimeDelta::days(1));
    }
}

#[tokio::test]
async fn the_day_of_a_warning_is_the_first_on_which_the_rules_make_the_person_due() {
    let world = theatre().await;
    for (id, day) in [
        (1, "2023-11-22"),
        (2, "2023-11-30"),
        (3, "2023-12-10"),
        (4, "2023-12-21"),
        (5, "2023-12-23"),
    ] {
        world.customer(id).ticket(day).await;
    }
    world
        .customer(6)
        .ticket("2019-05-04")
        .consent(Some("2026-12-05"))
        .await;
    world
        .customer(7)
        .ticket("2019-05-04")
        .reservation("2026-12-24")
        .await;
    night(&world).await;
    let warned = warned(&world).await;
    let people: Vec<i64> = warned.iter().map(|(subject, ..)| *subject).collect();
    assert_eq!(people, [1, 2, 3, 4, 6]);
    let case = world.case();
    for (subject, _, due_at) in warned {
        let is_due = async |day: DateTime<Utc>| {
            let noon = day + TimeDelta::hours(13);
            let due = retention::list(&world.store, &world.fitted, &case, case.bounds(noon)).await;
            let due = due.expect("a list");
            due.iter().any(|(key, _)| *key == SubjectKey::Integer(subject))
        };
        assert!(is_due(due_at).await, "{subject} is due on {due_at}");
        assert!(
            !is_due(due_at - TimeDelta::days(1)).await,
            "{subject} is not due before {due_at}"
        );
    }
}

#[tokio::test]
async fn who_is_due_already_is_not_warned_any_more() {
    let world = theatre().await;
    world.customer(1).ticket("2019-05-04").await;
    assert_eq!(night(&world).await, WarningsChanged::default());
}

#[tokio::test]
async fn who_comes_again_is_not_warned_and_starts_anew() {
    let world = theatre().await;
    world.customer(1).ticket("2023-12-10").await;
    world.customer(2).ticket("2023-12-10").await;
    assert_eq!(night(&world).await.noted, 2);
    world.platform.run("INSERT INTO orders (workgroup, customer_id, number, ordered_at, status) VALUES ('theatre/house', 2, 'R-1', 1794000000000, 'paid')").await;
    world.pass(TimeDelta::days(1));
    assert_eq!(
        night(&world).await,
        WarningsChanged {
            noted: 0,
            forgotten: 1
        }
    );
    let people: Vec<i64> = warned(&world)
        .await
        .iter()
        .map(|(subject, ..)| *subject)
        .collect();
    assert_eq!(people, [1]);
}

#[tokio::test]
async fn r9_nobody_under_a_legal_hold_is_warned() {
    let world = theatre().await;
    world.customer(1).ticket("2023-12-10").await;
    world.customer(2).ticket("2023-12-10").await;
    // It ends before the day; as long as it lasts nobody is written to.
    let ends = instant("2026-12-01T00:00:00Z").timestamp_millis();
    world
        .platform
        .insert(
            "lapsed_hold",
            &[
                ("id", "h-1".into()),
                ("tenant", "theatre".into()),
                ("kind", "person".into()),
                ("workgroup", "house".into()),
                ("subject", 1_i64.into()),
                ("reason", "a lawsuit".into()),
                ("placed_at", 0_i64.into()),
                ("placed_by", "legal".into()),
                ("ends_at", ends.into()),
            ],
        )
        .await;
    assert_eq!(night(&world).await.noted, 1);
    world.pass(TimeDelta::days(10));
    assert_eq!(night(&world).await.noted, 1, "the hold is over");
}

#[tokio::test]
async fn a_hold_takes_a_warning_back() {
    let world = theatre().await;
    world.customer(1).ticket("2023-12-10").await;
    night(&world).await;
    world
        .platform
        .run(
            "INSERT INTO lapsed_hold (id, tenant, kind, reason, placed_at, placed_by) \
             VALUES ('h-1', 'theatre', 'tenant', 'an audit', 0, 'legal')",
        )
        .await;
    assert_eq!(
        night(&world).await,
        WarningsChanged {
            noted: 0,
            forgotten: 1
        }
    );
}

#[tokio::test]
async fn a_warning_stays_while_the_plan_waits_and_goes_with_the_person() {
    let world = theatre().await;
    world.customer(1).ticket("2023-12-10").await;
    night(&world).await;
    world.pass(TimeDelta::days(25));
    let plan = world.plan_unapproved().await;
    assert_eq!(plan.subjects, 1);
    assert_eq!(night(&world).await, WarningsChanged::default());
    assert_eq!(warned(&world).await.len(), 1);
    world.approve(&plan).await;
    world.apply(&plan).await;
    assert_eq!(warned(&world).await, []);
}

#[tokio::test]
async fn a_policy_that_warns_no_longer_forgets_its_warnings_and_no_others() {
    let mut world = theatre().await;
    world.customer(1).ticket("2023-12-10").await;
    night(&world).await;
    for (tenant, workgroup) in [("salon", "house"), ("theatre", "studio")] {
        let row = [
            ("tenant", tenant.into()),
            ("workgroup", workgroup.into()),
            ("subject", 9_i64.into()),
            ("warn_at", 0_i64.into()),
            ("due_at", 0_i64.into()),
            ("noted_at", 0_i64.into()),
        ];
        world.platform.insert("lapsed_warning", &row).await;
    }
    let before = world.store.warnings(&world.policy.tenant).await.expect("a count");
    assert_eq!(
        (before.people, before.next_due_at),
        (2, Some(instant("1970-01-01T00:00:00Z")))
    );
    world.tenant_no_longer_writes("warn_customer");
    assert_eq!(
        night(&world).await,
        WarningsChanged {
            noted: 0,
            forgotten: 1
        }
    );
    assert_eq!(world.platform.count("lapsed_warning").await, 2);
}

#[tokio::test]
async fn each_workgroup_warns_its_own_people() {
    let world = theatre().await;
    world.customer(1).ticket("2023-12-10").await;
    world
        .customer(2)
        .in_workgroup("studio")
        .ticket("2023-12-10")
        .await;
    night(&world).await;
    let studio = world.case_of("studio");
    update(&world.store, &world.fitted, &studio, &studio.bounds(world.now()))
        .await
        .expect("warnings");
    let rows = world
        .platform
        .rows("SELECT workgroup, subject FROM lapsed_warning ORDER BY subject")
        .await;
    let rows: Vec<(Value, Value)> = rows
        .iter()
        .map(|row| (row["workgroup"].clone(), row["subject"].clone()))
        .collect();
    assert_eq!(
        rows,
        [("house".into(), 1_i64.into()), ("studio".into(), 2_i64.into())]
    );
}
