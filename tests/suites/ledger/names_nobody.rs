//! The ledger says what was done, and to nobody by name.

use lapsed_jobs::apply::BatchSize;
use lapsed_model::Value;
use lapsed_tests::World;

/// Keys that no number of an entry is like by chance.
const PEOPLE: std::ops::Range<i64> = 918_273_001..918_273_021;

#[tokio::test]
async fn o4_no_entry_holds_a_key_or_any_text_that_was_erased() {
    let mut world = World::new().await;
    world.batch = BatchSize::Fixed(7);
    for id in PEOPLE {
        world
            .customer(id)
            .ticket("2019-05-04")
            .signed_in("2019-05-01")
            .consent(Some("2020-01-01"))
            .await;
    }
    let before = world.platform.picture().await;
    assert_eq!(world.sweep().await.anonymised, 20);
    let after = world.platform.picture().await;

    let ledger: String = world
        .platform
        .rows("SELECT * FROM lapsed_ledger")
        .await
        .iter()
        .flat_map(|row| row.values())
        .map(written)
        .collect();
    assert!(ledger.contains("by_rule"), "the payloads are looked through");
    for id in PEOPLE {
        assert!(
            !ledger.contains(&id.to_string()),
            "the key of customer {id} stands in the ledger"
        );
    }
    // A word that the ledger has of its own, such as the language, is none that leads to a person.
    let lost: Vec<&str> = before.lost_texts(&after).filter(|text| text.len() > 3).collect();
    assert!(
        lost.iter().any(|text| text.contains("@mail.example")),
        "there was something to lose"
    );
    for text in lost {
        let word_of_ours = [
            "paid",
            "card",
            "email",
            "granted",
            "marketing",
            "theatre",
            "house",
        ]
        .contains(&text);
        assert!(
            word_of_ours || !ledger.contains(text),
            "`{text}` stands in the ledger"
        );
    }
}

#[tokio::test]
async fn o4_a_person_has_another_pseudonym_under_another_key() {
    let world = World::new().await;
    world.customer(7).ticket("2019-05-04").await;
    world.sweep().await;
    let mut other = World::new().await;
    other.keys = lapsed_model::KeyRing::parse(&format!("first {}", "99".repeat(32))).expect("a ring");
    other.customer(7).ticket("2019-05-04").await;
    other.sweep().await;
    let by_rule = |entries: Vec<serde_json::Value>| entries[0]["by_rule"].clone();
    let (one, two) = (
        by_rule(world.entries("erased").await),
        by_rule(other.entries("erased").await),
    );
    assert!(one.is_object() && two.is_object());
    assert_ne!(one, two);
}

fn written(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Integer(number) => number.to_string(),
        Value::Real(number) => number.to_string(),
        Value::Text(text) => text.clone(),
    }
}
