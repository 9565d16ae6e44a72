//! R-4 on another platform, with expectations worked out by hand.
//!
//! It is noon of 22 November 2026 in Vienna and people are kept for three years, so the cut-off is the start of
//! 22 November 2023 there: 23:00 of the 21st in UTC, 1700607600 in seconds.

use lapsed_jobs::explain::{Answer, explain, person};
use lapsed_model::{Dialect, SubjectKey, Value};
use lapsed_tests::{World, only_on};

use super::salon::{flat_rate, gift_card, goes_to, guest, receipt, salon, uid, visit};

/// What the plan and the explanation say of a guest; they must say the same.
async fn verdict(world: &World, name: &str) -> String {
    let due = world.due().await;
    let due = due.iter().find(|(key, _)| *key == SubjectKey::Text(uid(name)));
    let explanation = world.explain(uid(name)).await;
    let told = explanation.rule.unwrap_or_else(|| "nothing".to_owned());
    match due {
        Some((_, rule)) => {
            assert_eq!((explanation.answer, &told), (Answer::Due, rule), "{name}");
            format!("due: {rule}")
        }
        None => {
            assert_ne!(explanation.answer, Answer::Due, "{name}");
            format!("stays: {told}")
        }
    }
}

#[tokio::test]
async fn r4_text_instants_are_compared_strictly_whatever_their_offset() {
    let world = salon().await;
    let cases = [
        ("2023-11-21T23:59:59.999+01:00", "due: past-visit"),
        ("2023-11-21T22:59:59.999Z", "due: past-visit"),
        ("2023-11-21 22:59:59", "due: past-visit"),
        ("2023-11-21", "due: past-visit"),
        ("2023-11-22T12:59:59+14:00", "due: past-visit"),
        ("2023-11-22T00:00:00+01:00", "stays: nothing"),
        ("2023-11-21T23:00:00.000Z", "stays: nothing"),
        ("2023-11-21T23:00", "stays: nothing"),
        ("2023-11-21T23:00:00.001Z", "stays: recent-visit"),
        ("2023-11-22T00:00:00.001+01:00", "stays: recent-visit"),
        ("2023-11-21T12:00:00-12:00", "stays: recent-visit"),
        ("2023-11-22", "stays: recent-visit"),
    ];
    for (place, (begins, expected)) in cases.into_iter().enumerate() {
        let name = format!("g{place}");
        guest(&world, &name, "2019-01-01").await;
        visit(&world, &name, begins).await;
        assert_eq!(verdict(&world, &name).await, expected, "{begins}");
    }
}

#[tokio::test]
async fn r4_seconds_are_compared_strictly() {
    let world = salon().await;
    for (name, sold_at, expected) in [
        ("before", 1_700_607_599, "due: past-purchase"),
        ("equal", 1_700_607_600, "stays: nothing"),
        ("after", 1_700_607_601, "stays: recent-purchase"),
    ] {
        guest(&world, name, "2019-01-01").await;
        receipt(&world, name, sold_at).await;
        assert_eq!(verdict(&world, name).await, expected);
    }
}

#[tokio::test]
async fn r4_a_date_without_a_time_stands_for_the_start_of_its_day_or_for_its_end() {
    let world = salon().await;
    for (name, joined_on, expected) in [
        ("j1", "2023-11-21", "due: never-came"),
        ("j2", "2023-11-22", "stays: nothing"),
        ("j3", "2023-11-23", "stays: joined-lately"),
    ] {
        guest(&world, name, joined_on).await;
        assert_eq!(verdict(&world, name).await, expected, "joined on {joined_on}");
    }
    // A card that was good until the 21st ended with that day: at the cut-off.
    for (name, valid_till, expected) in [
        ("c1", Value::from("2023-11-20"), "due: past-purchase"),
        ("c2", Value::from("2023-11-21"), "due: past-purchase"),
        ("c3", Value::from("2023-11-22"), "stays: good-card"),
        ("c4", Value::Null, "stays: good-card"),
    ] {
        guest(&world, name, "2019-01-01").await;
        gift_card(&world, name, valid_till.clone()).await;
        assert_eq!(verdict(&world, name).await, expected, "good until {valid_till:?}");
    }
    // Over is what ended before now, at noon: yesterday is, today is not. It keeps beyond the cut-off all the same.
    for (name, last_day, expected) in [
        ("f1", Value::from("2023-11-21"), "due: flat-rate-over"),
        ("f2", Value::from("2026-11-21"), "stays: running-flat-rate"),
        ("f3", Value::Null, "stays: running-flat-rate"),
    ] {
        guest(&world, name, "2023-11-22").await;
        flat_rate(&world, name, last_day.clone()).await;
        assert_eq!(verdict(&world, name).await, expected, "until {last_day:?}");
    }
}

#[tokio::test]
async fn r4_what_cannot_be_read_as_an_instant_keeps_people() {
    let world = salon().await;
    let damaged = [
        "last spring",
        "",
        "?",
        "2019",
        "2019-05",
        "20190504",
        "12:30",
        "now",
        "2019-13-01",
        "04.05.2019",
        "2458607.5",
    ];
    for (place, begins) in damaged.into_iter().enumerate() {
        let name = format!("g{place}");
        guest(&world, &name, "2019-01-01").await;
        visit(&world, &name, "2019-05-04T10:00:00Z").await;
        assert_eq!(verdict(&world, &name).await, "due: past-visit");
        visit(&world, &name, begins).await;
        assert_eq!(verdict(&world, &name).await, "stays: recent-visit", "`{begins}`");
    }
    for (place, valid_till) in damaged.into_iter().enumerate() {
        let name = format!("c{place}");
        guest(&world, &name, "2019-01-01").await;
        gift_card(&world, &name, valid_till).await;
        assert_eq!(verdict(&world, &name).await, "stays: good-card", "`{valid_till}`");
    }
    if only_on(Dialect::Sqlite, "a column of numbers takes no text there") {
        guest(&world, "text", "2019-01-01").await;
        world
            .platform
            .run("INSERT INTO receipt VALUES ('R-1', '6f1c0d52-7a31-4c1e-9a00-text', 'yesterday', 100)")
            .await;
        assert_eq!(verdict(&world, "text").await, "stays: recent-purchase");
    }
    assert_eq!(world.sweep().await.anonymised, 0);
}

#[tokio::test]
async fn a_workgroup_can_be_found_by_a_query() {
    let world = salon().await;
    for name in ["here", "there", "both", "nowhere"] {
        guest(&world, name, "2019-01-01").await;
    }
    world
        .platform
        .run(
            "UPDATE guest_branch SET branch_code = 'B3' WHERE guest_uid LIKE '%-there'; \
             DELETE FROM guest_branch WHERE guest_uid LIKE '%-nowhere'",
        )
        .await;
    goes_to(&world, "both", "B3").await;
    // Two branches of one house are one workgroup.
    goes_to(&world, "here", "B2").await;
    let due: Vec<SubjectKey> = world.due().await.into_iter().map(|(key, _)| key).collect();
    assert_eq!(due, [SubjectKey::Text(uid("here"))]);
    let preview = world.preview().await;
    assert_eq!((preview.counts.people(), preview.counts.all_due()), (1, 1));
    assert_eq!(world.sweep().await.anonymised, 1);
}

#[tokio::test]
async fn who_belongs_to_two_workgroups_is_judged_by_neither_and_told_so() {
    let world = salon().await;
    guest(&world, "both", "2019-01-01").await;
    goes_to(&world, "both", "B3").await;
    assert_eq!(world.due().await, []);
    let refused = explain(
        &world.store,
        &world.fitted,
        &world.case(),
        &uid("both"),
        world.now(),
        world.policy.language,
    )
    .await;
    let reason = refused.expect_err("no answer").to_string();
    assert!(
        reason.contains("several workgroups (theatre/house, theatre/studio)"),
        "{reason}"
    );
}

#[tokio::test]
async fn nobody_is_taken_for_somebody_whose_key_is_spelled_alike() {
    let world = salon().await;
    for key in ["7", "007"] {
        world
            .platform
            .run(&format!(
                "INSERT INTO guest (uid, username, full_name, mail, joined_on) \
                 VALUES ('{key}', 'u{key}', 'n{key}', 'm{key}', '2019-01-01'); \
                 INSERT INTO guest_branch VALUES ('{key}', 'B1')"
            ))
            .await;
        assert_eq!(
            world.explain(key).await.customer,
            SubjectKey::Text(key.to_owned())
        );
    }
    let stranger = person(&world.store, &world.fitted, &world.case(), "+7").await;
    assert!(stranger.is_err_and(|refusal| refusal.to_string().contains("there is no customer `+7`")));
}
