//! The journal says whom, and to nobody by name.

use lapsed_tests::World;

use super::town::text;

#[tokio::test]
async fn o4_no_line_holds_a_key_a_name_or_an_address() {
    let world = World::new().await;
    for id in 918_273_001..918_273_011 {
        world
            .customer(id)
            .ticket("2019-05-04")
            .signed_in("2019-05-01")
            .await;
    }
    let before = world.platform.picture().await;
    assert_eq!(world.sweep().await.anonymised, 10);
    let after = world.platform.picture().await;
    let journal = text(&world, 0);
    assert!(journal.contains("first:") && !journal.contains("9182730"));
    let own_words = ["paid", "theatre", "house", "de"];
    for lost in before
        .lost_texts(&after)
        .filter(|text| text.len() > 3 && !own_words.contains(text))
    {
        assert!(!journal.contains(lost), "`{lost}` stands in the journal");
    }
}
