//! on another platform: keys inside JSON, placeholders, rows that go, links that are cut last, and no column
//! that says who was anonymised.

use lapsed_jobs::apply::erasure;
use lapsed_jobs::explain::Answer;
use lapsed_jobs::survey::try_erasure;
use lapsed_model::{Value, Way};
use lapsed_tests::Act;

use super::salon::{gift_card, guest, salon, uid, visit};

#[tokio::test]
async fn r6_r7_r8_of_another_platform_only_what_the_dataset_says_changes() {
    let world = salon().await;
    for name in ["anna", "ben"] {
        guest(&world, name, "2019-01-01").await;
        let number = visit(&world, name, "2019-05-04T10:00:00Z").await;
        gift_card(&world, name, "2021-01-01").await;
        let uid = uid(name);
        world
            .platform
            .run(&format!(
                "UPDATE guest SET remark = 'knows {name}', profile = '{{\"address\":{{\"street\":\"Am Anger\",\"city\":\"Graz\"}},\
                 \"nickname\":\"{name}i\",\"newsletter\":true}}' WHERE uid = '{uid}';
                 INSERT INTO photo (visit_no, caption) VALUES ({number}, '{name} before'), ({number}, '{name} after');
                 INSERT INTO portal_login VALUES ('{name}', '{uid}', 1556928000, NULL), ('{name}-2', '{uid}', NULL, NULL);
                 INSERT INTO portal_device VALUES ('{name}-phone', '{name}', 'phone of {name}'), ('{name}-pad', '{name}-2', 'pad')"
            ))
            .await;
    }
    let (anna, ben) = (uid("anna"), uid("ben"));
    world
        .platform
        .run(&format!(
            "UPDATE portal_login SET seen = 1790000000 WHERE login = 'ben';
             INSERT INTO message VALUES (1, '{anna}', '{ben}', 'Anna to Ben'), (2, '{ben}', '{anna}', 'Ben to Anna'), (3, '{ben}', NULL, 'Ben to all')"
        ))
        .await;

    let before = world.platform.picture().await;
    let progress = world.sweep().await;
    assert_eq!(progress.anonymised, 1, "Anna is due, Ben signed in lately");
    let after = world.platform.picture().await;
    let changes = before.changes(&after);
    let (username, changes): (Vec<&String>, Vec<&String>) =
        changes.iter().partition(|change| change.contains(" username: "));
    let expected = [
        format!("guest {anna} full_name: anna Moser → DSGVO"),
        format!("guest {anna} mail: anna@mail.example → "),
        format!("guest {anna} mobile: +431 anna → nothing"),
        format!(
            "guest {anna} profile: {{\"address\":{{\"street\":\"Am Anger\",\"city\":\"Graz\"}},\"nickname\":\"annai\",\"newsletter\":true}} \
             → {{\"address\":{{\"city\":\"Graz\"}},\"nickname\":\"\",\"newsletter\":true}}"
        ),
        format!("guest {anna} remark: knows anna → Geändert im Zuge einer DSGVO-Anonymisierung"),
        "message 1 body: Anna to Ben → nothing".to_owned(),
        "message 2 body: Ben to Anna → nothing".to_owned(),
        "photo 1: gone".to_owned(),
        "photo 2: gone".to_owned(),
        "portal_device anna-pad: gone".to_owned(),
        "portal_device anna-phone: gone".to_owned(),
        "portal_login anna closed_at: nothing → 2026-11-22T12:00:00.000Z".to_owned(),
        format!("portal_login anna guest_uid: {anna} → nothing"),
        "portal_login anna-2 closed_at: nothing → 2026-11-22T12:00:00.000Z".to_owned(),
        format!("portal_login anna-2 guest_uid: {anna} → nothing"),
        "receipt_line 1 engraving: for anna → nothing".to_owned(),
        "visit 1000 comment: anna likes it short → nothing".to_owned(),
    ];
    // How much room a database leaves between the parts of an object is its own affair.
    let changes: Vec<String> = changes.into_iter().map(|change| tight(change)).collect();
    assert_eq!(changes, expected);
    assert_eq!(username.len(), 1);
    assert!(username[0].starts_with(&format!("guest {anna} username: anna.1970 → erased-")));
}

/// JSON without room between its parts.
fn tight(json: &str) -> String {
    json.replace("\": ", "\":").replace(", \"", ",\"")
}

#[tokio::test]
async fn r6_what_should_be_json_and_is_not_is_erased_as_a_whole() {
    let world = salon().await;
    for (name, profile) in [
        ("a", "'Anna lives in Graz'"),
        ("b", "NULL"),
        ("c", "'{\"nickname\":\"Ceci\"}'"),
    ] {
        guest(&world, name, "2019-01-01").await;
        let uid = uid(name);
        world
            .platform
            .run(&format!(
                "UPDATE guest SET profile = {profile} WHERE uid = '{uid}'"
            ))
            .await;
    }
    assert_eq!(
        world.sweep().await.anonymised,
        3,
        "one row keeps nobody behind it from being erased"
    );
    let profiles = world
        .platform
        .rows("SELECT profile FROM guest ORDER BY uid")
        .await;
    let profiles: Vec<Value> = profiles
        .iter()
        .map(|row| match &row["profile"] {
            Value::Text(text) => tight(text).into(),
            other => other.clone(),
        })
        .collect();
    assert_eq!(profiles, ["".into(), Value::Null, "{\"nickname\":\"\"}".into()]);
}

#[tokio::test]
async fn r6_a_placeholder_is_unique() {
    let world = salon().await;
    for name in ["a", "b", "c"] {
        guest(&world, name, "2019-01-01").await;
    }
    assert_eq!(world.sweep().await.anonymised, 3);
    assert_eq!(
        world.platform.count("guest WHERE username LIKE 'erased-%'").await,
        3
    );
}

#[tokio::test]
async fn r9_who_was_anonymised_is_known_without_a_column_that_says_so() {
    let world = salon().await;
    guest(&world, "anna", "2019-01-01").await;
    assert_eq!(world.sweep().await.anonymised, 1);
    assert_eq!(world.explain(uid("anna")).await.answer, Answer::Anonymised);
    assert_eq!(world.due().await, []);
    assert_eq!(world.preview().await.counts.people(), 0);
    let erased = world.platform.rows("SELECT * FROM lapsed_erased").await;
    assert_eq!(erased.len(), 1);
    assert_eq!(erased[0]["subject"], uid("anna").into());
}

#[tokio::test]
async fn the_erasure_of_another_platform_can_be_tried_without_a_trace() {
    let mut world = salon().await;
    guest(&world, "anna", "2019-01-01").await;
    visit(&world, "anna", "2019-05-04T10:00:00Z").await;
    world.refit().await;
    let before = world.platform.picture().await;
    let how = erasure(&world.case(), Way::Automatic, world.now());
    let finding = try_erasure(&world.store, &world.fitted, &how)
        .await
        .expect("an answer");
    assert_eq!(finding, None);
    assert_eq!(
        before.changes(&world.platform.picture().await),
        Vec::<String>::new()
    );
    // A trigger of the platform's speaks before the first night.
    world
        .platform
        .refuses(Act::Update, "visit", None, "visits are for ever")
        .await;
    let finding = try_erasure(&world.store, &world.fitted, &how)
        .await
        .expect("an answer");
    assert!(finding.is_some_and(|finding| finding.title.contains("visits are for ever")));
}
