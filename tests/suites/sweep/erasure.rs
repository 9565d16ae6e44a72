//! to the letter: the whole store before and after, and only what may change has changed.

use std::collections::BTreeSet;

use lapsed_model::{Dialect, Value};
use lapsed_tests::{World, only_on};

use super::household::household;
use super::nothing_left::{hits, personal_values};

#[tokio::test]
async fn r6_every_field_is_cleared_but_postal_code_and_city() {
    let world = World::new().await;
    world.customer(7).ticket("2019-05-04").await;
    let before = world.row("customers", 7).await;
    let filled = before.values().filter(|value| **value != Value::Null).count();
    assert_eq!(filled, before.len() - 2, "everything is filled but the two marks");
    world.sweep().await;
    let after = world.row("customers", 7).await;
    let now = Value::Integer(world.now().timestamp_millis());
    for (column, value) in &after {
        let expected = match column.as_str() {
            "id" | "workgroup" | "postal_code" | "city" | "created_at" => before[column].clone(),
            "last_name" => "DSGVO".into(),
            "description" => "Geändert im Zuge einer DSGVO-Anonymisierung".into(),
            "deleted_at" | "anonymised_at" => now.clone(),
            _ => Value::Null,
        };
        assert_eq!(*value, expected, "{column}");
    }
}

#[tokio::test]
async fn r6_the_same_where_the_database_knows_instants_and_days_as_such() {
    if !only_on(Dialect::Postgres, "SQLite has no types for them") {
        return;
    }
    let mut world = World::with().dataset("reference-timestamptz").build().await;
    for id in 1..=60 {
        world.customer(id).ticket("2019-05-04").await;
    }
    world.platform.analyze().await;
    world.refit().await;
    let (picture, before) = (world.platform.picture().await, world.row("customers", 7).await);
    assert_eq!(world.sweep().await.anonymised, 60);
    let after = world.row("customers", 7).await;
    for (column, value) in &after {
        let expected = match column.as_str() {
            "id" | "workgroup" | "postal_code" | "city" | "created_at" => before[column].clone(),
            "last_name" => "DSGVO".into(),
            "description" => "Geändert im Zuge einer DSGVO-Anonymisierung".into(),
            "deleted_at" | "anonymised_at" => "2026-11-22T12:00:00.000000Z".into(),
            _ => Value::Null,
        };
        assert_eq!(*value, expected, "{column}");
    }
    let lost = personal_values(&world, &picture).await;
    assert!(lost.len() > 200, "{} values were theirs alone", lost.len());
    assert_eq!(hits(&world, &lost).await, BTreeSet::new());
}

#[tokio::test]
async fn r6_the_name_is_the_same_in_every_language_and_the_note_is_in_the_tenants() {
    let notes = [
        ("en", "Changed in the course of a GDPR anonymisation"),
        ("de", "Geändert im Zuge einer DSGVO-Anonymisierung"),
        ("fr", "Modifié dans le cadre d’une anonymisation RGPD"),
        ("it", "Modificato nell’ambito di un’anonimizzazione GDPR"),
        (
            "es",
            "Modificado en el marco de una anonimización conforme al RGPD",
        ),
        ("bg", "Променено при анонимизиране съгласно ОРЗД (GDPR)"),
    ];
    for (language, note) in notes {
        let world = World::with().language(language).build().await;
        // The customer's own language does not count.
        world
            .customer(7)
            .with("language", "fr")
            .ticket("2019-05-04")
            .await;
        world.sweep().await;
        assert_eq!(world.cell("customers", 7, "last_name").await, "DSGVO".into());
        assert_eq!(world.cell("customers", 7, "description").await, note.into());
    }
}

#[tokio::test]
async fn r6_r7_r8_of_the_whole_store_only_what_may_change_has_changed() {
    let world = World::new().await;
    household(&world).await;
    let before = world.platform.picture().await;
    let progress = world.sweep().await;
    assert_eq!(progress.anonymised, 1, "Anna is due, her neighbour is kept");
    let after = world.platform.picture().await;
    let now = world.now().timestamp_millis();
    let expected = [
        "appointments 71 note: Anna cannot have bleach → nothing".to_owned(),
        "customers 7 anonymised_at: nothing → ".to_owned() + &now.to_string(),
        "customers 7 birth_date: 1960-02-29 → nothing".to_owned(),
        "customers 7 company: Gruber7 & Co. → nothing".to_owned(),
        "customers 7 country: AT → nothing".to_owned(),
        "customers 7 deleted_at: nothing → ".to_owned() + &now.to_string(),
        "customers 7 description: Anna7 sits on the aisle → Geändert im Zuge einer DSGVO-Anonymisierung"
            .to_owned(),
        "customers 7 email: anna7@mail.example → nothing".to_owned(),
        "customers 7 first_name: Anna7 → nothing".to_owned(),
        "customers 7 language: de → nothing".to_owned(),
        "customers 7 last_name: Gruber7 → DSGVO".to_owned(),
        "customers 7 middle_name: Maria7 → nothing".to_owned(),
        "customers 7 number: K-7 → nothing".to_owned(),
        "customers 7 phone: +431555000007 → nothing".to_owned(),
        "customers 7 salutation: Frau → nothing".to_owned(),
        "customers 7 street: Lindengasse 7 → nothing".to_owned(),
        "customers 7 title: Dr. → nothing".to_owned(),
        "form_answers 71 value: Anna at the door → nothing".to_owned(),
        "form_answers 73 value: Anna on the ticket → nothing".to_owned(),
        "form_answers 75 value: Anna on the photograph → nothing".to_owned(),
        "form_answers 77 value: Anna was recommended by Eva → nothing".to_owned(),
        "lapsed_consent 71: gone".to_owned(),
        "lapsed_consent 72: gone".to_owned(),
        "lapsed_consent 73: gone".to_owned(),
        "orders 71 invoice_address: Lindengasse 7, Wien → nothing".to_owned(),
        "orders 71 invoice_name: Anna Gruber → nothing".to_owned(),
        "orders 71 note: Anna fetches them → nothing".to_owned(),
        "reservations 71 note: wheelchair for Anna → nothing".to_owned(),
        "tickets 71 holder_name: Anna Gruber → nothing".to_owned(),
        "tickets 72 holder_name: Anna's friend → nothing".to_owned(),
        "vouchers 71 recipient_name: Anna's aunt → nothing".to_owned(),
        "web_users 71 anonymised_at: nothing → ".to_owned() + &now.to_string(),
        "web_users 71 customer_id: 7 → nothing".to_owned(),
        "web_users 71 display_name: Annerl → nothing".to_owned(),
        "web_users 71 email: anna@login.example → nothing".to_owned(),
        "web_users 71 username: anna → nothing".to_owned(),
    ];
    assert_eq!(before.changes(&after), expected);
}

#[tokio::test]
async fn r7_holder_and_payer_each_lose_only_their_own() {
    let world = World::new().await;
    household(&world).await;
    // Number 82 is Ben's membership, which Anna paid for; 76 is the answer about him on it.
    world.sweep().await;
    assert_eq!(
        world.cell("form_answers", 76, "value").await,
        "Ben on the photograph".into(),
        "the payer's erasure leaves the holder's answer alone"
    );

    let world = World::new().await;
    household(&world).await;
    world
        .platform
        .run("UPDATE customers SET created_at = 0 WHERE id = 8; DELETE FROM web_users WHERE customer_id = 8")
        .await;
    // Anna is active again, and Ben is not any more.
    world
        .platform
        .run("UPDATE orders SET ordered_at = 1790000000000 WHERE customer_id = 7")
        .await;
    let before = world.platform.picture().await;
    assert_eq!(world.sweep().await.anonymised, 1);
    let changes = before.changes(&world.platform.picture().await);
    assert!(
        changes.contains(&"form_answers 76 value: Ben on the photograph → nothing".to_owned()),
        "{changes:#?}"
    );
    let row = |change: &&String| {
        change
            .split(' ')
            .nth(1)
            .is_some_and(|row| row.starts_with('8') || row == "76")
    };
    assert!(
        changes.iter().all(|change| row(&change)),
        "nothing of the payer's: {changes:#?}"
    );
}

#[tokio::test]
async fn r7_a_consent_is_deleted_with_its_whole_history() {
    let world = World::new().await;
    household(&world).await;
    assert_eq!(
        world
            .platform
            .count("lapsed_consent WHERE CAST(subject AS TEXT) = '7'")
            .await,
        3
    );
    let of_ben = world
        .platform
        .rows("SELECT * FROM lapsed_consent WHERE CAST(subject AS TEXT) = '8'")
        .await;
    assert_eq!(of_ben.len(), 1);
    world.sweep().await;
    assert_eq!(world.platform.rows("SELECT * FROM lapsed_consent").await, of_ben);
}
