//! `lapsed concept`: the tenant's deletion concept as a document.

use crate::program::Installed;

#[test]
fn o6_a_tenant_gets_its_concept_in_its_language_and_in_any_other() {
    let demo = Installed::demo();
    let german = demo.lapsed("concept stadttheater");
    assert_eq!(german.code, 0, "{}", german.err);
    assert!(
        german
            .out
            .starts_with("# Löschkonzept: Stadttheater Musterstadt\n"),
        "{}",
        german.out
    );
    assert!(german.out.contains("| Protokollbuch |"), "{}", german.out);
    assert!(german.out.contains("` (in Kraft seit 20"), "{}", german.out);
    let english = demo.lapsed("concept stadttheater --in en");
    assert!(
        english
            .out
            .starts_with("# Deletion concept: Stadttheater Musterstadt\n"),
        "{}",
        english.out
    );
    let parts = demo.object("concept salon-lumiere");
    assert_eq!(parts["language"], "fr");
    assert!(parts["in_force_since"].is_string(), "{parts}");
    assert_eq!(
        parts["workgroups"][0]["if_missed"], "catch up",
        "the policy's own words"
    );
    assert_eq!(parts["workgroups"].as_array().map(Vec::len), Some(2));
    assert_eq!(parts["workgroups"][0]["anonymise_after"], "24 months");
    assert_eq!(parts["destinations"], serde_json::json!([]));
}

#[test]
fn o6_where_nothing_is_in_force_yet_the_concept_describes_the_file_and_says_so() {
    let demo = Installed::demo();
    let policy = std::fs::read(demo.path("tenants/stadttheater.toml")).expect("the policy is there");
    std::fs::write(demo.path("tenants/neues-theater.toml"), policy).expect("written");
    let german = demo.lapsed("concept neues-theater").out;
    assert!(
        german.contains("(noch nicht in Kraft: aus der Datei des Mandanten)"),
        "{german}"
    );
    assert!(demo.object("concept neues-theater")["in_force_since"].is_null());
}

#[test]
fn o6_the_operators_periods_stand_in_the_concept() {
    let demo = Installed::demo();
    let settings = std::fs::read_to_string(demo.path("lapsed.toml")).expect("the settings are there");
    std::fs::write(
        demo.path("lapsed.toml"),
        format!("{settings}\n[records]\nledger = \"7 years\"\n"),
    )
    .expect("written");
    let parts = demo.object("concept stadttheater");
    let records = parts["records"].as_array().expect("a list");
    let ledger = records
        .iter()
        .find(|record| record["record"] == "ledger")
        .expect("a record");
    assert_eq!(ledger["kept"]["for"], "7 years");
}
