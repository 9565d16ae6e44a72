//! R-5, the manual way: staff anonymise one person, whom the rules do not bind.

use lapsed_jobs::JobError;
use lapsed_jobs::manual::{OpenBusiness, anonymise, open_business};
use lapsed_model::{Language, PlanState, SubjectKey, Value, Way};
use lapsed_tests::World;

const ANNA: SubjectKey = SubjectKey::Integer(7);

async fn look(world: &World) -> Result<OpenBusiness, JobError> {
    let keys = ["theatre/house".to_owned(), "theatre/studio".to_owned()];
    let case = world.case();
    open_business(
        &world.store,
        &world.fitted,
        &case,
        &keys,
        "7",
        world.now(),
        Language::En,
    )
    .await
}

fn code<T: std::fmt::Debug>(outcome: Result<T, JobError>) -> &'static str {
    match outcome {
        Err(JobError::Refused(refusal)) => refusal.code(),
        other => panic!("this should have been refused: {other:?}"),
    }
}

#[tokio::test]
async fn r5_the_manual_way_is_off_unless_the_policy_turns_it_on() {
    let mut world = World::with().says("by_staff = false").build().await;
    world.customer(7).await;
    assert_eq!(code(look(&world).await), "by-staff-off");
    assert_eq!(
        code(anonymise(&world.tools(), &world.case(), &ANNA, true).await),
        "by-staff-off"
    );
    assert_eq!(world.cell("customers", 7, "first_name").await, "Anna7".into());
    world.tenant_writes("by_staff = true");
    assert!(!look(&world).await.expect("an answer").is_any());
}

#[tokio::test]
async fn r5_the_operators_stop_binds_staff_too() {
    let mut world = World::new().await;
    world.customer(7).await;
    world.watch_only = true;
    assert_eq!(
        code(anonymise(&world.tools(), &world.case(), &ANNA, true).await),
        "watch-only"
    );
}

#[tokio::test]
async fn r5_open_business_is_shown() {
    let world = World::new().await;
    world
        .customer(7)
        .ticket("2026-12-24")
        .ticket("2019-05-04")
        .reservation("2026-12-31")
        .appointment("2026-11-23")
        .membership(None)
        .order("2019-05-04", "open")
        .await;
    let open = look(&world).await.expect("an answer");
    let rules: Vec<&str> = open.open.iter().map(|rule| rule.rule.as_str()).collect();
    let all = [
        "open-tickets",
        "open-reservation",
        "open-appointment",
        "open-membership",
        "unpaid-order",
    ];
    assert_eq!(rules, all);
    assert!(open.is_any());
}

#[tokio::test]
async fn r5_what_is_over_is_not_open() {
    let world = World::new().await;
    world
        .customer(7)
        .ticket("2026-11-22T11:59:59Z")
        .reservation("2026-11-22")
        .membership(Some("2026-11-22"))
        .order("2026-11-21", "paid")
        .order("2026-11-21", "cancelled")
        .await;
    assert!(
        !look(&world).await.expect("an answer").is_any(),
        "not even what ends this very moment"
    );
}

#[tokio::test]
async fn r5_other_records_with_the_same_contact_are_shown() {
    let world = World::new().await;
    world
        .customer(7)
        .with("email", " Anna@Mail.example")
        .with("phone", "+43 1 7")
        .await;
    world
        .customer(8)
        .in_workgroup("studio")
        .with("email", "anna@mail.example ")
        .await;
    world.customer(9).with("phone", "+43 1 7").await;
    world
        .customer(10)
        .in_workgroup("elsewhere")
        .with("phone", "+43 1 7")
        .await;
    world
        .customer(11)
        .with("phone", "+43 1 7")
        .with("anonymised_at", 1)
        .await;
    world
        .customer(12)
        .with("email", "")
        .with("phone", Value::Null)
        .await;
    let same = look(&world).await.expect("an answer").same_contact;
    assert_eq!(
        same,
        [SubjectKey::Integer(8), SubjectKey::Integer(9)],
        "the tenant's, and nobody else's"
    );
}

#[tokio::test]
async fn r5_r6_staff_anonymise_whom_every_rule_keeps_and_the_name_says_who_decided() {
    let world = World::new().await;
    world
        .customer(7)
        .ticket("2026-12-24")
        .consent(None)
        .signed_in("2026-11-22")
        .await;
    world.customer(8).ticket("2019-05-04").await;
    let progress = anonymise(&world.tools(), &world.case(), &ANNA, true)
        .await
        .expect("a plan of one");
    assert_eq!((progress.subjects, progress.anonymised), (1, 1));
    assert_eq!(
        world.cell("customers", 7, "last_name").await,
        "Manuell DSGVO".into()
    );
    assert_eq!(world.cell("customers", 7, "first_name").await, Value::Null);
    assert_eq!(world.platform.count("lapsed_consent").await, 0);
    assert_eq!(
        world
            .platform
            .count("web_users WHERE customer_id = 7 OR username IS NOT NULL")
            .await,
        0
    );
    assert_eq!(
        world.cell("customers", 8, "last_name").await,
        "Gruber8".into(),
        "nobody else, due or not"
    );
    let plans = world.store.plans(&world.policy.tenant).await.expect("plans");
    assert_eq!(plans.len(), 1);
    assert_eq!((plans[0].way, plans[0].state), (Way::Manual, PlanState::Applied));
    let entry = &world.entries("erased").await[0];
    assert_eq!(
        (entry["way"].as_str(), entry["people"].as_u64()),
        (Some("manual"), Some(1))
    );
}

#[tokio::test]
async fn r9_who_is_anonymised_is_not_anonymised_again() {
    let world = World::new().await;
    world.customer(7).await;
    anonymise(&world.tools(), &world.case(), &ANNA, true)
        .await
        .expect("a plan of one");
    assert_eq!(code(look(&world).await), "already-anonymised");
    world.pass(chrono::TimeDelta::minutes(1));
    let before = world.platform.picture().await;
    let progress = anonymise(&world.tools(), &world.case(), &ANNA, true)
        .await
        .expect("a plan of nobody");
    assert_eq!(progress.anonymised, 0);
    assert_eq!(
        before.changes(&world.platform.picture().await),
        Vec::<String>::new()
    );
}

#[tokio::test]
async fn r5_somebody_of_another_workgroup_is_not_found() {
    let world = World::new().await;
    world.customer(7).in_workgroup("studio").await;
    assert_eq!(code(look(&world).await), "no-customer");
}

#[tokio::test]
async fn r9_what_was_opened_while_staff_were_asked_is_seen() {
    let world = World::new().await;
    world.customer(7).await;
    assert!(!look(&world).await.expect("an answer").is_any());
    world.customer(8).ticket("2019-05-04").await;
    world
        .platform
        .run(
            "INSERT INTO orders (workgroup, customer_id, number, ordered_at, status, total_cents, currency) \
             SELECT workgroup, id, 'late', created_at, 'open', 100, 'EUR' FROM customers WHERE id = 7",
        )
        .await;
    let progress = anonymise(&world.tools(), &world.case(), &ANNA, false)
        .await
        .expect("a plan of one");
    assert_eq!((progress.anonymised, progress.dropped), (0, 1));
    assert_eq!(world.cell("customers", 7, "first_name").await, "Anna7".into());
}
